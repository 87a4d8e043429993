#include "unit.h"

Suite *suite_body(void);
Suite *suite_chars(void);
Suite *suite_chunked(void);
Suite *suite_condition(void);
Suite *suite_date(void);
Suite *suite_etag(void);
Suite *suite_field(void);
Suite *suite_head(void);
Suite *suite_hop(void);
Suite *suite_list(void);
Suite *suite_parse_reply(void);
Suite *suite_parse_request(void);
Suite *suite_range(void);
Suite *suite_serialise(void);
Suite *suite_target(void);
Suite *suite_uri(void);

UNIT_MAIN(suite_parse_request, suite_parse_reply, suite_body, suite_chars, suite_chunked, suite_uri,
          suite_target, suite_head, suite_field, suite_list, suite_hop, suite_serialise, suite_date,
          suite_etag, suite_range, suite_condition)
