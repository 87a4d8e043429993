#include "unit.h"

Suite *suite_naming(void);
Suite *suite_conf(void);
Suite *suite_decide(void);
Suite *suite_files(void);
Suite *suite_hosts(void);
Suite *suite_regex(void);
Suite *suite_regex_same(void);
Suite *suite_rules(void);
Suite *suite_sets(void);
Suite *suite_types(void);

UNIT_MAIN(suite_naming, suite_conf, suite_decide, suite_files, suite_hosts, suite_regex,
          suite_regex_same, suite_rules, suite_sets, suite_types)
