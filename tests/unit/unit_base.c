#include "unit.h"

Suite *suite_span(void);

UNIT_MAIN(suite_span)
