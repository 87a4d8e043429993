/*
 * What a thread inherits: no signal of the process, but those of its own faults.
 */
#include "tests/unit/unit.h"

#include "base/thread.h"

#include <signal.h>
#include <unistd.h>

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

static void on_overflow(int number)
{
	_exit(number); /* got here: on a stack that has room */
}

static __attribute__((noinline)) int deeper(volatile char *above)
{
	volatile char room[4096];

	room[0] = above[0];
	return room[0] == 'x' ? deeper(room) + above[1] : 0;
}

static void *overflow(void *arg UNUSED)
{
	volatile char x[] = "xx";

	return deeper(x) != 0 ? NULL : arg;
}

START_TEST(a_handler_runs_where_the_stack_has_overflowed)
{
	struct sigaction action = { .sa_handler = on_overflow, .sa_flags = SA_ONSTACK };
	pthread_t t;

	ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
	ck_assert_int_eq(thread_start(&t, "test", overflow, NULL), ERR_NONE);
	pthread_join(t, NULL);
}
END_TEST

Suite *suite_thread(void);
Suite *suite_thread(void)
{
	Suite *suite = suite_create("thread");
	TCase *t = tcase_create("thread");

	tcase_add_test(t, a_thread_takes_only_what_a_fault_raises);
	tcase_add_exit_test(t, a_handler_runs_where_the_stack_has_overflowed, SIGSEGV);
	suite_add_tcase(suite, t);
	return suite;
}
