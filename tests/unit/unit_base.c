#include "unit.h"

Suite *suite_budget(void);
Suite *suite_cgroup(void);
Suite *suite_hash(void);
Suite *suite_lock(void);
Suite *suite_oplog(void);
Suite *suite_span(void);
Suite *suite_thread(void);

UNIT_MAIN(suite_span, suite_budget, suite_cgroup, suite_hash, suite_lock, suite_oplog, suite_thread)
