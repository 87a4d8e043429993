/*
 * Replaying. Each thread takes a piece of the text and gathers results of its own, which are added
 * together at the end: the policy is immutable, and nothing else is shared.
 */
#include "admin/replay.h"

#include <inttypes.h>

#include "acl/explain.h"
#include "base/hash.h"
#include "base/thread.h"
#include "log/facts.h"
#include "proxy/snapshot.h"

/* --- groups ----------------------------------------------------------------------------------- */

static uint64_t group_hash(const struct replay_group *g)
{
	uint64_t h = hash_bytes(g->was);

	h = hash_mix(h, hash_bytes(g->was_rule));
	h = hash_mix(h, hash_bytes(g->was_place));
	h = hash_mix(h, hash_bytes(g->needs));
	return hash_mix(h, (uint64_t)(uintptr_t)g->rule ^ g->now);
}

static bool group_eq(const struct replay_group *a, const struct replay_group *b)
{
	return a->now == b->now && a->rule == b->rule && span_eq(a->was, b->was) &&
	       span_eq(a->was_rule, b->was_rule) && span_eq(a->was_place, b->was_place) &&
	       span_eq(a->needs, b->needs);
}

static struct span own(struct span s)
{
	return s.n == 0 ? SPAN("") : span_of(span_strdup(s), s.n);
}

static void disown(struct span s)
{
	if (s.n != 0)
		free((void *)(uintptr_t)s.p);
}

/* The group like this one, made if it is the first of its kind. */
static struct replay_group *group_of(struct replay *r, const struct replay_group *like)
{
	const uint64_t h = group_hash(like);
	struct replay_group *g;

	for (struct table_node *n = table_first(&r->groups, h); n != NULL; n = table_next(n, h)) {
		g = CONTAINER_OF(n, struct replay_group, node);
		if (group_eq(g, like))
			return g;
	}
	g = check_calloc(1, sizeof(*g));
	g->now = like->now;
	g->rule = like->rule;
	g->was = own(like->was);
	g->was_rule = own(like->was_rule);
	g->was_place = own(like->was_place);
	g->needs = own(like->needs);
	g->examples = check_calloc(REPLAY_EXAMPLES_MAX, sizeof(*g->examples));
	table_insert(&r->groups, &g->node, h);
	return g;
}

static void group_free(struct replay_group *g)
{
	disown(g->was);
	disown(g->was_rule);
	disown(g->was_place);
	disown(g->needs);
	for (unsigned i = 0; i < g->n_examples; i++) {
		disown(g->examples[i].method);
		disown(g->examples[i].url);
	}
	free(g->examples);
	free(g);
}

static void add_example(struct replay_group *g, const struct replay_example *e)
{
	if (g->n_examples == REPLAY_EXAMPLES_MAX)
		return;
	for (unsigned i = 0; i < g->n_examples; i++)
		if (span_eq(g->examples[i].url, e->url))
			return;
	g->examples[g->n_examples++] =
		(struct replay_example){ e->src, own(e->method), own(e->url) };
}

static void group_count(struct replay_group *g, uint64_t n, int64_t first_us, int64_t last_us)
{
	g->first_us = g->n == 0 ? first_us : MIN(g->first_us, first_us);
	g->last_us = MAX(g->last_us, last_us);
	g->n += n;
}

/* --- one record ------------------------------------------------------------------------------- */

static struct span verdict_span(enum verdict v)
{
	switch (v) {
	case VERDICT_ALLOW:
		return SPAN("allow");
	/* What became of the request is the same for all of these. */
	case VERDICT_DENY:
	case VERDICT_CHALLENGE:
	case VERDICT_UNDECIDED:
		return SPAN("deny");
	case VERDICT_NEED:
		return SPAN("");
	}
	UNREACHABLE("verdict");
}

static bool lacks_any(const struct replay *r, const struct log_facts_record *rec)
{
	for (size_t i = 0; i < r->fields.request.n; i++)
		if (!log_facts_tells(rec, false, span_str(r->fields.request.v[i])))
			return true;
	for (size_t i = 0; i < r->fields.reply.n; i++)
		if (!log_facts_tells(rec, true, span_str(r->fields.reply.v[i])))
			return true;
	return false;
}

/*
 * A field of a head that the candidate looked at to decide this, and that the record does not tell
 * of; empty: there is none. The long way, for the rare record that lacks one of the fields at all.
 */
static struct span field_missing(const struct replay *r, const struct log_facts_record *rec,
                                 struct arena *a)
{
	struct acl_explanation x;

	if (!lacks_any(r, rec))
		return SPAN("");
	acl_explain(r->rules, &rec->facts, VERDICT_DENY, a, &x);
	for (size_t i = 0; i < x.n_steps; i++) {
		const struct acl_step *s = &x.steps[i];
		const bool is_reply = (s->reads & 1u << FACT_REPLY) != 0;

		if (s->field.n != 0 && !log_facts_tells(rec, is_reply, s->field))
			return arena_printf(a, "%s field %.*s", is_reply ? "reply" : "request",
			                    SPAN_ARG(s->field));
	}
	return SPAN("");
}

/* A fact or a field without which the verdict cannot be told; empty: it can. */
static struct span missing(const struct replay *r, const struct log_facts_record *rec,
                           enum verdict now, const struct trail *trail, struct arena *a)
{
	if (now == VERDICT_NEED)
		return span_str(fact_name(trail->need));
	if (rec->is_cut)
		return SPAN("what did not fit into the record");
	return field_missing(r, rec, a);
}

static void take(struct replay *r, const struct log_facts_record *rec, struct arena *a)
{
	struct replay_group like = { .was = rec->verdict };
	struct trail trail;

	if (rec->verdict.n == 0) {
		r->n_not_asked++;
		return;
	}
	like.now = acl_decide(r->rules, &rec->facts, VERDICT_DENY, &trail);
	like.needs = missing(r, rec, like.now, &trail, a);
	if (like.needs.n != 0) {
		like.now = VERDICT_NEED;
		r->n_cannot_tell++;
	} else if (span_eq(verdict_span(like.now), rec->verdict)) {
		r->n_same++;
		return;
	} else {
		like.rule = trail.rule;
		like.was_rule = rec->rule;
		like.was_place = rec->place;
		r->n_changed++;
	}
	struct replay_group *g = group_of(r, &like);

	group_count(g, 1, rec->time_us, rec->time_us);
	add_example(g, &(struct replay_example){ rec->facts.src, rec->facts.method_name,
	                                         rec->facts.url });
}

static void read_line(struct replay *r, struct span line, struct arena *a)
{
	struct log_facts_record rec;
	const char *why;

	r->n++;
	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (log_facts_read(line, a, &rec, &why)) {
		rec.facts.arena = a;
		take(r, &rec, a);
		return;
	}
	r->n_unreadable++;
	if (r->bad_line == 0) {
		r->bad_line = r->n;
		r->bad_why = why;
	}
}

/* --- threads ---------------------------------------------------------------------------------- */

#define PIECE_MIN      (1 << 20) /* bytes: less is not worth a thread */
#define PROGRESS_LINES 4096

struct piece {
	struct replay results;
	struct span text;
	pthread_t thread;
	bool is_running;
	_Atomic uint64_t *n_done; /* lines, of all pieces */
};

static void *piece_run(void *arg)
{
	struct piece *p = arg;
	struct arena a;

	arena_init(&a);
	for (struct span rest = p->text; rest.n != 0;) {
		read_line(&p->results, span_cut(&rest, '\n'), &a);
		arena_fini(&a);
		if (p->results.n % PROGRESS_LINES == 0)
			atomic_fetch_add_explicit(p->n_done, PROGRESS_LINES, memory_order_relaxed);
	}
	return NULL;
}

/* The next piece of *rest, about `bytes` long, up to the end of a line. */
static struct span cut_piece(struct span *rest, size_t bytes)
{
	struct span piece = *rest;

	if (bytes < rest->n) {
		const size_t line = span_find(span_skip(*rest, bytes), '\n');

		piece.n = MIN(bytes + line + 1, rest->n);
	}
	*rest = span_skip(*rest, piece.n);
	return piece;
}

static void piece_join(struct piece *p, FILE *progress)
{
	struct timespec until;

	if (!p->is_running)
		return;
	while (progress != NULL) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		if (pthread_timedjoin_np(p->thread, NULL, &until) == 0)
			return;
		fprintf(progress, "\r%" PRIu64 " records",
		        atomic_load_explicit(p->n_done, memory_order_relaxed));
		fflush(progress);
	}
	CHECK(pthread_join(p->thread, NULL) == 0);
}

/* Move what `from` has gathered into r. Pieces are added in their order. */
static void add(struct replay *r, struct replay *from)
{
	if (r->bad_line == 0 && from->bad_line != 0) {
		r->bad_line = r->n + from->bad_line;
		r->bad_why = from->bad_why;
	}
	r->n += from->n;
	r->n_same += from->n_same;
	r->n_changed += from->n_changed;
	r->n_cannot_tell += from->n_cannot_tell;
	r->n_not_asked += from->n_not_asked;
	r->n_unreadable += from->n_unreadable;
	table_for_each(it, &from->groups)
	{
		struct replay_group *g = CONTAINER_OF(it, struct replay_group, node);
		struct replay_group *mine = group_of(r, g);

		group_count(mine, g->n, g->first_us, g->last_us);
		for (unsigned i = 0; i < g->n_examples; i++)
			add_example(mine, &g->examples[i]);
	}
	replay_fini(from);
}

void replay_text(struct replay *r, struct span text, unsigned n_threads, FILE *progress)
{
	struct piece *pieces = check_calloc(n_threads, sizeof(*pieces));
	_Atomic uint64_t n_done = r->n;
	const size_t useful = text.n / PIECE_MIN + 1;
	const size_t n = MIN(useful, n_threads);
	const size_t bytes = text.n / n + 1;

	for (size_t i = 0; i < n; i++) {
		struct piece *p = &pieces[i];

		replay_init(&p->results, r->policy);
		p->text = cut_piece(&text, bytes);
		p->n_done = &n_done;
		p->is_running = thread_start(&p->thread, "replay", piece_run, p) == ERR_NONE;
		if (!p->is_running)
			(void)piece_run(p);
	}
	for (size_t i = 0; i < n; i++) {
		piece_join(&pieces[i], progress);
		add(r, &pieces[i].results);
	}
	free(pieces);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void add_field(void *arg, bool is_reply, struct span name)
{
	struct log_facts_fields *f = arg;

	(void)log_names_add(is_reply ? &f->reply : &f->request, name);
}

void replay_init(struct replay *r, const struct snapshot *policy)
{
	*r = (struct replay){ .policy = policy };
	r->rules = snapshot_rules(policy, "http_access");
	table_init(&r->groups);
	acl_conf_fields(&policy->acl, add_field, &r->fields);
}

void replay_fini(struct replay *r)
{
	table_for_each(it, &r->groups) group_free(CONTAINER_OF(it, struct replay_group, node));
	table_fini(&r->groups);
	log_names_fini(&r->fields.request);
	log_names_fini(&r->fields.reply);
}

/* The commonest first; of equal ones, the one that happened first. */
static int compare_groups(const void *va, const void *vb)
{
	const struct replay_group *a = *(const struct replay_group *const *)va;
	const struct replay_group *b = *(const struct replay_group *const *)vb;

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return (a->first_us > b->first_us) - (a->first_us < b->first_us);
}

struct replay_group **replay_sorted(const struct replay *r)
{
	struct replay_group **groups = check_calloc(r->groups.n + 1, sizeof(*groups));
	size_t n = 0;

	table_for_each(it, &r->groups) groups[n++] = CONTAINER_OF(it, struct replay_group, node);
	qsort(groups, n, sizeof(*groups), compare_groups);
	return groups;
}
