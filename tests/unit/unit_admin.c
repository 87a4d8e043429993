#include "unit.h"

Suite *suite_equal(void);
Suite *suite_replay(void);

UNIT_MAIN(suite_equal, suite_replay)
