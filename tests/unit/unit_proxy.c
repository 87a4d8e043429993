#include "unit.h"

Suite *suite_body(void);
Suite *suite_client_db(void);
Suite *suite_directives(void);
Suite *suite_head_reader(void);
Suite *suite_snapshot(void);

UNIT_MAIN(suite_body, suite_client_db, suite_directives, suite_head_reader, suite_snapshot)
