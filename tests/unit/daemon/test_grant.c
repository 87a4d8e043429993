/*
 * What root opens for a proxy: nothing that the proxy could have prepared.
 */
#include "daemon/grant.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/daemon/folder.h"
#include "tests/unit/unit.h"

Suite *suite_grant(void);

static const struct {
	const char *from, *to;
	bool want;
} generations[] = {
	{ "/l/access.log", "/l/access.log.0", true },
	{ "/l/access.log", "/l/access.log.9999", true },
	{ "/l/access.log", "/l/access.log", false },
	{ "/l/access.log", "/l/access.log.", false },
	{ "/l/access.log", "/l/access.log.1x", false },
	{ "/l/access.log", "/l/access.log.-1", false },
	{ "/l/access.log", "/l/access.log./x", false },
	{ "/l/access.log", "/l/access.log0", false },
	{ "/l/access.log", "/etc/shadow", false },
	{ "/l/access.log", "/l/access.log.12345", false },
	{ "/l/access.log", "/l/access.log.0/../x", false },
};

START_TEST(a_generation_is_a_number_after_the_name)
{
	ck_assert(grant_is_generation(generations[_i].from, generations[_i].to) ==
	          generations[_i].want);
}
END_TEST

/* Somebody who owns nothing here. */
static const struct identity stranger = {
	.uid = 54321, .gid = 54321, .groups = { 54321, 65000 }, .n_groups = 2
};

/* What the folder that holds the file looks like to him, and whether he can be trusted with what
 * lies in it. */
static const struct {
	const char *name;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool want;
} folders[] = {
	{ "root's, closed", 0700, 0, 0, true },
	{ "root's, readable", 0755, 0, 0, true },
	{ "writable by a group that is not his", 0770, 0, 4, true },
	{ "writable by a group of his", 0770, 0, 65000, false },
	{ "writable by all", 0777, 0, 0, false },
	{ "writable by all, sticky", 01777, 0, 0, true },
	{ "his own, even if closed to himself", 0500, 54321, 0, false },
	{ "his own, sticky", 01777, 54321, 0, false },
};

START_TEST(what_he_could_have_put_there_is_not_beyond_him)
{
	const char *dir = folder_path("dir");
	char resolved[PATH_MAX];

	if (geteuid() != 0)
		return; /* only root can give folders away */
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	folder_write("dir/file", "x");
	ck_assert_int_eq(chown(dir, folders[_i].uid, folders[_i].gid), 0);
	ck_assert_int_eq(chmod(dir, folders[_i].mode), 0);
	ck_assert_msg(grant_is_beyond(folder_path("dir/file"), &stranger, resolved) ==
	                      folders[_i].want,
	              "%s", folders[_i].name);
}
END_TEST

START_TEST(a_missing_file_is_beyond_him_only_where_he_cannot_add)
{
	char resolved[PATH_MAX];

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir(folder_path("sticky"), 0700), 0);
	ck_assert_int_eq(chmod(folder_path("sticky"), 01777), 0);
	ck_assert(grant_is_beyond(folder_path("new"), &stranger, resolved));
	ck_assert(!grant_is_beyond(folder_path("sticky/new"), &stranger, resolved));
	ck_assert(!grant_is_beyond(folder_path("no/new"), &stranger, resolved));
}
END_TEST

START_TEST(a_link_he_laid_is_followed_as_him_only)
{
	enum err err = ERR_NONE;
	const char *secret = folder_write("secret", "s");

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(secret, 0600), 0);
	ck_assert_int_eq(mkdir(folder_path("his"), 0755), 0);
	ck_assert_int_eq(symlink(secret, folder_path("his/log")), 0);
	ck_assert_int_eq(chown(folder_path("his"), stranger.uid, stranger.gid), 0);
	/* The resolved name is root's alone, so reading is what root may grant: the configuration
	 * names it. */
	const int fd = grant_open(secret, SCAN_READ, &stranger, &err);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(grant_open(folder_path("his/log"), SCAN_APPEND, &stranger, &err), -1);
	ck_assert_int_eq(err, ERR_PERMISSION);
	ck_assert_int_eq(grant_open(folder_path("his/log"), SCAN_READ, &stranger, &err), -1);
	ck_assert_int_eq((int)geteuid(), 0);
}
END_TEST

START_TEST(roots_own_links_are_followed)
{
	char resolved[PATH_MAX];

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir(folder_path("real"), 0755), 0);
	folder_write("real/file", "x");
	ck_assert_int_eq(symlink("real", folder_path("relative")), 0);
	ck_assert_int_eq(symlink(folder_path("relative"), folder_path("absolute")), 0);
	ck_assert_int_eq(symlink("loop", folder_path("loop")), 0);
	ck_assert(grant_is_beyond(folder_path("absolute/../real//./file"), &stranger, resolved));
	ck_assert_str_eq(resolved, folder_path("real/file"));
	ck_assert(grant_is_beyond(folder_path("relative/file"), &stranger, resolved));
	ck_assert_str_eq(resolved, folder_path("real/file"));
	ck_assert(!grant_is_beyond(folder_path("loop"), &stranger, resolved));
	ck_assert(!grant_is_beyond(folder_path("loop/file"), &stranger, resolved));
}
END_TEST

START_TEST(a_log_in_roots_folder_becomes_his)
{
	enum err err = ERR_NONE;
	struct stat st;

	if (geteuid() != 0)
		return;
	const int fd = grant_open(folder_path("log"), SCAN_APPEND, &stranger, &err);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq((int)st.st_uid, (int)stranger.uid);
	ck_assert_int_eq(grant_rename(folder_path("log"), folder_path("log.0"), &stranger),
	                 ERR_NONE);
	ck_assert_int_eq(access(folder_path("log.0"), F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(without_root_it_just_opens)
{
	enum err err = ERR_NONE;
	const int fd = grant_open(folder_path("log"), SCAN_APPEND, NULL, &err);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
	close(fd);
	ck_assert_int_eq(grant_open(folder_path("no"), SCAN_READ, NULL, &err), -1);
	ck_assert_int_eq(err, ERR_NOT_FOUND);
	ck_assert_int_eq(grant_rename(folder_path("log"), folder_path("log.0"), NULL), ERR_NONE);
}
END_TEST

Suite *suite_grant(void)
{
	Suite *s = suite_create("daemon/grant");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, folder_make, folder_remove);
	tcase_add_loop_test(t, a_generation_is_a_number_after_the_name, 0,
	                    (int)ARRAY_LEN(generations));
	tcase_add_loop_test(t, what_he_could_have_put_there_is_not_beyond_him, 0,
	                    (int)ARRAY_LEN(folders));
	tcase_add_test(t, a_missing_file_is_beyond_him_only_where_he_cannot_add);
	tcase_add_test(t, a_link_he_laid_is_followed_as_him_only);
	tcase_add_test(t, roots_own_links_are_followed);
	tcase_add_test(t, a_log_in_roots_folder_becomes_his);
	tcase_add_test(t, without_root_it_just_opens);
	suite_add_tcase(s, t);
	return s;
}
