#include "unit.h"

Suite *suite_disk(void);

UNIT_MAIN(suite_disk)
