#include "tests/unit/unit.h"

Suite *suite_dial(void);
Suite *suite_heads(void);
Suite *suite_interim(void);
Suite *suite_limits(void);
Suite *suite_requests(void);
Suite *suite_shutdown(void);
Suite *suite_upstreams(void);
Suite *suite_world(void);

UNIT_MAIN(suite_world, suite_dial, suite_heads, suite_interim, suite_limits, suite_requests, suite_shutdown,
	  suite_upstreams)
