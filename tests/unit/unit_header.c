#include "unit.h"

Suite *suite_forward(void);
Suite *suite_rules(void);
Suite *suite_upgrade(void);
Suite *suite_xff(void);

UNIT_MAIN(suite_forward, suite_rules, suite_upgrade, suite_xff)
