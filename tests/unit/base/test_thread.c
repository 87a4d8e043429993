/*
 * What a thread inherits: no signal of the process, but those of its own faults.
 */
#include "tests/unit/unit.h"

#include "base/thread.h"

#include <signal.h>

static void *read_mask(void *arg)
{
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, arg) == 0);
	return arg;
}

START_TEST(a_thread_takes_only_what_a_fault_raises)
{
	static const struct {
		int number;
		int is_blocked;
	} cases[] = { { SIGTERM, 1 }, { SIGHUP, 1 },  { SIGCHLD, 1 }, { SIGUSR1, 1 },
		      { SIGSEGV, 0 }, { SIGABRT, 0 }, { SIGBUS, 0 } };
	sigset_t its, before, after;
	pthread_t t;

	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &before), 0);
	ck_assert_int_eq(thread_start(&t, "test", read_mask, &its), ERR_NONE);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_int_eq(sigismember(&its, cases[i].number), cases[i].is_blocked);
	/* The starter's own mask is what it was. */
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
	ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}
END_TEST

Suite *suite_thread(void);
Suite *suite_thread(void)
{
	Suite *suite = suite_create("thread");
	TCase *t = tcase_create("thread");

	tcase_add_test(t, a_thread_takes_only_what_a_fault_raises);
	suite_add_tcase(suite, t);
	return suite;
}
