#include "unit.h"

Suite *suite_command_cache(void);
Suite *suite_equal(void);
Suite *suite_replay(void);

UNIT_MAIN(suite_command_cache, suite_equal, suite_replay)
