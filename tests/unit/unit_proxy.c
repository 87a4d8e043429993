#include "unit.h"

Suite *suite_directives(void);
Suite *suite_errorpage(void);

UNIT_MAIN(suite_directives, suite_errorpage)
