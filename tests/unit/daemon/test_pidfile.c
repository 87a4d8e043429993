/*
 * The pid file: only its lock tells who runs.
 */
#include "daemon/pidfile.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon/folder.h"
#include "tests/unit/unit.h"

Suite *suite_pidfile(void);

/* A process that holds the file until it is told to go; *go is closed or the process is killed. */
static pid_t holder_start(const char *path, bool writes, int *go)
{
	int ready[2], hold[2];
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(hold), 0);
	const pid_t pid = fork();

	if (pid == 0) {
		struct pidfile f;
		pid_t holder;

		close(hold[1]);
		if (pidfile_lock(&f, path, &holder) != ERR_NONE ||
		    (writes && pidfile_write(&f) != ERR_NONE))
			_exit(1);
		(void)!write(ready[1], "r", 1);
		(void)!read(hold[0], &c, 1);
		pidfile_remove(&f);
		_exit(0);
	}
	close(ready[1]);
	close(hold[0]);
	ck_assert_int_eq((int)read(ready[0], &c, 1), 1);
	close(ready[0]);
	*go = hold[1];
	return pid;
}

static void holder_end(pid_t pid, int go)
{
	close(go);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_running_holder_is_found_and_keeps_others_out)
{
	const char *path = folder_path("a.pid");
	struct pidfile f;
	pid_t pid = 0, holder = 0;
	int go;
	const pid_t child = holder_start(path, true, &go);

	ck_assert_int_eq(pidfile_read(path, &pid), ERR_NONE);
	ck_assert_int_eq(pid, child);
	ck_assert_int_eq(pidfile_lock(&f, path, &holder), ERR_DUPLICATE);
	ck_assert_int_eq(holder, child);
	holder_end(child, go);
	/* It removed its file. */
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(pidfile_read(path, &pid), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_holder_that_was_killed_leaves_a_file_that_fools_nobody)
{
	const char *path = folder_path("a.pid");
	struct pidfile f;
	pid_t pid = 0, holder = 0;
	int go;
	const pid_t child = holder_start(path, true, &go);

	ck_assert_int_eq(kill(child, SIGKILL), 0);
	holder_end(child, go);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(pidfile_read(path, &pid), ERR_NOT_FOUND);
	ck_assert_int_eq(pidfile_lock(&f, path, &holder), ERR_NONE);
	pidfile_remove(&f);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(asking_never_keeps_a_start_out)
{
	const char *path = folder_path("a.pid");
	struct pidfile f;
	pid_t pid = 0, holder = 0;
	int go;
	const pid_t child = holder_start(path, false, &go);

	/* Held but not written yet: it is starting. */
	ck_assert_int_eq(pidfile_read(path, &pid), ERR_SYNTAX);
	holder_end(child, go);
	folder_write("a.pid", "");
	ck_assert_int_eq(pidfile_read(path, &pid), ERR_NOT_FOUND);
	ck_assert_int_eq(pidfile_lock(&f, path, &holder), ERR_NONE);
	pidfile_remove(&f);
}
END_TEST

static const struct {
	const char *name, *text;
} stale[] = {
	{ "our own number", "%" },
	{ "process 1, which always exists in a container", "1\n" },
	{ "not a number", "squid\n" },
	{ "a negative number", "-1\n" },
	{ "all processes", "0\n" },
	{ "an overflow", "99999999999999999999\n" },
	{ "two lines", "12\n34\n" },
	{ "much", "1111111111111111111111111111111111111111111111111111111111111111" },
	{ "nothing", "" },
};

START_TEST(what_is_left_in_the_file_does_not_matter)
{
	char own[32];
	struct pidfile f;
	pid_t pid = 0, holder = 0;

	snprintf(own, sizeof(own), "%d\n", (int)getpid());
	const char *text = stale[_i].text[0] == '%' ? own : stale[_i].text;
	const char *path = folder_write("a.pid", text);

	ck_assert_int_eq(pidfile_read(path, &pid), ERR_NOT_FOUND);
	ck_assert_int_eq(pidfile_lock(&f, path, &holder), ERR_NONE);
	ck_assert_str_eq(folder_read("a.pid"), "");
	ck_assert_int_eq(pidfile_write(&f), ERR_NONE);
	ck_assert_str_eq(folder_read("a.pid"), own);
	pidfile_remove(&f);
}
END_TEST

START_TEST(a_child_keeps_the_lock_and_forgetting_does_not_drop_it)
{
	const char *path = folder_path("a.pid");
	struct pidfile f, other;
	pid_t holder = 0;
	int status;

	ck_assert_int_eq(pidfile_lock(&f, path, &holder), ERR_NONE);
	const pid_t child = fork();

	if (child == 0) {
		pidfile_forget(&f);
		_exit(pidfile_lock(&other, path, &holder) == ERR_DUPLICATE ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(pidfile_lock(&other, path, &holder), ERR_DUPLICATE);
	pidfile_remove(&f);
}
END_TEST

START_TEST(a_file_that_was_replaced_is_not_removed)
{
	const char *path = folder_path("a.pid");
	struct pidfile f;
	pid_t holder = 0;

	ck_assert_int_eq(pidfile_lock(&f, path, &holder), ERR_NONE);
	ck_assert_int_eq(unlink(path), 0);
	folder_write("a.pid", "somebody else's\n");
	pidfile_remove(&f);
	ck_assert_str_eq(folder_read("a.pid"), "somebody else's\n");
}
END_TEST

START_TEST(none_is_fine_and_a_missing_folder_is_not)
{
	struct pidfile f;
	pid_t holder = 0;

	ck_assert_int_eq(pidfile_lock(&f, NULL, &holder), ERR_NONE);
	ck_assert_int_eq(pidfile_write(&f), ERR_NONE);
	pidfile_remove(&f);
	ck_assert_int_eq(pidfile_lock(&f, folder_path("no/a.pid"), &holder), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	const char *target = folder_write("target", "precious\n");
	struct pidfile f;
	pid_t holder = 0;

	ck_assert_int_eq(symlink(target, folder_path("a.pid")), 0);
	ck_assert_int_ne(pidfile_lock(&f, folder_path("a.pid"), &holder), ERR_NONE);
	ck_assert_str_eq(folder_read("target"), "precious\n");
}
END_TEST

Suite *suite_pidfile(void)
{
	Suite *s = suite_create("daemon/pidfile");
	TCase *t = tcase_create("lock");

	tcase_add_checked_fixture(t, folder_make, folder_remove);
	tcase_add_test(t, a_running_holder_is_found_and_keeps_others_out);
	tcase_add_test(t, a_holder_that_was_killed_leaves_a_file_that_fools_nobody);
	tcase_add_test(t, asking_never_keeps_a_start_out);
	tcase_add_loop_test(t, what_is_left_in_the_file_does_not_matter, 0, (int)ARRAY_LEN(stale));
	tcase_add_test(t, a_child_keeps_the_lock_and_forgetting_does_not_drop_it);
	tcase_add_test(t, a_file_that_was_replaced_is_not_removed);
	tcase_add_test(t, none_is_fine_and_a_missing_folder_is_not);
	tcase_add_test(t, a_link_is_not_followed);
	suite_add_tcase(s, t);
	return s;
}
