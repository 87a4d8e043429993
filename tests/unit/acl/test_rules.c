/*
 * Rules that only report, rules that others leave nothing to decide, and the counting of hits.
 */
#include "acl/explain.h"
#include "acl/tally.h"
#include "tests/unit/acl/fixture.h"

/* --- report_only ------------------------------------------------------------------------------ */

static const struct {
	const char *name, *conf, *want, *reported; /* NULL: none */
} reports[] = {
	{ "a denial on trial", "report_only http_access deny all\nhttp_access allow all", "allow",
	  "deny all" },
	{ "a permission on trial", "report_only http_access allow all\nhttp_access deny all",
	  "deny", "allow all" },
	{ "the first of several",
	  "acl p port 80\nreport_only http_access deny CONNECT\nreport_only http_access deny p\n"
	  "report_only http_access deny all\nhttp_access allow all",
	  "allow", "deny p" },
	{ "not below the rule that decides",
	  "acl p port 80\nhttp_access allow p\nreport_only http_access deny p\nhttp_access deny "
	  "all",
	  "allow", NULL },
	{ "not where it does not match",
	  "report_only http_access deny CONNECT\nhttp_access allow all", "allow", NULL },
	{ "no last word: the rule before it has it",
	  "http_access allow CONNECT\nreport_only http_access deny all", "deny", "deny all" },
	{ "no rule at all: the default stays", "report_only http_access allow all", "deny",
	  "allow all" },
	{ "what cannot be decided is no report",
	  "acl m client_connection_mark 1\nreport_only http_access deny m\nhttp_access allow all",
	  "allow", NULL },
	{ "what it annotates is not there",
	  "acl set annotate_transaction k=v\nacl k note k\nreport_only http_access deny set\n"
	  "http_access deny k\nhttp_access allow all",
	  "allow", "deny set" },
	{ "it asks for what it needs",
	  "acl d dst 10.0.0.0/8\nreport_only http_access deny d\nhttp_access allow all", "need dst",
	  NULL },
};

START_TEST(a_rule_on_trial_only_reports)
{
	struct fixture f;

	fixture_init(&f, reports[_i].conf);
	ck_assert_msg(conf_count(f.reader, CONF_ERROR) == 0, "%s", fixture_findings(&f));
	fixture_request(&f, "GET", "http://h/");
	f.facts.state[FACT_MARK] = FACT_FAILED;
	f.facts.arena = &f.arena;
	ck_assert_msg(strcmp(fixture_verdict(&f), reports[_i].want) == 0, "%s: %s",
	              reports[_i].name, fixture_verdict(&f));
	if (reports[_i].reported == NULL) {
		ck_assert_ptr_null(f.trail.reported);
	} else {
		ck_assert_ptr_nonnull(f.trail.reported);
		ck_assert_span(acl_rule_text(f.trail.reported), span_str(reports[_i].reported));
	}
	ck_assert_ptr_null(f.trail.effects);
	fixture_fini(&f);
}
END_TEST

START_TEST(a_rule_on_trial_is_explained_as_such)
{
	struct acl_explanation x;
	struct fixture f;

	fixture_init(&f, "report_only http_access deny all\nhttp_access allow all");
	fixture_request(&f, "GET", "http://h/");
	acl_explain(f.acl.http_access, &f.facts, VERDICT_DENY, &f.arena, &x);
	const struct span text = acl_explanation_text(&x, &f.arena);
	const char *const copy = arena_printf(&f.arena, "%.*s", SPAN_ARG(text)).p;

	ck_assert_ptr_nonnull(strstr(copy, "report_only http_access deny all  # squid.conf:1\n"));
	ck_assert_ptr_nonnull(strstr(copy, "reported: report_only http_access deny all"));
	ck_assert_ptr_nonnull(strstr(copy, "decided by: http_access allow all"));
	/* It would not have decided otherwise either. */
	ck_assert_ptr_null(x.nearest);
	fixture_fini(&f);
}
END_TEST

START_TEST(other_lists_have_rules_on_trial_too)
{
	struct fixture f;

	fixture_init(&f, "acl s http_status 500-\nreport_only http_reply_access deny s\n"
	                 "http_reply_access allow all");
	ck_assert_no_findings(&f);
	fixture_request(&f, "GET", "http://h/");
	ck_assert_str_eq(fixture_reply_verdict(&f), "allow");
	ck_assert_ptr_null(f.trail.reported);
	fixture_fini(&f);
}
END_TEST

/* --- hits ------------------------------------------------------------------------------------- */

struct rows {
	char text[1024];
	size_t n;
};

static void add_row(void *arg, const struct acl_tally_row *row)
{
	struct rows *r = arg;

	if (row->hits.n == 0)
		return;
	r->n += (size_t)snprintf(r->text + r->n, sizeof(r->text) - r->n, "%s%s %.*s%s: %u at %u\n",
	                         row->is_report_only ? "? " : "", row->directive,
	                         SPAN_ARG(row->text), row->type != NULL ? row->type : "",
	                         (unsigned)row->hits.n, (unsigned)row->hits.last_s);
}

static const char *hits_of(const struct fixture *f)
{
	static struct rows r;

	r = (struct rows){ .n = 0 };
	acl_conf_each_hit(&f->acl, add_row, &r);
	return r.text;
}

static void ask(struct fixture *f, const char *method, const char *url, unsigned shard, int64_t s)
{
	fixture_request(f, method, url);
	f->facts.count_shard = shard;
	f->facts.count_s = s;
	(void)fixture_verdict(f);
}

START_TEST(hits_are_counted_and_kept_over_a_reload)
{
	struct acl_tally *t = acl_tally_new(2);
	struct fixture f, g;

	fixture_init(&f, "acl p port 80\nacl q port 8080\nreport_only http_access deny q\n"
	                 "http_access allow p\nhttp_access allow CONNECT\nhttp_access allow q");
	acl_conf_count(&f.acl, t);
	ask(&f, "GET", "http://h/", 0, 10);
	ask(&f, "GET", "http://h/", 1, 12);
	ask(&f, "GET", "http://h/", 0, 11);
	ask(&f, "GET", "http://h:8080/", 1, 20);
	ask(&f, "GET", "http://h:81/", 0, 30);
	ask(&f, "GET", "http://h/", 0, 0); /* explained, not served */
	ck_assert_str_eq(hits_of(&f), "? http_access deny q: 1 at 20\n"
	                              "http_access allow p: 3 at 12\n"
	                              "http_access allow q: 1 at 20\n"
	                              "http_access : 1 at 30\n"
	                              "p port: 3 at 12\n"
	                              "q port: 2 at 20\n");
	/* CONNECT is gone, p is new in its place, and one line stands elsewhere. */
	fixture_init(&g, "\n\nacl p dstdomain x\nacl q port 8080\nhttp_access allow q\n"
	                 "http_access allow p\n");
	acl_conf_count(&g.acl, t);
	ask(&g, "GET", "http://h:8080/", 1, 40);
	ck_assert_str_eq(hits_of(&g), "http_access allow q: 2 at 40\n"
	                              "http_access allow p: 3 at 12\n"
	                              "http_access : 1 at 30\n"
	                              "q port: 3 at 40\n");
	fixture_fini(&f);
	/* What nobody has any more begins anew. */
	fixture_init(&f, "acl p port 80\nhttp_access allow p\nhttp_access allow CONNECT");
	acl_conf_count(&f.acl, t);
	ask(&f, "CONNECT", "h:443", 0, 50);
	ck_assert_str_eq(hits_of(&f), "http_access allow p: 3 at 12\n"
	                              "http_access allow CONNECT: 1 at 50\n"
	                              "http_access : 1 at 30\n"
	                              "CONNECT method: 1 at 50\n");
	fixture_fini(&g);
	fixture_fini(&f);
	acl_tally_free(&t);
}
END_TEST

START_TEST(a_decision_that_needs_something_counts_nothing)
{
	struct acl_tally *t = acl_tally_new(1);
	struct fixture f;

	fixture_init(&f, "acl p port 80\nacl d dst 10.0.0.0/8\nhttp_access allow p d");
	acl_conf_count(&f.acl, t);
	ask(&f, "GET", "http://h/", 0, 10);
	ck_assert_str_eq(hits_of(&f), "");
	fixture_dst(&f, "10.0.0.1");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	ck_assert_str_eq(hits_of(&f),
	                 "http_access allow p d: 1 at 10\np port: 1 at 10\nd dst: 1 at 10\n");
	fixture_fini(&f);
	acl_tally_free(&t);
}
END_TEST

START_TEST(slots_belong_to_keys)
{
	struct acl_tally *t = acl_tally_new(3);
	int a, b;
	const uint32_t one = acl_tally_take(t, &a, SPAN("k")),
		       two = acl_tally_take(t, &a, SPAN("k")),
		       other = acl_tally_take(t, &a, SPAN("l"));

	ck_assert_uint_ne(one, two);
	ck_assert_uint_ne(one, other);
	acl_tally_add(t, 0, one, 5);
	acl_tally_add(t, 2, one, 3);
	acl_tally_add(t, 1, two, 9);
	ck_assert_uint_eq(acl_tally_sum(t, one).n, 2);
	ck_assert_int_eq(acl_tally_sum(t, one).last_s, 5);
	ck_assert_uint_eq(acl_tally_take(t, &b, SPAN("k")), one);
	ck_assert_uint_eq(acl_tally_take(t, &b, SPAN("k")), two);
	acl_tally_give(t, one);
	ck_assert_uint_eq(acl_tally_sum(t, one).n, 2);
	acl_tally_give(t, one);
	acl_tally_give(t, other);
	/* Enough for several chunks; the free ones come first, and are empty. */
	for (unsigned i = 0; i < 2000; i++) {
		char key[16];
		const int n = snprintf(key, sizeof(key), "key%u", i);
		const uint32_t slot = acl_tally_take(t, &b, span_of(key, (size_t)n));

		ck_assert_uint_eq(acl_tally_sum(t, slot).n, 0);
		acl_tally_add(t, i % 3, slot, 1);
		ck_assert_uint_eq(acl_tally_sum(t, slot).n, 1);
		ck_assert(i > 1 || slot == one || slot == other);
	}
	acl_tally_add(t, 0, ACL_SLOT_NONE, 1);
	ck_assert_uint_eq(acl_tally_sum(t, ACL_SLOT_NONE).n, 0);
	ck_assert_uint_eq(acl_tally_sum(t, two).n, 1);
	acl_tally_free(&t);
}
END_TEST

Suite *suite_rules(void);
Suite *suite_rules(void)
{
	Suite *s = suite_create("acl/rules");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, a_rule_on_trial_only_reports, 0, ARRAY_LEN(reports));
	tcase_add_test(t, a_rule_on_trial_is_explained_as_such);
	tcase_add_test(t, other_lists_have_rules_on_trial_too);
	tcase_add_test(t, hits_are_counted_and_kept_over_a_reload);
	tcase_add_test(t, a_decision_that_needs_something_counts_nothing);
	tcase_add_test(t, slots_belong_to_keys);
	suite_add_tcase(s, t);
	return s;
}
