/*
 * Rules for fields: finding those for a name, asking them, and doing what they say. Reading them is
 * in rules_conf.c.
 */
#include "header/rules_int.h"

#include "base/hash.h"

uint64_t header_name_hash(struct span name)
{
	uint64_t h = name.n;

	for (size_t i = 0; i < name.n; i++)
		h = hash_mix(h, (unsigned char)ascii_lower(name.p[i]));
	return h;
}

struct header_set *header_set_named(const struct header_rules *r, struct span name)
{
	const uint64_t hash = header_name_hash(name);

	for (struct table_node *n = table_first(&r->by_name, hash); n != NULL;
	     n = table_next(n, hash)) {
		struct header_set *s = CONTAINER_OF(n, struct header_set, node);

		if (span_eq_nocase(span_str(s->name), name))
			return s;
	}
	return NULL;
}

/* What must stay for the message to mean the same to whoever gets it. */
bool header_is_protected(enum http_field_id id)
{
	return id == HTTP_F_HOST ||
	       (id != HTTP_F_OTHER && (http_field_flags(id) & (FIELD_FRAMING | FIELD_HOP)) != 0);
}

/*
 * The sets that may speak about a field, in order: those for its name, for Other unless the name is
 * common, for All. NULL: none at this place.
 */
#define CANDIDATES 3

static const struct header_set *candidate(const struct header_rules *r, const struct http_field *f,
                                          unsigned i)
{
	/* Another Host is no less clear than the one there was; none at all is. */
	if (header_is_protected(f->id))
		return i == 0 && f->id == HTTP_F_HOST && r->known[f->id] != NULL &&
		                       r->known[f->id]->replacement != NULL
		               ? r->known[f->id]
		               : NULL;
	switch (i) {
	case 0:
		return f->id != HTTP_F_OTHER ? r->known[f->id] : header_set_named(r, f->name);
	case 1:
		return r->other != NULL && !header_name_is_common(f->name) ? r->other : NULL;
	default:
		return r->all;
	}
}

/* The one that decides: the first with rules that are not only on trial. NULL: the field stays. */
static const struct header_set *set_of(const struct header_rules *r, const struct http_field *f)
{
	for (unsigned i = 0; i < CANDIDATES; i++) {
		const struct header_set *s = candidate(r, f, i);

		if (s != NULL && s->is_live)
			return s;
	}
	return NULL;
}

enum answer { NOT_ASKED, ALLOWED, DENIED };

/* False: it must be waited for. *v is NEED where the answer was there already. */
static bool answer(uint8_t *a, const struct acl_rules *rules, header_ask_fn *ask, void *arg,
                   enum verdict *v, struct trail *trail)
{
	*v = VERDICT_NEED;
	if (*a != NOT_ASKED)
		return true;
	if (!ask(arg, rules, v, trail))
		return false;
	*a = *v == VERDICT_ALLOW ? ALLOWED : DENIED;
	return true;
}

/* Ask about a field. Rules on trial before those that decide have their say, and no more. */
static bool ask_about(const struct header_rules *r, const struct http_field *f,
                      struct header_pass *pass, header_ask_fn *ask, void *arg)
{
	struct trail trail;
	enum verdict v;

	for (unsigned i = 0; i < CANDIDATES; i++) {
		const struct header_set *s = candidate(r, f, i);

		if (s == NULL || s->access == NULL)
			continue;
		if (!answer(&pass->answers[s->list], s->access, ask, arg, &v, &trail))
			return false;
		if (s->is_live)
			break;
	}
	return true;
}

/* To leave a field out is no safe answer: nobody knows here what it was to bring about. */
static bool ask_whether_to_add(const struct header_add *a, struct header_pass *pass,
                               header_ask_fn *ask, void *arg)
{
	struct trail trail = { 0 };
	enum verdict v;

	if (!answer(&pass->answers[a->list], a->terms, ask, arg, &v, &trail))
		return false;
	if (v == VERDICT_UNDECIDED && !pass->is_undecided) {
		pass->is_undecided = true;
		pass->undecided = trail;
	}
	return true;
}

bool header_rules_decide(const struct header_rules *r, const struct http_head *h,
                         struct header_pass *pass, header_ask_fn *ask, void *arg)
{
	if (r == NULL)
		return true;
	if (pass->answers == NULL)
		pass->answers = arena_zalloc(h->arena, r->n_lists);
	for (uint32_t i = 0; i < h->n_fields && r->has_access; i++)
		if (!ask_about(r, &h->fields[i], pass, ask, arg))
			return false;
	for (const struct header_add *a = r->adds; a != NULL; a = a->next)
		if (!ask_whether_to_add(a, pass, ask, arg))
			return false;
	return true;
}

static void remove_denied(const struct header_rules *r, struct http_head *h,
                          const struct header_pass *pass)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct http_field f = h->fields[i];
		const struct header_set *s = set_of(r, &f);

		if (s != NULL && pass->answers[s->list] == DENIED) {
			if (s->replacement == NULL)
				continue;
			f.value = span_str(s->replacement);
		}
		h->fields[kept++] = f;
	}
	h->n_fields = kept;
}

static void add_allowed(const struct header_rules *r, struct http_head *h,
                        const struct header_pass *pass, header_record_fn *record, void *arg)
{
	struct log_rec rec;
	bool has_rec = false;

	for (const struct header_add *a = r->adds; a != NULL; a = a->next) {
		struct span value;

		if (pass->answers[a->list] != ALLOWED)
			continue;
		if (!log_value_is_fixed(a->value, &value)) {
			if (!has_rec)
				rec = record(arg, &r->fields);
			has_rec = true;
			value = log_value_text(a->value, &rec, h->arena);
		}
		/* As in Squid: an empty value is sent as a hyphen. */
		http_head_add_named(h, span_str(a->name), value.n != 0 ? value : SPAN("-"));
	}
}

void header_rules_apply(const struct header_rules *r, struct http_head *h,
                        const struct header_pass *pass, header_record_fn *record, void *arg)
{
	if (r == NULL)
		return;
	if (r->removes)
		remove_denied(r, h, pass);
	if (record != NULL)
		add_allowed(r, h, pass, record, arg);
}

bool header_rules_remove(const struct header_rules *r)
{
	return r != NULL && r->removes;
}

void header_rules_free(struct header_rules **rp)
{
	struct header_rules *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	while (r->sets != NULL) {
		struct header_set *s = r->sets;

		r->sets = s->next;
		acl_rules_free(&s->access);
		free(s->replacement);
		free(s->name);
		free(s);
	}
	while (r->adds != NULL) {
		struct header_add *a = r->adds;

		r->adds = a->next;
		acl_rules_free(&a->terms);
		free(a->name);
		log_value_free(&a->value);
		free(a);
	}
	table_fini(&r->by_name);
	log_fields_fini(&r->fields);
	free(r);
}
