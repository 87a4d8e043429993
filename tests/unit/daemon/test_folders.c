/*
 * Folders of defaults: made with what is above them, and never in the way of what is there.
 */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/folders.h"

START_TEST(all_that_is_missing_is_made)
{
	char top[] = "/tmp/cuttle-folders-XXXXXX", path[64];
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/a/b/c", top);
	folders_make(path, (uid_t)-1, (gid_t)-1);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	folders_make(path, (uid_t)-1, (gid_t)-1); /* again: nothing happens */
	static const char *const made[] = { "/a/b/c", "/a/b", "/a" };

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		snprintf(path, sizeof(path), "%s%s", top, made[i]);
		ck_assert_int_eq(rmdir(path), 0);
	}
	ck_assert_int_eq(rmdir(top), 0);
}
END_TEST

START_TEST(what_cannot_be_made_is_left)
{
	folders_make("/proc/cuttle/logs", (uid_t)-1, (gid_t)-1);
	ck_assert_int_ne(access("/proc/cuttle", F_OK), 0);
}
END_TEST

Suite *suite_folders(void);
Suite *suite_folders(void)
{
	Suite *s = suite_create("folders");
	TCase *t = tcase_create("folders");

	tcase_add_test(t, all_that_is_missing_is_made);
	tcase_add_test(t, what_cannot_be_made_is_left);
	suite_add_tcase(s, t);
	return s;
}
