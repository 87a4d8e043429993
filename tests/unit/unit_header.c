#include "unit.h"

Suite *suite_forward(void);
Suite *suite_xff(void);

UNIT_MAIN(suite_forward, suite_xff)
