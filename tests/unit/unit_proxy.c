#include "unit.h"

Suite *suite_body(void);
Suite *suite_directives(void);
Suite *suite_errorpage(void);
Suite *suite_forward(void);

UNIT_MAIN(suite_body, suite_directives, suite_errorpage, suite_forward)
