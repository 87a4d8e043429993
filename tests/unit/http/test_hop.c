/*
 * Hop-by-hop fields: what is taken out, and what a Connection field cannot take out.
 */
#include "http/head.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name;
	const char *fields[8]; /* name, value, name, value, ... */
	const char *left;      /* names, each with a semicolon */
} cases[] = {
	{ "9110 7.6.1: the known ones",
	  { "Keep-Alive", "5", "Proxy-Connection", "x", "TE", "trailers", "A", "b" },
	  "A;" },
	{ "9110 7.6.1: the framing ones",
	  { "Transfer-Encoding", "chunked", "Trailer", "X", "Content-Length", "5", "Upgrade", "w" },
	  "Content-Length;" },
	{ "9110 7.6.1: nominated ones, in any case",
	  { "Connection", "close, x-one ,X-TWO", "X-One", "1", "x-two", "2", "X-Three", "3" },
	  "X-Three;" },
	{ "9110 7.6.1: nominated by a second field",
	  { "Connection", "close", "X-One", "1", "connection", "x-one" },
	  "" },
	{ "9110 7.6.1: a known one",
	  { "Connection", "Cookie", "Cookie", "1", "Age", "2" },
	  "Age;" },
	{ "9110 7.6.1: Content-Length stays",
	  { "Connection", "content-length", "Content-Length", "5" },
	  "Content-Length;" },
	{ "9110 7.6.1: Host stays", { "Connection", "host", "Host", "h" }, "Host;" },
	{ "9110 7.6.1: who asked stays",
	  { "Connection", "X-Forwarded-For, Via", "X-Forwarded-For", "h", "Via", "v" },
	  "X-Forwarded-For;Via;" },
	{ "9110 7.6.1: Cache-Control stays",
	  { "Connection", "cache-control", "Cache-Control", "no-store" },
	  "Cache-Control;" },
	{ "close is no name", { "Connection", "close", "Close", "1" }, "Close;" },
	{ "Proxy-Connection nominates nothing", { "Proxy-Connection", "X", "X", "1" }, "X;" },
	{ "nothing to remove", { "A", "1", "B", "2" }, "A;B;" },
};

static void check_left(const struct http_head *h, const char *name, const char *left)
{
	char text[256] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < h->n_fields; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s;",
		                      SPAN_ARG(h->fields[i].name));
	ck_assert_msg(strcmp(text, left) == 0, "%s: %s", name, text);
}

START_TEST(one_hop_only)
{
	struct arena a;
	struct http_head h;

	arena_init(&a);
	http_head_init(&h, &a);
	for (size_t i = 0; i < ARRAY_LEN(cases[_i].fields) && cases[_i].fields[i] != NULL; i += 2)
		http_head_add_named(&h, span_str(cases[_i].fields[i]),
		                    span_str(cases[_i].fields[i + 1]));
	http_head_remove_hop_by_hop(&h);
	check_left(&h, cases[_i].name, cases[_i].left);
	arena_fini(&a);
}
END_TEST

START_TEST(too_many_nominations_take_all_unknown_fields)
{
	struct arena a;
	struct http_head h;
	char names[400];
	size_t n = 0;

	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "N%d,", i);
	arena_init(&a);
	http_head_init(&h, &a);
	http_head_add(&h, HTTP_F_CONNECTION, span_of(names, n));
	http_head_add(&h, HTTP_F_HOST, SPAN("h"));
	http_head_add_named(&h, SPAN("N0"), SPAN("1"));
	http_head_add_named(&h, SPAN("N39"), SPAN("1"));
	http_head_add_named(&h, SPAN("Not-Named"), SPAN("1"));
	http_head_remove_hop_by_hop(&h);
	check_left(&h, "too many", "Host;");
	arena_fini(&a);
}
END_TEST

Suite *suite_hop(void);
Suite *suite_hop(void)
{
	Suite *s = suite_create("hop");
	TCase *t = tcase_create("hop");

	tcase_add_loop_test(t, one_hop_only, 0, ARRAY_LEN(cases));
	tcase_add_test(t, too_many_nominations_take_all_unknown_fields);
	suite_add_tcase(s, t);
	return s;
}
