/*
 * Replay: what is grouped, what cannot be told, what cannot be read; in one thread and in many.
 */
#include "admin/replay.h"
#include "proxy/snapshot.h"
#include "tests/unit/unit.h"

static const char policy[] = "http_port 3128\n"
			     "acl net src 10.0.0.0/8\n"
			     "acl bad dstdomain bad.example\n"
			     "acl inside dst 127.0.0.0/8\n"
			     "acl old browser ^Old\n"
			     "http_access deny bad\n"
			     "http_access deny old\n"
			     "http_access allow net !inside\n"
			     "http_access deny all\n";

#define LINE(verdict, host, more)                                                                  \
	"facts=1 time=1795168909.000000 zone=+0000 id=1 " verdict                                  \
	"rule=http_access%20x place=old.conf:1 src=10.0.0.1:1000 method=GET url=http://" host      \
	"/ version=11 dstname=- " more "\n"
#define ALLOW "verdict=allow "
#define DENY  "verdict=deny "
#define AGENT "req.user-agent=New "
#define DST   "dst=192.0.2.1 "

static const struct {
	const char *name, *text;
	uint64_t same, changed, cannot_tell, not_asked, unreadable;
	const char *needs; /* of the first group */
} cases[] = {
	{ "as before", LINE(ALLOW, "a.example", AGENT DST), 1, 0, 0, 0, 0, NULL },
	{ "a denial as before", LINE(DENY, "bad.example", AGENT DST), 1, 0, 0, 0, 0, NULL },
	{ "denied now", LINE(ALLOW, "bad.example", AGENT DST), 0, 1, 0, 0, 0, NULL },
	{ "allowed now", LINE(DENY, "a.example", AGENT DST), 0, 1, 0, 0, 0, NULL },
	{ "nobody looked for the addresses", LINE(ALLOW, "a.example", AGENT), 0, 0, 1, 0, 0,
	  "dst" },
	{ "but they are not needed", LINE(DENY, "bad.example", ""), 1, 0, 0, 0, 0, NULL },
	{ "a field was not recorded", LINE(ALLOW, "a.example", DST), 0, 0, 1, 0, 0,
	  "request field User-Agent" },
	{ "a field was recorded as missing", LINE(ALLOW, "a.example", DST "req.user-agent=- "), 1,
	  0, 0, 0, 0, NULL },
	{ "something did not fit", LINE(ALLOW, "a.example", AGENT DST "cut=1 "), 0, 0, 1, 0, 0,
	  "what did not fit into the record" },
	{ "refused before any decision", LINE("", "a.example", AGENT DST), 0, 0, 0, 1, 0, NULL },
	{ "no facts", "10.0.0.1 TCP_MISS/200\n", 0, 0, 0, 0, 1, NULL },
	{ "another version", "facts=2 verdict=allow\n", 0, 0, 0, 0, 1, NULL },
	{ "an empty line", "\n", 0, 0, 0, 0, 1, NULL },
	{ "CR LF", "facts=1 verdict=deny\r\n", 0, 0, 1, 0, 0, "request" },
	{ "no newline at the end", "facts=1 verdict=deny", 0, 0, 1, 0, 0, "request" },
	{ "nothing", "", 0, 0, 0, 0, 0, NULL },
};

static struct snapshot *load(void)
{
	const struct proxy_options o = { .conf_text = policy };
	struct snapshot *s = proxy_load(&o, NULL, NULL);

	ck_assert_ptr_nonnull(s);
	return s;
}

START_TEST(test_records)
{
	struct snapshot *s = load();
	struct replay r;

	replay_init(&r, s);
	replay_text(&r, span_str(cases[_i].text), 1, NULL);
	ck_assert_msg(r.n_same == cases[_i].same && r.n_changed == cases[_i].changed &&
	                      r.n_cannot_tell == cases[_i].cannot_tell &&
	                      r.n_not_asked == cases[_i].not_asked &&
	                      r.n_unreadable == cases[_i].unreadable,
	              "%s", cases[_i].name);
	ck_assert_uint_eq(r.bad_line, cases[_i].unreadable);
	struct replay_group **groups = replay_sorted(&r);

	if (cases[_i].needs != NULL)
		ck_assert_span(groups[0]->needs, span_str(cases[_i].needs));
	free(groups);
	replay_fini(&r);
	snapshot_unref(&s);
}
END_TEST

#define N_LINES 30000

/* Enough text for several threads: the outcome does not depend on their number. */
START_TEST(test_threads)
{
	struct snapshot *s = load();
	struct replay r;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	for (unsigned i = 0; i < N_LINES; i++) {
		fputs(i % 3 == 0 ? LINE(ALLOW, "bad.example", AGENT DST)
		                 : LINE(ALLOW, "a.example", AGENT DST),
		      f);
		if (i % 10 == 0)
			fputs(LINE(DENY, "a.example", AGENT DST), f);
		if (i == 20000)
			fputs("broken\n", f);
	}
	ck_assert(fclose(f) == 0);
	replay_init(&r, s);
	replay_text(&r, span_of(text, n), (unsigned)_i, NULL);
	ck_assert_uint_eq(r.n, N_LINES + N_LINES / 10 + 1);
	ck_assert_uint_eq(r.n_changed, N_LINES / 3 + N_LINES / 10);
	ck_assert_uint_eq(r.bad_line, 20000 + 1 + 2000 + 1 + 1);
	ck_assert_uint_eq(r.groups.n, 2);
	struct replay_group **groups = replay_sorted(&r);

	ck_assert_uint_eq(groups[0]->n, N_LINES / 3);
	ck_assert_span(acl_rule_text(groups[0]->rule), SPAN("deny bad"));
	ck_assert_uint_eq(groups[0]->n_examples, 1);
	ck_assert_uint_eq(groups[1]->n, N_LINES / 10);
	ck_assert_span(groups[1]->was_place, SPAN("old.conf:1"));
	free(groups);
	replay_fini(&r);
	snapshot_unref(&s);
	free(text);
}
END_TEST

Suite *suite_replay(void);
Suite *suite_replay(void)
{
	Suite *s = suite_create("replay");
	TCase *t = tcase_create("replay");

	tcase_add_loop_test(t, test_records, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, test_threads, 1, 5);
	suite_add_tcase(s, t);
	return s;
}
