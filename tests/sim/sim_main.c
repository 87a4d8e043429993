#include "tests/unit/unit.h"

Suite *suite_world(void);

UNIT_MAIN(suite_world)
