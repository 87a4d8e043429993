#include "unit.h"

Suite *suite_jobs(void);
Suite *suite_poller(void);
Suite *suite_posts(void);

UNIT_MAIN(suite_poller, suite_posts, suite_jobs)
