/*
 * Lists of regular expressions with a filter on required texts (regex_need.h).
 *
 * For a long list, the text is searched for all that its expressions require (lit_index.h), and
 * only those are run of which something was found. For short ones, which are many in a policy, it
 * is the other way round: the text's pieces of three bytes are noted once for a decision, and each
 * expression asks whether those of what it requires are among them. Expressions that
 * require nothing are run always.
 */
#include "acl/regex_list.h"

#include "acl/lit_index.h"

#define SHORT      64u   /* lists that require up to so many texts ask for each of them */
#define FEW        1u    /* so many runs over a text cost less than noting its pieces */
#define SEEN_BITS  2048u /* of struct acl_regex_seen.pieces */
#define PIECE      3u
#define FEW_PROBES 4u
#define ASKED      3u /* pieces of each text */

/* A text that an expression requires, by the bits in acl_regex_seen.pieces. */
struct probe {
	uint32_t regex;
	uint16_t bits[ASKED];
};

struct acl_regexes {
	struct acl_regex **all;
	size_t n, cap;
	uint32_t *always; /* indices into all[] */
	size_t n_always;
	struct probe *probes; /* short lists, in the order of expressions */
	size_t n_probes;
	struct probe few[FEW_PROBES]; /* where probes are if they fit */
	struct acl_lit_index *index;  /* long ones */
	bool is_finished;
};

struct acl_regexes *acl_regexes_new(void)
{
	return check_calloc(1, sizeof(struct acl_regexes));
}

void acl_regexes_free(struct acl_regexes **lp)
{
	struct acl_regexes *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		acl_regex_free(&l->all[i]);
	free(l->all);
	free(l->always);
	if (l->probes != l->few)
		free(l->probes);
	acl_lit_index_free(&l->index);
	free(l);
}

void acl_regexes_add(struct acl_regexes *l, struct acl_regex **r)
{
	CHECK(l->n < UINT32_MAX);
	if (l->n == l->cap) {
		l->cap = l->cap != 0 ? l->cap * 2 : 8;
		l->all = check_realloc(l->all, l->cap * sizeof(struct acl_regex *));
	}
	l->all[l->n++] = *r;
	*r = NULL;
}

size_t acl_regexes_count(const struct acl_regexes *l)
{
	return l->n;
}

/* --- building the filter ---------------------------------------------------------------------- */

/* What is known of the last three bytes, and one more. */
static uint32_t piece_next(uint32_t last, char c)
{
	return (last << 4 ^ (uint8_t)c) % SEEN_BITS;
}

static uint16_t piece_at(const char *s)
{
	return (uint16_t)piece_next(piece_next(piece_next(0, s[0]), s[1]), s[2]);
}

/* The first, the last, and one between. */
static struct probe probe_of(const struct acl_lit *l, uint32_t regex)
{
	const unsigned last = l->n - PIECE, at[ASKED] = { 0, last / 2, last };
	struct probe p = { .regex = regex };

	for (unsigned i = 0; i < ASKED; i++)
		p.bits[i] = piece_at(l->s + at[i]);
	return p;
}

/* Whether it is known what to ask for: the most telling set has texts that are long enough. */
static bool is_probable(const struct acl_lit_sets *needs)
{
	for (unsigned i = 0; needs->n != 0 && i < needs->sets[0].n; i++)
		if (needs->v[i].n < PIECE)
			return false;
	return needs->n != 0;
}

static void finish_short(struct acl_regexes *l, size_t n_lits)
{
	l->probes = n_lits > FEW_PROBES ? check_calloc(n_lits, sizeof(struct probe)) : l->few;
	for (size_t i = 0; i < l->n; i++) {
		const struct acl_lit_sets *needs = acl_regex_needs(l->all[i]);

		if (!is_probable(needs))
			l->always[l->n_always++] = (uint32_t)i;
		else
			for (unsigned k = 0; k < needs->sets[0].n; k++)
				l->probes[l->n_probes++] = probe_of(&needs->v[k], (uint32_t)i);
	}
}

static void finish_long(struct acl_regexes *l)
{
	l->index = acl_lit_index_new();
	for (size_t i = 0; i < l->n; i++) {
		const struct acl_lit_sets *needs = acl_regex_needs(l->all[i]);

		if (needs->n == 0)
			l->always[l->n_always++] = (uint32_t)i;
		else
			acl_lit_index_add(l->index, needs, (uint32_t)i);
	}
	acl_lit_index_finish(l->index);
}

void acl_regexes_finish(struct acl_regexes *l)
{
	size_t n_lits = 0;

	CHECK(!l->is_finished);
	l->is_finished = true;
	for (size_t i = 0; i < l->n; i++)
		n_lits += is_probable(acl_regex_needs(l->all[i]))
		                  ? acl_regex_needs(l->all[i])->sets[0].n
		                  : 0;
	l->always = check_calloc(l->n + 1, sizeof(uint32_t));
	if (n_lits <= SHORT)
		finish_short(l, n_lits);
	else
		finish_long(l);
}

/* --- the text --------------------------------------------------------------------------------- */

static struct acl_regex_seen *seen_find(struct acl_regex_scratch *s, struct span text)
{
	for (unsigned i = 0; i < s->n_seen && i < ARRAY_LEN(s->texts); i++)
		if (s->texts[i].p == text.p && s->texts[i].n == text.n)
			return &s->seen[i];
	return NULL;
}

static struct acl_regex_seen *seen_of(struct acl_regex_scratch *s, struct span text)
{
	struct acl_regex_seen *seen = seen_find(s, text);

	if (seen != NULL)
		return seen;
	const unsigned at = s->n_seen % ARRAY_LEN(s->texts);

	seen = &s->seen[at];
	if (s->n_seen++ >= ARRAY_LEN(s->texts))
		free(seen->heap);
	s->texts[at] = text;
	seen->folded = SPAN_NULL;
	seen->heap = NULL;
	seen->runs = 0;
	seen->has_pieces = false;
	return seen;
}

typedef uint8_t block __attribute__((vector_size(16)));

static void lower(char *to, struct span from)
{
	size_t i = 0;

	for (; i + sizeof(block) <= from.n; i += sizeof(block)) {
		block b;

		memcpy(&b, from.p + i, sizeof(b));
		b |= (block)(b - 'A' < 26) & 0x20;
		memcpy(to + i, &b, sizeof(b));
	}
	for (; i < from.n; i++)
		to[i] = ascii_lower(from.p[i]);
}

/* In lower case, between the marks of its start and end. */
static struct span fold(struct acl_regex_scratch *s, struct acl_regex_seen *seen, struct span text)
{
	char *p = s->text + s->text_used;

	if (seen->folded.p != NULL)
		return seen->folded;
	if (text.n + 2 > sizeof(s->text) - s->text_used)
		p = seen->heap = check_malloc(text.n + 2);
	else
		s->text_used += text.n + 2;
	p[0] = ACL_LIT_START;
	lower(p + 1, text);
	p[text.n + 1] = ACL_LIT_END;
	return seen->folded = span_of(p, text.n + 2);
}

static void note_pieces(struct acl_regex_scratch *s, struct acl_regex_seen *seen, struct span t)
{
	const struct span text = fold(s, seen, t);
	uint32_t last = 0;

	/* The first two hold less of the text; they do no harm. */
	memset(seen->pieces, 0, sizeof(seen->pieces));
	for (size_t i = 0; i < text.n; i++) {
		last = piece_next(last, text.p[i]);
		seen->pieces[last / 64] |= (uint64_t)1 << (last % 64);
	}
	seen->has_pieces = true;
}

/* --- matching --------------------------------------------------------------------------------- */

#define TRIED 256u

struct run {
	const struct acl_regexes *l;
	struct span text;
	struct acl_regex_scratch *scratch;
	const struct acl_regex *which;
	enum acl_regex_result result;
	bool wants_first;
	uint32_t first; /* of those that match so far; UINT32_MAX: none */
	/*
	 * Which were run: index + 1 of the last one with the same remainder. A text made to call up
	 * many gets a bit for each instead; NULL before.
	 */
	unsigned n_tried;
	uint64_t *all_tried;
	uint32_t tried[TRIED];
};

/* True if this one matches and no other need be run. */
static bool run_one(struct run *r, uint32_t i)
{
	if (r->wants_first && i >= r->first)
		return false;
	const enum acl_regex_result got = acl_regex_match(r->l->all[i], r->text, r->scratch);

	if (got == REGEX_NO)
		return false;
	if (r->wants_first) {
		/* Only what was added before it is of interest from now on. */
		if (got == REGEX_YES)
			r->first = i;
		return false;
	}
	r->result = got;
	r->which = r->l->all[i];
	return got == REGEX_YES;
}

/* True if it was not tried before, or that was forgotten. */
static bool try_first(struct run *r, uint32_t i)
{
	if (likely(r->all_tried == NULL)) {
		if (r->tried[i % TRIED] == i + 1)
			return false;
		r->tried[i % TRIED] = i + 1;
		if (++r->n_tried == TRIED)
			r->all_tried = check_calloc(r->l->n / 64 + 1, sizeof(uint64_t));
		return true;
	}
	const uint64_t bit = (uint64_t)1 << (i % 64);
	const bool is_new = (r->all_tried[i / 64] & bit) == 0;

	r->all_tried[i / 64] |= bit;
	return is_new;
}

static bool probe_hits(const struct probe *p, const uint64_t *pieces)
{
	uint64_t all = 1;

	for (unsigned i = 0; i < ASKED; i++)
		all &= pieces[p->bits[i] / 64] >> (p->bits[i] % 64);
	return all != 0;
}

/* False: the text has none that are long enough to be asked for. */
static bool may_hold(const struct acl_lit_sets *needs, unsigned set, const uint64_t *pieces)
{
	for (unsigned i = 0; i < needs->sets[set].n; i++) {
		const struct acl_lit *l = &needs->v[needs->sets[set].first + i];

		if (l->n < PIECE)
			return true;
		const struct probe p = probe_of(l, 0);

		if (probe_hits(&p, pieces))
			return true;
	}
	return false;
}

/* Of the i-th, one set is known to occur: what about the others? */
static bool may_match(struct run *r, uint32_t i, unsigned known)
{
	const struct acl_lit_sets *needs = acl_regex_needs(r->l->all[i]);
	struct acl_regex_seen *seen = needs->n > 1 ? seen_of(r->scratch, r->text) : NULL;

	if (seen == NULL)
		return true;
	if (!seen->has_pieces)
		note_pieces(r->scratch, seen, r->text);
	for (unsigned k = 0; k < needs->n; k++)
		if (k != known && !may_hold(needs, k, seen->pieces))
			return false;
	return true;
}

static bool run_found(void *arg, uint32_t i, unsigned set)
{
	struct run *r = arg;

	return try_first(r, i) && may_match(r, i, set) && run_one(r, i);
}

static void run_long(struct run *r)
{
	const struct span folded = fold(r->scratch, seen_of(r->scratch, r->text), r->text);

	memset(r->tried, 0, sizeof(r->tried));
	r->n_tried = 0;
	r->all_tried = NULL;
	acl_lit_index_search(r->l->index, folded, run_found, r);
	free(r->all_tried);
}

static void run_short(struct run *r)
{
	const struct acl_regexes *l = r->l;
	struct acl_regex_seen *seen = seen_of(r->scratch, r->text);
	uint32_t done = UINT32_MAX;

	seen->runs += l->n_probes;
	if (!seen->has_pieces && seen->runs > FEW)
		note_pieces(r->scratch, seen, r->text);
	for (size_t i = 0; i < l->n_probes; i++) {
		const struct probe *p = &l->probes[i];

		if (p->regex == done || (seen->has_pieces && !probe_hits(p, seen->pieces)))
			continue;
		done = p->regex;
		if ((!seen->has_pieces || may_match(r, p->regex, 0)) && run_one(r, p->regex))
			return;
	}
}

/* The common case: a few expressions, of which nothing is required that the text has. */
static bool none_can_match(const struct acl_regexes *l, struct span text,
                           struct acl_regex_scratch *s)
{
	const struct acl_regex_seen *seen = l->n_always == 0 ? seen_find(s, text) : NULL;

	if (seen == NULL || !seen->has_pieces || l->index != NULL)
		return false;
	for (size_t i = 0; i < l->n_probes; i++)
		if (unlikely(probe_hits(&l->probes[i], seen->pieces)))
			return false;
	return true;
}

/* Not all of it: tried[] is large and often not used. */
static void run_init(struct run *r, const struct acl_regexes *l, struct span text,
                     struct acl_regex_scratch *s)
{
	r->l = l;
	r->text = text;
	r->scratch = s;
	r->which = NULL;
	r->result = REGEX_NO;
	r->wants_first = false;
	r->first = UINT32_MAX;
}

static void run_list(struct run *r)
{
	const struct acl_regexes *l = r->l;

	if (l->index != NULL)
		run_long(r);
	else if (l->n_probes != 0)
		run_short(r);
	for (size_t i = 0; i < l->n_always && r->result != REGEX_YES; i++)
		(void)run_one(r, l->always[i]);
}

enum acl_regex_result acl_regexes_match(const struct acl_regexes *l, struct span text,
                                        struct acl_regex_scratch *s, const struct acl_regex **which)
{
	struct run r;

	run_init(&r, l, text, s);
	if (!none_can_match(l, text, s))
		run_list(&r);
	if (which != NULL)
		*which = r.which;
	return r.result;
}

bool acl_regexes_first(const struct acl_regexes *l, struct span text, struct acl_regex_scratch *s,
                       size_t *which)
{
	struct run r;

	run_init(&r, l, text, s);
	r.wants_first = true;
	if (!none_can_match(l, text, s))
		run_list(&r);
	*which = r.first;
	return r.first != UINT32_MAX;
}
