/*
 * Live, explained and replayed decisions are the same: over random policies and random facts. Live
 * is acl_decide() on the facts as a transaction has them; replay has only what a log line says.
 */
#include <unistd.h>

#include "admin/explain.h"
#include "admin/replay.h"
#include "log/line_int.h"
#include "proxy/snapshot.h"
#include "tests/unit/admin/policies.h"
#include "tests/unit/unit.h"

#define FACTS_A_POLICY 200

struct tally {
	unsigned allow, deny, need;
};

static enum log_verdict recorded(enum verdict v)
{
	return v == VERDICT_ALLOW ? LOG_VERDICT_ALLOW : LOG_VERDICT_DENY;
}

static void add_field(void *arg, bool is_reply, struct span name)
{
	struct log_facts_fields *f = arg;

	(void)log_names_add(is_reply ? &f->reply : &f->request, name);
}

static void put_line(FILE *to, const struct facts *f, enum verdict v,
                     const struct log_facts_fields *names, struct arena *a)
{
	const struct log_rec rec = { .start_us = 1795168909000000,
		                     .verdict = (uint8_t)recorded(v),
		                     .facts = log_facts_pack(f, names, a) };
	char text[4096];
	struct log_line l = { text, text + sizeof(text), false };

	log_facts_line(&l, &rec, 0);
	ck_assert(!l.is_cut);
	fprintf(to, "%.*s\n", (int)(l.p - text), text);
}

/* One request: explained like live. Its record goes to the log. */
static void one(const struct snapshot *s, struct random *r, struct tally *t, FILE *log,
                const struct log_facts_fields *names, const char *policy)
{
	const struct acl_rules *rules = snapshot_rules(s, "http_access");
	struct acl_explanation x;
	struct trail trail;
	struct arena a;

	arena_init(&a);
	const struct facts f = policies_facts(r, &a);
	const enum verdict v = acl_decide(rules, &f, VERDICT_DENY, &trail);

	acl_explain(rules, &f, VERDICT_DENY, &a, &x);
	ck_assert_msg(x.verdict == v && x.trail.rule == trail.rule && x.trail.need == trail.need &&
	                      x.trail.place.line == trail.place.line,
	              "%.2000s\n%.*s %.*s: live %s, explained %s", policy, SPAN_ARG(f.method_name),
	              SPAN_ARG(f.url), verdict_text(v), verdict_text(x.verdict));
	t->allow += v == VERDICT_ALLOW;
	t->deny += v == VERDICT_DENY || v == VERDICT_UNDECIDED;
	t->need += v == VERDICT_NEED;
	put_line(log, &f, v, names, &a);
	arena_fini(&a);
}

static void one_policy(unsigned seed, struct tally *all)
{
	struct random r = random_seeded(seed);
	char *policy = policies_text(&r), *text = NULL;
	const struct proxy_options o = { .conf_text = policy };
	struct snapshot *s = proxy_load(&o, NULL, NULL);
	struct log_facts_fields names = { 0 };
	struct tally t = { 0 };
	struct replay replay;
	size_t n;
	FILE *log = open_memstream(&text, &n);

	ck_assert_msg(s != NULL && log != NULL, "%s", policy);
	acl_conf_fields(&s->acl, add_field, &names);
	for (unsigned i = 0; i < FACTS_A_POLICY; i++)
		one(s, &r, &t, log, &names, policy);
	ck_assert(fclose(log) == 0);
	replay_init(&replay, s);
	replay_text(&replay, span_of(text, n), 1, NULL);
	ck_assert_msg(replay.n == FACTS_A_POLICY && replay.n_unreadable == 0, "%.2000s\n%s", policy,
	              replay.bad_why);
	ck_assert_msg(replay.n_changed == 0, "%.2000s", policy);
	/* What was not known live is not known from the record. */
	ck_assert_msg(replay.n_cannot_tell == t.need && replay.n_same == t.allow + t.deny,
	              "%.2000s", policy);
	replay_fini(&replay);
	log_names_fini(&names.request);
	log_names_fini(&names.reply);
	snapshot_unref(&s);
	free(policy);
	free(text);
	all->allow += t.allow;
	all->deny += t.deny;
	all->need += t.need;
}

START_TEST(test_live_explained_replayed)
{
	const unsigned n = random_test_count(100000) / FACTS_A_POLICY;
	struct tally all = { 0 };

	for (unsigned i = 0; i < n; i++)
		one_policy(i + 1, &all);
	/* Were nearly all of them alike, it would prove little. */
	ck_assert_uint_gt(all.allow, n * FACTS_A_POLICY / 10);
	ck_assert_uint_gt(all.deny, n * FACTS_A_POLICY / 10);
	ck_assert_uint_gt(all.need, n * FACTS_A_POLICY / 100);
}
END_TEST

Suite *suite_equal(void);
Suite *suite_equal(void)
{
	Suite *s = suite_create("equal");
	TCase *t = tcase_create("equal");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, test_live_explained_replayed);
	suite_add_tcase(s, t);
	return s;
}
