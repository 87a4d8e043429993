#include "unit.h"

Suite *suite_options(void);
Suite *suite_pidfile(void);
Suite *suite_keeper_msg(void);
Suite *suite_folders(void);
Suite *suite_grant(void);
Suite *suite_conf_scan(void);
Suite *suite_keeper(void);
Suite *suite_limits(void);
Suite *suite_process_conf(void);

UNIT_MAIN(suite_options, suite_pidfile, suite_keeper_msg, suite_folders, suite_grant,
          suite_conf_scan, suite_keeper, suite_limits, suite_process_conf)
