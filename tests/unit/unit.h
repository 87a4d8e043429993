/*
 * What every unit test program needs: run the listed suites, say so in libcheck's words.
 *
 * A file test_<subject>.c exports one function `Suite *suite_<subject>(void)`; the folder's
 * unit_<folder>.c lists them in a UNIT_MAIN.
 */
#pragma once

#include <check.h>
#include <stdlib.h>

#include "base/base.h"

#define UNIT_MAIN(...)                                                                             \
	int main(void)                                                                             \
	{                                                                                          \
		Suite *(*const suites[])(void) = { __VA_ARGS__ };                                  \
		SRunner *runner = srunner_create(suites[0]());                                     \
                                                                                                   \
		for (size_t i = 1; i < ARRAY_LEN(suites); i++)                                     \
			srunner_add_suite(runner, suites[i]());                                    \
		srunner_run_all(runner, CK_ENV);                                                   \
		const int failed = srunner_ntests_failed(runner);                                  \
                                                                                                   \
		srunner_free(runner);                                                              \
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                  \
	}

/* ck_assert for spans, printing both. */
#define ck_assert_span(got, want)                                                                  \
	do {                                                                                       \
		const struct span got_ = (got), want_ = (want);                                    \
		ck_assert_msg(span_eq(got_, want_), "got \"%.*s\", want \"%.*s\"", SPAN_ARG(got_), \
		              SPAN_ARG(want_));                                                    \
	} while (0)
