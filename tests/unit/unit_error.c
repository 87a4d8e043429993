#include "unit.h"

Suite *suite_deny_info(void);
Suite *suite_errorpage(void);

UNIT_MAIN(suite_errorpage, suite_deny_info)
