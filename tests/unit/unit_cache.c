#include "unit.h"

Suite *suite_cobj(void);
Suite *suite_control(void);
Suite *suite_evict(void);
Suite *suite_freshness(void);
Suite *suite_index(void);
Suite *suite_store(void);

UNIT_MAIN(suite_cobj, suite_control, suite_evict, suite_freshness, suite_index, suite_store)
