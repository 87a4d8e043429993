#include "unit.h"

Suite *suite_access_log(void);
Suite *suite_facts(void);
Suite *suite_format(void);
Suite *suite_log_conf(void);
Suite *suite_native(void);
Suite *suite_ring(void);
Suite *suite_sink(void);

UNIT_MAIN(suite_native, suite_ring, suite_sink, suite_access_log, suite_log_conf, suite_facts,
          suite_format)
