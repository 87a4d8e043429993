#include "unit.h"

Suite *suite_cache_conf(void);
Suite *suite_cobj(void);
Suite *suite_control(void);
Suite *suite_evict(void);
Suite *suite_freshness(void);
Suite *suite_index(void);
Suite *suite_invalidate(void);
Suite *suite_merge(void);
Suite *suite_status_field(void);
Suite *suite_storable(void);
Suite *suite_store(void);
Suite *suite_store_disk(void);
Suite *suite_store_threads(void);
Suite *suite_vary(void);

UNIT_MAIN(suite_cache_conf, suite_cobj, suite_control, suite_evict, suite_freshness, suite_index,
          suite_invalidate, suite_merge, suite_status_field, suite_storable, suite_store,
          suite_store_disk, suite_store_threads, suite_vary)
