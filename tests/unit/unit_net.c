#include "unit.h"

Suite *suite_dial(void);
Suite *suite_dns(void);
Suite *suite_dns_files(void);
Suite *suite_dns_names(void);
Suite *suite_floor(void);
Suite *suite_listener(void);
Suite *suite_net_conf(void);
Suite *suite_pump(void);
Suite *suite_stream(void);
Suite *suite_upstream_pool(void);

UNIT_MAIN(suite_stream, suite_pump, suite_upstream_pool, suite_listener, suite_floor,
          suite_dns_files, suite_dns, suite_dns_names, suite_dial, suite_net_conf)
