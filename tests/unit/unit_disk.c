#include "unit.h"

Suite *suite_disk(void);
Suite *suite_disk_faults(void);
Suite *suite_disk_look(void);
Suite *suite_journal(void);
Suite *suite_record(void);
Suite *suite_segment(void);

UNIT_MAIN(suite_record, suite_segment, suite_journal, suite_disk, suite_disk_faults,
          suite_disk_look)
