#include "unit.h"

Suite *suite_arena(void);
Suite *suite_base64(void);
Suite *suite_budget(void);
Suite *suite_counters(void);
Suite *suite_cgroup(void);
Suite *suite_hash(void);
Suite *suite_lock(void);
Suite *suite_oplog(void);
Suite *suite_span(void);
Suite *suite_thread(void);

UNIT_MAIN(suite_arena, suite_base64, suite_span, suite_budget, suite_cgroup, suite_hash,
          suite_counters, suite_lock, suite_oplog, suite_thread)
