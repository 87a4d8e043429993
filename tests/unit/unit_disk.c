#include "unit.h"

Suite *suite_disk(void);
Suite *suite_disk_faults(void);

UNIT_MAIN(suite_disk, suite_disk_faults)
