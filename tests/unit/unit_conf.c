#include "unit.h"

Suite *suite_condition(void);
Suite *suite_dump(void);
Suite *suite_include(void);
Suite *suite_language(void);
Suite *suite_line(void);
Suite *suite_mask(void);
Suite *suite_number(void);
Suite *suite_reader(void);
Suite *suite_setter(void);
Suite *suite_squid(void);
Suite *suite_suggest(void);
Suite *suite_value(void);
Suite *suite_word(void);

UNIT_MAIN(suite_line, suite_condition, suite_include, suite_word, suite_value, suite_number,
          suite_language, suite_setter, suite_reader, suite_mask, suite_dump, suite_suggest,
          suite_squid)
