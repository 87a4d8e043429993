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
	unsigned allow, deny, need;       /* by http_access */
	unsigned reply_allow, reply_deny; /* by http_reply_access */
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

/* What the log says of them, in the arena. */
static struct span line_of(const struct facts *f, enum verdict v,
                           const struct log_facts_fields *names, struct arena *a)
{
	const struct log_rec rec = { .start_us = 1795168909000000,
		                     .verdict = (uint8_t)recorded(v),
		                     .facts = log_facts_pack(f, names, a) };
	char text[4096];
	struct log_line l = { text, text + sizeof(text), false };

	log_facts_line(&l, &rec, 0);
	ck_assert(!l.is_cut);
	return arena_dup(a, span_of(text, (size_t)(l.p - text)));
}

static bool is_same(const struct trail *a, const struct trail *b)
{
	return a->rule == b->rule && a->need == b->need && a->place.line == b->place.line;
}

static enum verdict live_and_explained(const struct acl_rules *rules, const struct facts *f,
                                       struct trail *trail, struct arena *a, const char *policy)
{
	const enum verdict v = acl_decide(rules, f, VERDICT_DENY, trail);
	struct acl_explanation x;

	acl_explain(rules, f, VERDICT_DENY, a, &x);
	ck_assert_msg(x.verdict == v && is_same(&x.trail, trail),
	              "%.3000s\n%.*s %.*s: live %s, explained %s", policy, SPAN_ARG(f->method_name),
	              SPAN_ARG(f->url), verdict_text(v), verdict_text(x.verdict));
	return v;
}

/* The verb replays http_access only; of this list it is the record that is tried. */
static void reply_rules(const struct acl_rules *rules, const struct facts *f, struct span line,
                        struct tally *t, struct arena *a, const char *policy)
{
	struct log_facts_record rec;
	struct trail live, recorded_trail;
	const char *why;
	const enum verdict v = live_and_explained(rules, f, &live, a, policy);

	ck_assert_msg(log_facts_read(line, a, &rec, &why), "%.*s: %s", SPAN_ARG(line), why);
	rec.facts.arena = a;
	const enum verdict again = acl_decide(rules, &rec.facts, VERDICT_DENY, &recorded_trail);

	ck_assert_msg(again == v && is_same(&live, &recorded_trail),
	              "%.3000s\n%.*s\nlive %s, from the record %s", policy, SPAN_ARG(line),
	              verdict_text(v), verdict_text(again));
	t->reply_allow += v == VERDICT_ALLOW;
	t->reply_deny += v == VERDICT_DENY;
}

/* One request: explained like live. Its record goes to the log. */
static void one(const struct snapshot *s, struct random *r, struct tally *t, FILE *log,
                const struct log_facts_fields *names, const char *policy)
{
	struct trail trail;
	struct arena a;

	arena_init(&a);
	const struct facts f = policies_facts(r, &a);
	const enum verdict v =
		live_and_explained(snapshot_rules(s, "http_access"), &f, &trail, &a, policy);
	const struct span line = line_of(&f, v, names, &a);

	t->allow += v == VERDICT_ALLOW;
	t->deny += v == VERDICT_DENY || v == VERDICT_UNDECIDED;
	t->need += v == VERDICT_NEED;
	fprintf(log, "%.*s\n", SPAN_ARG(line));
	reply_rules(snapshot_rules(s, "http_reply_access"), &f, line, t, &a, policy);
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
	all->reply_allow += t.reply_allow;
	all->reply_deny += t.reply_deny;
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
	ck_assert_uint_gt(all.reply_allow, n * FACTS_A_POLICY / 10);
	ck_assert_uint_gt(all.reply_deny, n * FACTS_A_POLICY / 10);
}
END_TEST

/* Every type that works is among those that are tried. */
START_TEST(all_types_are_tried)
{
	static const char *const types[] = {
#define TYPE(name, ...) name,
#define OLD_NAME(...)
#define UNBUILT(...)
#include "acl/types.tbl.h"
#undef TYPE
#undef OLD_NAME
#undef UNBUILT
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		ck_assert_msg(policies_have(types[i]), "%s", types[i]);
}
END_TEST

Suite *suite_equal(void);
Suite *suite_equal(void)
{
	Suite *s = suite_create("equal");
	TCase *t = tcase_create("equal");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, all_types_are_tried);
	tcase_add_test(t, test_live_explained_replayed);
	suite_add_tcase(s, t);
	return s;
}
