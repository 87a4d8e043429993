#include "unit.h"

Suite *suite_directives(void);

UNIT_MAIN(suite_directives)
