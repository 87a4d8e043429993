#include "unit.h"

Suite *suite_evict(void);
Suite *suite_index(void);

UNIT_MAIN(suite_evict, suite_index)
