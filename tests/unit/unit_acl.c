#include "unit.h"

Suite *suite_regex(void);

UNIT_MAIN(suite_regex)
