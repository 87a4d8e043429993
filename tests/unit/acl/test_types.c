/*
 * The types that look at replies, annotations, counts and what became of a request: each against
 * one transaction about which everything is known, and against facts that are no values.
 */
#include "acl/type.h"
#include "base/why.h"
#include "tests/unit/acl/fixture.h"

/* A 404 of text/html from parent p1 to a POST, in a connection from port 40000. */
static void know_everything(struct fixture *f, struct http_head *reply, struct notes *notes)
{
	fixture_request(f, "POST", "http://example.com/form");
	http_head_add(&f->request, HTTP_F_USER_AGENT, SPAN("Mozilla/5.0"));
	http_head_add(&f->request, HTTP_F_REFERER, SPAN("http://www.example.org/page"));
	http_head_add(&f->request, HTTP_F_CONTENT_TYPE, SPAN("multipart/form-data; boundary=x"));
	http_head_add_named(&f->request, SPAN("X-Two"), SPAN("one"));
	http_head_add_named(&f->request, SPAN("x-two"), SPAN("two"));
	http_head_add_named(&f->request, SPAN("X-Empty"), SPAN(""));
	http_head_init(reply, &f->arena);
	reply->status = 404;
	http_head_add(reply, HTTP_F_CONTENT_TYPE, SPAN("text/html"));
	http_head_add(reply, HTTP_F_SERVER, SPAN("Apache/2.4"));
	notes_add(notes, &f->arena, SPAN("group"), SPAN("staff"));
	notes_add(notes, &f->arena, SPAN("group"), SPAN("red,green,,blue"));
	notes_add(notes, &f->arena, SPAN("colon"), SPAN("a:b;c"));
	notes_add(notes, &f->arena, SPAN("empty"), SPAN(""));
	f->facts.state[FACT_REPLY] = FACT_VALUE;
	f->facts.reply = reply;
	f->facts.notes = notes;
	f->facts.draw = 0x0123456789abcdefULL;
	f->facts.connections = 3;
	f->facts.peer = SPAN("p1");
	f->facts.hier_code = SPAN("FIRSTUP_PARENT");
	f->facts.initiator = SPAN("client");
	f->facts.mark = 0x12;
	f->facts.error = SPAN("ERR_ACCESS_DENIED");
}

static const struct {
	const char *name, *acl;
	bool want;
} types[] = {
	{ "http_status: the status", "http_status 404", true },
	{ "http_status: another", "http_status 403 405", false },
	{ "http_status: a range", "http_status 400-404", true },
	{ "http_status: a range that ends before", "http_status 400-403", false },
	{ "http_status: from one on", "http_status 400-", true },
	{ "http_status: from a higher one on", "http_status 500-", false },
	{ "http_status: one of several", "http_status 200 301 500- 400-410", true },
	{ "browser", "browser ^Mozilla", true },
	{ "referer_regex", "referer_regex ^http://www\\.example\\.org/", true },
	{ "referer_regex: case", "referer_regex PAGE$", false },
	{ "referer_regex -i", "referer_regex -i PAGE$", true },
	{ "req_mime_type", "req_mime_type ^multipart/form-data", true },
	{ "req_mime_type: not the reply's", "req_mime_type text/html", false },
	{ "rep_mime_type", "rep_mime_type ^text/html$", true },
	{ "rep_mime_type -i", "rep_mime_type -i ^TEXT/", true },
	{ "rep_mime_type: not without one", "rep_mime_type ^$", false },
	{ "rep_mime_type: not the request's", "rep_mime_type multipart", false },
	{ "req_header: a known field", "req_header User-Agent ^Mozilla", true },
	{ "req_header: its name in any case", "req_header user-agent ^Mozilla", true },
	{ "req_header: case of the value", "req_header User-Agent ^mozilla", false },
	{ "req_header -i behind the name", "req_header User-Agent -i ^mozilla", true },
	{ "req_header -i before the name", "req_header -i User-Agent ^mozilla", true },
	{ "req_header +i between expressions", "req_header User-Agent -i x +i ^mozilla", false },
	{ "req_header: one of several expressions", "req_header User-Agent curl wget Moz", true },
	{ "req_header: two fields are one list", "req_header X-Two ^one,.two$", true },
	{ "req_header: an empty field is there", "req_header X-Empty ^$", true },
	{ "req_header: no such field", "req_header X-None .*", false },
	{ "req_header: more lines", "req_header X-Two three\nacl a req_header x-two one", true },
	{ "rep_header", "rep_header Server Apache", true },
	{ "rep_header: not the request's", "rep_header User-Agent .", false },
	{ "maxconn: more than so many", "maxconn 2", true },
	{ "maxconn: just so many", "maxconn 3", false },
	{ "random: always", "random 1/1", true },
	{ "random: hardly ever", "random 0.000000000001", false },
	{ "random: hardly ever, as a ratio", "random 1:1000000000", false },
	{ "random: nearly always, as a ratio", "random 1000000000:1", true },
	{ "random: hardly ever, as a fraction", "random 1/1000000000", false },
	{ "peername", "peername p0 p1", true },
	{ "peername: another", "peername p0", false },
	{ "peername: case matters", "peername P1", false },
	{ "peername_regex", "peername_regex ^p[0-9]$", true },
	{ "peername_regex: another", "peername_regex ^q", false },
	{ "hier_code", "hier_code HIER_DIRECT FIRSTUP_PARENT", true },
	{ "hier_code: another", "hier_code HIER_NONE", false },
	{ "note: the name", "note group", true },
	{ "note: another name", "note gruppe", false },
	{ "note: the name's case", "note Group", false },
	{ "note: the value", "note group users staff", true },
	{ "note: another value", "note group users", false },
	{ "note: the value's case", "note group Staff", false },
	{ "note: an element of a list", "note group red", true },
	{ "note: a list is no element of itself", "note group red,green,,blue", false },
	{ "note -m: an element", "note -m group green", true },
	{ "note -m: the last element", "note -m group blue", true },
	{ "note -m=: other separators", "note -m=:; colon b", true },
	{ "note -m=: not the comma then", "note -m=; group red", false },
	{ "note -m=: a list by another separator", "note -m=; group red,green,,blue", true },
	{ "note -m=: in quotes", "note -m=\": ;\" colon c", true },
	{ "note -m: any element", "note -m group", true },
	{ "note: an empty value is none", "note empty", false },
	{ "transaction_initiator: client", "transaction_initiator client", true },
	{ "transaction_initiator: all", "transaction_initiator all", true },
	{ "transaction_initiator: internal", "transaction_initiator internal", false },
	{ "transaction_initiator: others", "transaction_initiator icp htcp cache-digest", false },
	{ "has request", "has request", true },
	{ "has response", "has response", true },
	{ "has ALE", "has ALE", true },
	{ "client_connection_mark", "client_connection_mark 0x12", true },
	{ "client_connection_mark: another", "client_connection_mark 0x13", false },
	{ "client_connection_mark: decimal", "client_connection_mark 18", true },
	{ "client_connection_mark: octal", "client_connection_mark 022", true },
	{ "client_connection_mark: under a mask", "client_connection_mark 0x10/0xf0", true },
	{ "client_connection_mark: another under a mask", "client_connection_mark 0x20/0xf0",
	  false },
	{ "squid_error", "squid_error ERR_DNS_FAIL ERR_ACCESS_DENIED", true },
	{ "squid_error: another", "squid_error ERR_NONE", false },
	{ "connections_encrypted", "connections_encrypted", false },
	{ "annotate_transaction matches", "annotate_transaction k=v", true },
	{ "annotate_client matches", "annotate_client k+=v", true },
	{ "urllogin never matches", "urllogin .*", false },
	{ "--: a value that looks like a flag", "req_header -- User-Agent ^Moz", true },
	{ "-n -i in one", "dstdom_regex -ni ^EXAMPLE\\.", true },
};

static void init_with(struct fixture *f, const char *acl)
{
	char text[512];

	snprintf(text, sizeof(text),
	         "acl a %s\nhttp_reply_access allow a\nhttp_reply_access deny all\n", acl);
	fixture_init(f, text);
	ck_assert_msg(conf_count(f->reader, CONF_ERROR) == 0, "%s", fixture_findings(f));
}

START_TEST(types_match)
{
	struct notes notes = { NULL };
	struct http_head reply;
	struct fixture f;

	init_with(&f, types[_i].acl);
	know_everything(&f, &reply, &notes);
	ck_assert_msg(strcmp(fixture_reply_verdict(&f), types[_i].want ? "allow" : "deny") == 0,
	              "%s: %s", types[_i].name, fixture_reply_verdict(&f));
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *name, *acl;
	enum fact fact;
	enum fact_state state;
	const char *want;
} lacks[] = {
	{ "http_status without a reply", "http_status 0-", FACT_REPLY, FACT_ABSENT, "deny" },
	{ "http_status of a reply to come", "http_status 0-", FACT_REPLY, FACT_UNKNOWN,
	  "need reply" },
	{ "rep_mime_type without a reply", "rep_mime_type .*", FACT_REPLY, FACT_ABSENT, "deny" },
	{ "rep_header without a reply", "rep_header Server .*", FACT_REPLY, FACT_ABSENT, "deny" },
	{ "req_header without a request", "req_header User-Agent .*", FACT_REQUEST, FACT_ABSENT,
	  "deny" },
	{ "req_mime_type without a request", "req_mime_type .*", FACT_REQUEST, FACT_ABSENT,
	  "deny" },
	{ "referer_regex without a request", "referer_regex .*", FACT_REQUEST, FACT_ABSENT,
	  "deny" },
	{ "maxconn without a count", "maxconn 1", FACT_CONNECTIONS, FACT_ABSENT, "deny" },
	{ "maxconn asks for the count", "maxconn 1", FACT_CONNECTIONS, FACT_UNKNOWN,
	  "need connections" },
	{ "random asks for a draw", "random 1/2", FACT_DRAW, FACT_UNKNOWN, "need draw" },
	{ "random without a draw", "random 1/1", FACT_DRAW, FACT_ABSENT, "deny" },
	{ "peername of a direct request", "peername p1", FACT_PEER, FACT_ABSENT, "deny" },
	{ "peername_regex of a direct request", "peername_regex .*", FACT_PEER, FACT_ABSENT,
	  "deny" },
	{ "hier_code before a way was found", "hier_code HIER_NONE", FACT_HIER, FACT_ABSENT,
	  "deny" },
	{ "note without annotations", "note group", FACT_NOTES, FACT_ABSENT, "deny" },
	{ "transaction_initiator without one", "transaction_initiator all", FACT_INITIATOR,
	  FACT_ABSENT, "deny" },
	{ "has request without one", "has request", FACT_REQUEST, FACT_ABSENT, "deny" },
	{ "has response without one", "has response", FACT_REPLY, FACT_ABSENT, "deny" },
	{ "has response of a reply to come", "has response", FACT_REPLY, FACT_UNKNOWN, "deny" },
	{ "has: lines are alternatives", "has request\nacl a has response", FACT_REPLY, FACT_ABSENT,
	  "allow" },
	{ "a mark asks", "client_connection_mark 0x12", FACT_MARK, FACT_UNKNOWN, "need mark" },
	{ "a connection that is not tracked has mark 0", "client_connection_mark 0", FACT_MARK,
	  FACT_ABSENT, "allow" },
	{ "and no other", "client_connection_mark 0x12", FACT_MARK, FACT_ABSENT, "deny" },
	{ "a mark that cannot be read", "client_connection_mark 0x12", FACT_MARK, FACT_FAILED,
	  "undecided" },
	{ "is neither another one", "client_connection_mark 0", FACT_MARK, FACT_FAILED,
	  "undecided" },
	{ "squid_error without an error", "squid_error ERR_ACCESS_DENIED", FACT_ERROR, FACT_ABSENT,
	  "deny" },
};

START_TEST(facts_that_are_no_values)
{
	struct notes notes = { NULL };
	struct http_head reply;
	struct fixture f;

	init_with(&f, lacks[_i].acl);
	know_everything(&f, &reply, &notes);
	f.facts.state[lacks[_i].fact] = (uint8_t)lacks[_i].state;
	ck_assert_msg(strcmp(fixture_reply_verdict(&f), lacks[_i].want) == 0, "%s: %s",
	              lacks[_i].name, fixture_reply_verdict(&f));
	fixture_fini(&f);
}
END_TEST

/* What cannot be found out is no mismatch, so that its negation is no match. */
START_TEST(undecided_stays_undecided_under_negation)
{
	struct fixture f;

	fixture_init(&f, "acl m client_connection_mark 1\nacl g any-of !m\n"
	                 "http_access allow !g\nhttp_access deny all");
	fixture_request(&f, "GET", "http://h/");
	f.facts.state[FACT_MARK] = FACT_FAILED;
	ck_assert_str_eq(fixture_verdict(&f), "undecided");
	ck_assert_ptr_nonnull(strstr(f.trail.detail, "mark"));
	fixture_fini(&f);
}
END_TEST

/* --- random ----------------------------------------------------------------------------------- */

START_TEST(random_matches_about_as_often_as_it_says)
{
	unsigned n = 0, both = 0;
	struct fixture f;

	fixture_init(&f, "acl a random 0.25\nacl b random 1/4\nacl c random 1:3\n"
	                 "acl ab all-of a b\nhttp_reply_access allow a\n"
	                 "http_reply_access deny all\nhttp_access allow ab\nhttp_access deny all");
	fixture_request(&f, "GET", "http://h/");
	for (uint64_t i = 0; i < 20000; i++) {
		f.facts.draw = i * 0x2545f4914f6cdd1dULL;
		n += strcmp(fixture_reply_verdict(&f), "allow") == 0;
		both += strcmp(fixture_verdict(&f), "allow") == 0;
	}
	/* The same draws in each run; six standard deviations around 5000 and 1250. */
	ck_assert_uint_ge(n, 5000 - 370);
	ck_assert_uint_le(n, 5000 + 370);
	ck_assert_uint_ge(both, 1250 - 205);
	ck_assert_uint_le(both, 1250 + 205);
	fixture_fini(&f);
}
END_TEST

START_TEST(random_says_the_same_of_the_same_draw)
{
	struct fixture f;

	fixture_init(&f, "acl a random 1/2\nhttp_access deny a !a\nhttp_access deny !a a\n"
	                 "http_access allow all");
	fixture_request(&f, "GET", "http://h/");
	for (uint64_t i = 0; i < 100; i++) {
		f.facts.draw = i;
		ck_assert_str_eq(fixture_verdict(&f), "allow");
	}
	fixture_fini(&f);
}
END_TEST

/* --- annotations ------------------------------------------------------------------------------ */

/* "name=value name=value " of what the notes hold. */
static const char *notes_text(const struct notes *n)
{
	static char text[512];
	size_t at = 0;

	text[0] = '\0';
	for (const struct note *i = n->first; i != NULL; i = i->next)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s=%.*s ",
		                       SPAN_ARG(i->name), SPAN_ARG(i->value));
	return text;
}

static const struct {
	const char *name, *conf, *want, *want_client;
} effects[] = {
	{ "set", "acl m annotate_transaction k=v\nhttp_access allow m", "old=1 k=v ", "" },
	{ "replace", "acl m annotate_transaction old=2\nhttp_access allow m", "old=2 ", "" },
	{ "add", "acl m annotate_transaction old+=2\nhttp_access allow m", "old=1 old=2 ", "" },
	{ "several pairs and lines",
	  "acl m annotate_transaction a=1 b=2\nacl m annotate_transaction a+=3\nhttp_access allow "
	  "m",
	  "old=1 a=1 b=2 a=3 ", "" },
	{ "a value in quotes", "acl m annotate_transaction a=\"b c=d\" e=f\nhttp_access allow m",
	  "old=1 a=b c=d e=f ", "" },
	{ "a list", "acl m annotate_transaction a=1,2\nhttp_access allow m", "old=1 a=1 a=2 ", "" },
	{ "-m: its elements", "acl m annotate_transaction -m old=1,2,,3\nhttp_access allow m",
	  "old=1 old=2 old=3 ", "" },
	{ "-m=: by other bytes", "acl m annotate_transaction -m=; a=1,2;3\nhttp_access allow m",
	  "old=1 a=1,2 a=3 ", "" },
	{ "under negation as well",
	  "acl m annotate_transaction k=v\nhttp_access deny !m\n"
	  "http_access allow all",
	  "old=1 k=v ", "" },
	{ "where the rule does not match",
	  "acl m annotate_transaction k=v\nhttp_access deny m !all\n"
	  "http_access allow all",
	  "old=1 k=v ", "" },
	{ "not where it is not reached",
	  "acl m annotate_transaction k=v\nhttp_access deny !all m\n"
	  "http_access allow all\nhttp_access deny m",
	  "old=1 ", "" },
	{ "in groups", "acl m annotate_transaction k=v\nacl g any-of m\nhttp_access allow g",
	  "old=1 k=v ", "" },
	{ "for the connection",
	  "acl m annotate_client k=v\nacl n annotate_transaction l=w\n"
	  "http_access allow m n",
	  "old=1 k=v l=w ", "k=v " },
};

START_TEST(annotations_take_effect_with_the_verdict)
{
	struct notes notes = { NULL }, client = { NULL };
	struct fixture f;

	fixture_init(&f, effects[_i].conf);
	ck_assert_msg(conf_count(f.reader, CONF_ERROR) == 0, "%s", fixture_findings(&f));
	fixture_request(&f, "GET", "http://h/");
	notes_add(&notes, &f.arena, SPAN("old"), SPAN("1"));
	f.facts.notes = &notes;
	f.facts.arena = &f.arena;
	ck_assert_msg(strcmp(fixture_verdict(&f), "allow") == 0, "%s", effects[_i].name);
	ck_assert_str_eq(notes_text(&notes), "old=1 ");
	acl_effects_apply(f.trail.effects, &notes, &f.arena, false);
	acl_effects_apply(f.trail.effects, &client, &f.arena, true);
	ck_assert_msg(strcmp(notes_text(&notes), effects[_i].want) == 0, "%s: %s", effects[_i].name,
	              notes_text(&notes));
	ck_assert_str_eq(notes_text(&client), effects[_i].want_client);
	fixture_fini(&f);
}
END_TEST

START_TEST(annotations_are_seen_by_later_terms)
{
	struct fixture f;

	fixture_init(&f, "acl set annotate_transaction seen=yes\nacl seen note seen yes\n"
	                 "acl other annotate_client seen=no\n"
	                 "http_access deny seen\nhttp_access deny set !all\n"
	                 "http_access deny !seen\nhttp_access deny other seen\n"
	                 "http_access allow all");
	fixture_request(&f, "GET", "http://h/");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	ck_assert_ptr_null(f.trail.effects); /* nowhere to keep them */
	fixture_fini(&f);
}
END_TEST

START_TEST(a_decision_that_needs_something_has_no_effects)
{
	struct fixture f;

	fixture_init(&f, "acl set annotate_transaction k+=v\nacl d dst 10.0.0.0/8\n"
	                 "http_access deny set d\nhttp_access allow all");
	fixture_request(&f, "GET", "http://h/");
	f.facts.arena = &f.arena;
	ck_assert_str_eq(fixture_verdict(&f), "need dst");
	ck_assert_ptr_null(f.trail.effects);
	fixture_dst(&f, "198.51.100.1");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	ck_assert_ptr_nonnull(f.trail.effects);
	ck_assert_ptr_null(f.trail.effects->next);
	fixture_fini(&f);
}
END_TEST

/* --- vocabularies ----------------------------------------------------------------------------- */

/* What a transaction can end in can be named. */
START_TEST(every_error_page_is_a_word_of_squid_error)
{
	for (enum why w = 0; w < WHY_N; w++) {
		const char *page = why_row(w)->page;
		struct fixture f;
		char text[128];

		if (page == NULL)
			continue;
		snprintf(text, sizeof(text), "acl a squid_error %s", page);
		fixture_init(&f, text);
		ck_assert_no_findings(&f);
		fixture_fini(&f);
	}
}
END_TEST

START_TEST(types_have_a_paragraph_or_a_reason)
{
	const struct acl_type *t;

	for (size_t i = 0; (t = acl_type_at(i)) != NULL; i++) {
		ck_assert_msg((t->kind != NULL) + (t->new_name != NULL) + (t->note != NULL) == 1,
		              "%s", t->name);
		ck_assert_msg((t->kind != NULL) == (t->doc != NULL), "%s", t->name);
		if (t->new_name != NULL)
			ck_assert_ptr_nonnull(acl_type_of(span_str(t->new_name))->kind);
	}
}
END_TEST

Suite *suite_types(void);
Suite *suite_types(void)
{
	Suite *s = suite_create("acl/types");
	TCase *t = tcase_create("types");

	tcase_add_loop_test(t, types_match, 0, ARRAY_LEN(types));
	tcase_add_loop_test(t, facts_that_are_no_values, 0, ARRAY_LEN(lacks));
	tcase_add_test(t, undecided_stays_undecided_under_negation);
	tcase_add_test(t, random_matches_about_as_often_as_it_says);
	tcase_add_test(t, random_says_the_same_of_the_same_draw);
	tcase_add_loop_test(t, annotations_take_effect_with_the_verdict, 0, ARRAY_LEN(effects));
	tcase_add_test(t, annotations_are_seen_by_later_terms);
	tcase_add_test(t, a_decision_that_needs_something_has_no_effects);
	tcase_add_test(t, every_error_page_is_a_word_of_squid_error);
	tcase_add_test(t, types_have_a_paragraph_or_a_reason);
	suite_add_tcase(s, t);
	return s;
}
