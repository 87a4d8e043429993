/*
 * Runs the suites and tells which edges of the step tables none of them travelled.
 * SIM_DOT=FILE: draw the tables into that file as well (dot -Tsvg FILE).
 */
#include "tests/sim/sim_edges.h"
#include "tests/unit/unit.h"

#include <stdio.h>

Suite *suite_abandoned(void);
Suite *suite_cache(void);
Suite *suite_cuts(void);
Suite *suite_dial(void);
Suite *suite_disk(void);
Suite *suite_heads(void);
Suite *suite_interim(void);
Suite *suite_limits(void);
Suite *suite_peers(void);
Suite *suite_policy(void);
Suite *suite_requests(void);
Suite *suite_scarcity(void);
Suite *suite_shutdown(void);
Suite *suite_steps(void);
Suite *suite_storm(void);
Suite *suite_upstreams(void);
Suite *suite_validation(void);
Suite *suite_world(void);

int main(void)
{
	Suite *(*const suites[])(void) = {
		suite_world,     suite_dial,       suite_requests,  suite_cuts,     suite_cache,
		suite_heads,     suite_interim,    suite_limits,    suite_scarcity, suite_shutdown,
		suite_steps,     suite_storm,      suite_upstreams, suite_policy,   suite_peers,
		suite_abandoned, suite_validation, suite_disk,
	};
	const char *dot = getenv("SIM_DOT");
	SRunner *runner = srunner_create(suites[0]());

	sim_edges_begin();
	for (size_t i = 1; i < ARRAY_LEN(suites); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_SILENT);
	const int failed = srunner_ntests_failed(runner);

	if (getenv("CK_RUN_SUITE") == NULL && getenv("CK_RUN_CASE") == NULL)
		sim_edges_report();
	fflush(stdout);
	srunner_print(runner, CK_ENV); /* the last line is the summary */
	srunner_free(runner);
	if (dot != NULL && !sim_edges_draw(dot))
		perror(dot);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
