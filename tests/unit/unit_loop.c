#include "unit.h"

Suite *suite_loop(void);
Suite *suite_timers(void);

UNIT_MAIN(suite_loop, suite_timers)
