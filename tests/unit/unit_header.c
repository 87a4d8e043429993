#include "unit.h"

Suite *suite_forward(void);

UNIT_MAIN(suite_forward)
