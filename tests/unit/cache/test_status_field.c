/*
 * Members of Cache-Status (RFC 9211).
 */
#include "tests/unit/cache/rules.h"

#include "cache/status_field.h"

static const struct {
	const char *name;
	struct status_field field;
	const char *text;
} cases[] = {
	{ "9211 4: a hit", { .cache = SPAN("proxy.example"), .hit = true }, "proxy.example;hit" },
	{ "9211 4: a hit with its time to live",
	  { .cache = SPAN("proxy.example"), .hit = true, .has_ttl = true, .ttl_s = 376 },
	  "proxy.example;hit;ttl=376" },
	{ "9211 2.4: stale",
	  { .cache = SPAN("proxy.example"), .hit = true, .has_ttl = true, .ttl_s = -412 },
	  "proxy.example;hit;ttl=-412" },
	{ "9211 4: a miss", { .cache = SPAN("p"), .fwd = STATUS_FWD_URI_MISS }, "p;fwd=uri-miss" },
	{ "9211 4: a miss that is stored",
	  { .cache = SPAN("p"), .fwd = STATUS_FWD_URI_MISS, .stored = true },
	  "p;fwd=uri-miss;stored" },
	{ "9211 4: a miss that joined another",
	  { .cache = SPAN("p"), .fwd = STATUS_FWD_URI_MISS, .collapsed = true },
	  "p;fwd=uri-miss;collapsed" },
	{ "9211 4: validated",
	  { .cache = SPAN("p"), .fwd = STATUS_FWD_STALE, .fwd_status = 304 },
	  "p;fwd=stale;fwd-status=304" },
	{ "9211 2.2: bypass", { .cache = SPAN("p"), .fwd = STATUS_FWD_BYPASS }, "p;fwd=bypass" },
	{ "9211 2.2: method", { .cache = SPAN("p"), .fwd = STATUS_FWD_METHOD }, "p;fwd=method" },
	{ "9211 2.2: vary-miss",
	  { .cache = SPAN("p"), .fwd = STATUS_FWD_VARY_MISS },
	  "p;fwd=vary-miss" },
	{ "9211 2.2: miss", { .cache = SPAN("p"), .fwd = STATUS_FWD_MISS }, "p;fwd=miss" },
	{ "9211 2.2: request", { .cache = SPAN("p"), .fwd = STATUS_FWD_REQUEST }, "p;fwd=request" },
	{ "9211 2.2: partial", { .cache = SPAN("p"), .fwd = STATUS_FWD_PARTIAL }, "p;fwd=partial" },
	{ "9211 2.8: detail as a token",
	  { .cache = SPAN("p"), .hit = true, .detail = SPAN("MEMORY") },
	  "p;hit;detail=MEMORY" },
	{ "9211 2.8: detail as a string",
	  { .cache = SPAN("p"), .hit = true, .detail = SPAN("a \"b\\c\" \x01") },
	  "p;hit;detail=\"a \\\"b\\\\c\\\" ?\"" },
	{ "8941 3.3.4: a name that begins with a digit is a string",
	  { .cache = SPAN("10.0.0.1"), .hit = true },
	  "\"10.0.0.1\";hit" },
	{ "8941 3.3.3: no name is an empty string",
	  { .cache = SPAN(""), .hit = true },
	  "\"\";hit" },
	{ "8941 3.3.1: no more than 15 digits",
	  { .cache = SPAN("p"), .hit = true, .has_ttl = true, .ttl_s = INT64_MIN },
	  "p;hit;ttl=-999999999999999" },
	{ "what a hit was not forwarded for is left out",
	  { .cache = SPAN("p"), .hit = true, .fwd_status = 304, .stored = true },
	  "p;hit" },
};

START_TEST(members_are_printed)
{
	struct arena a;

	arena_init(&a);
	ck_assert_msg(span_eq(status_field_text(&cases[_i].field, &a), span_str(cases[_i].text)),
	              "%s: %.*s", cases[_i].name,
	              SPAN_ARG(status_field_text(&cases[_i].field, &a)));
	arena_fini(&a);
}
END_TEST

Suite *suite_status_field(void);
Suite *suite_status_field(void)
{
	Suite *s = suite_create("status_field");
	TCase *t = tcase_create("status_field");

	tcase_add_loop_test(t, members_are_printed, 0, ARRAY_LEN(cases));
	suite_add_tcase(s, t);
	return s;
}
