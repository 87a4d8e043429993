/*
 * Lists of regular expressions with a filter on required literals.
 *
 * Each expression whose matches all contain some literal of four bytes or more is filed under one
 * piece of four (a gram) of it, the one that the fewest others have. For a long list, the text is
 * walked: each of its grams is looked up in a bitmap and then in a table, and only what is filed
 * there is run. For short ones, which are many in a policy, it is the other way round: the text's
 * grams are noted once for a decision, and each expression asks whether its own is among them.
 * Expressions without such a literal are run always.
 */
#include "acl/regex_list.h"

#define GRAM       4u
#define FEW        4u   /* so many runs over a text cost less than noting its grams */
#define SHORT      128u /* lists up to here ask for each expression's gram */
#define NO_GRAM    UINT16_MAX
#define SEEN_BITS  10u /* of struct acl_regex_seen.grams */
#define TRIED_MAX  64u /* different expressions that one text may call up before all are run */
#define CROWD_BITS 12u

struct slot {
	uint32_t gram;
	uint32_t first; /* in filed[] */
	uint32_t n;     /* 0: the slot is free */
};

struct acl_regexes {
	struct acl_regex **all;
	size_t n, cap;
	uint32_t *always, *filed; /* indices into all[] */
	size_t n_always;
	uint16_t *grams;    /* short lists: for each of all[], the bit in acl_regex_seen.grams */
	struct slot *slots; /* long lists */
	unsigned slot_bits;
	uint64_t *bitmap;
	unsigned bitmap_bits;
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
	free(l->grams);
	free(l->filed);
	free(l->slots);
	free(l->bitmap);
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

/* --- building the filter -------------------------------------------------------------------- */

static uint32_t gram_at(struct span literal, size_t at)
{
	uint32_t g = 0;

	for (size_t i = 0; i < GRAM; i++)
		g = g << 8 | (uint8_t)literal.p[at + i];
	return g;
}

static uint32_t gram_hash(uint32_t gram, unsigned bits)
{
	return gram * 0x9e3779b1u >> (32 - bits);
}

struct choice {
	uint32_t gram, index;
};

static int choice_cmp(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->gram != y->gram)
		return x->gram < y->gram ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* The piece of the literal that is least common in the list. */
static uint32_t gram_choose(struct span literal, const uint32_t *crowd)
{
	uint32_t best = gram_at(literal, 0);

	for (size_t at = 1; at + GRAM <= literal.n; at++) {
		const uint32_t g = gram_at(literal, at);

		if (crowd[gram_hash(g, CROWD_BITS)] < crowd[gram_hash(best, CROWD_BITS)])
			best = g;
	}
	return best;
}

static size_t choose_all(struct acl_regexes *l, struct choice *choices)
{
	uint32_t *crowd = check_calloc((size_t)1 << CROWD_BITS, sizeof(uint32_t));
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct span lit = acl_regex_literal(l->all[i]);

		for (size_t at = 0; at + GRAM <= lit.n; at++)
			crowd[gram_hash(gram_at(lit, at), CROWD_BITS)]++;
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct span lit = acl_regex_literal(l->all[i]);

		if (lit.n >= GRAM)
			choices[n++] = (struct choice){ gram_choose(lit, crowd), (uint32_t)i };
		else
			l->always[l->n_always++] = (uint32_t)i;
	}
	free(crowd);
	return n;
}

static void slot_fill(struct acl_regexes *l, uint32_t gram, uint32_t first, uint32_t n)
{
	const uint32_t mask = (1u << l->slot_bits) - 1, bit = gram_hash(gram, l->bitmap_bits);
	uint32_t at = gram_hash(gram, l->slot_bits);

	while (l->slots[at].n != 0)
		at = (at + 1) & mask;
	l->slots[at] = (struct slot){ gram, first, n };
	l->bitmap[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static void finish_short(struct acl_regexes *l, const struct choice *choices, size_t n)
{
	l->grams = check_calloc(l->n, sizeof(uint16_t));
	memset(l->grams, 0xff, l->n * sizeof(uint16_t));
	for (size_t i = 0; i < n; i++)
		l->grams[choices[i].index] = (uint16_t)gram_hash(choices[i].gram, SEEN_BITS);
}

static void finish_long(struct acl_regexes *l, struct choice *choices, size_t n)
{
	qsort(choices, n, sizeof(*choices), choice_cmp);
	l->filed = check_calloc(n + 1, sizeof(uint32_t));
	for (l->slot_bits = 3; (size_t)1 << l->slot_bits < n * 2;)
		l->slot_bits++;
	l->bitmap_bits = MAX(l->slot_bits + 3, 6u);
	l->slots = check_calloc((size_t)1 << l->slot_bits, sizeof(struct slot));
	l->bitmap = check_calloc(((size_t)1 << l->bitmap_bits) / 64, sizeof(uint64_t));
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && choices[end].gram == choices[i].gram; end++)
			l->filed[end] = choices[end].index;
		slot_fill(l, choices[i].gram, (uint32_t)i, (uint32_t)(end - i));
	}
}

void acl_regexes_finish(struct acl_regexes *l)
{
	if (l->n == 0 || l->n > 1u << 24)
		return;
	struct choice *choices = check_calloc(l->n, sizeof(*choices));

	l->always = check_calloc(l->n, sizeof(uint32_t));
	const size_t n = choose_all(l, choices);

	if (l->n <= SHORT)
		finish_short(l, choices, n);
	else
		finish_long(l, choices, n);
	free(choices);
}

/* --- matching ------------------------------------------------------------------------------- */

struct run {
	const struct acl_regexes *l;
	struct span text;
	struct acl_regex_scratch *scratch;
	const struct acl_regex *which;
	enum acl_regex_result result;
	uint32_t tried[TRIED_MAX];
	unsigned n_tried;
};

/* True if this one matches. */
static bool run_one(struct run *r, uint32_t i)
{
	const enum acl_regex_result got = acl_regex_match(r->l->all[i], r->text, r->scratch);

	if (got == REGEX_NO)
		return false;
	r->result = got;
	r->which = r->l->all[i];
	return got == REGEX_YES;
}

static bool run_all(struct run *r)
{
	for (size_t i = 0; i < r->l->n; i++)
		if (run_one(r, (uint32_t)i))
			return true;
	return false;
}

static const struct slot *slot_find(const struct acl_regexes *l, uint32_t gram)
{
	const uint32_t mask = (1u << l->slot_bits) - 1;
	uint32_t at = gram_hash(gram, l->slot_bits);

	while (l->slots[at].n != 0 && l->slots[at].gram != gram)
		at = (at + 1) & mask;
	return l->slots[at].n != 0 ? &l->slots[at] : NULL;
}

/* Run what is filed under a gram and was not run yet. False: too many, run all. */
static bool run_filed(struct run *r, const struct slot *slot, bool *matched)
{
	for (uint32_t k = 0; k < slot->n; k++) {
		const uint32_t i = r->l->filed[slot->first + k];
		unsigned t = 0;

		while (t < r->n_tried && r->tried[t] != i)
			t++;
		if (t < r->n_tried)
			continue;
		if (r->n_tried == TRIED_MAX)
			return false;
		r->tried[r->n_tried++] = i;
		if (run_one(r, i)) {
			*matched = true;
			return true;
		}
	}
	return true;
}

/* --- long lists ----------------------------------------------------------------------------- */

static void run_filtered(struct run *r)
{
	const struct acl_regexes *l = r->l;
	uint32_t gram = 0;
	bool matched = false;

	for (size_t i = 0; i < r->text.n; i++) {
		gram = gram << 8 | (uint8_t)ascii_lower(r->text.p[i]);
		const uint32_t bit = gram_hash(gram, l->bitmap_bits);

		if (i + 1 < GRAM || (l->bitmap[bit / 64] >> (bit % 64) & 1) == 0)
			continue;
		const struct slot *slot = slot_find(l, gram);

		if (slot != NULL && !run_filed(r, slot, &matched)) {
			run_all(r);
			return;
		}
		if (matched)
			return;
	}
	for (size_t i = 0; i < l->n_always; i++)
		if (run_one(r, l->always[i]))
			return;
}

/* --- short lists ---------------------------------------------------------------------------- */

static struct acl_regex_seen *seen_of(struct acl_regex_scratch *s, struct span text)
{
	for (unsigned i = 0; i < MIN(s->n_seen, ARRAY_LEN(s->seen)); i++)
		if (s->seen[i].text.p == text.p && s->seen[i].text.n == text.n)
			return &s->seen[i];
	struct acl_regex_seen *seen = &s->seen[s->n_seen++ % ARRAY_LEN(s->seen)];

	seen->text = text;
	seen->runs = 0;
	seen->has_grams = false;
	return seen;
}

static void note_grams(struct acl_regex_seen *seen)
{
	uint32_t gram = 0;

	memset(seen->grams, 0, sizeof(seen->grams));
	for (size_t i = 0; i < seen->text.n; i++) {
		gram = gram << 8 | (uint8_t)ascii_lower(seen->text.p[i]);
		const uint32_t bit = gram_hash(gram, SEEN_BITS);

		/* The first three are no grams of the text; they do no harm. */
		seen->grams[bit / 64] |= (uint64_t)1 << (bit % 64);
	}
	seen->has_grams = true;
}

static void run_short(struct run *r)
{
	struct acl_regex_seen *seen = seen_of(r->scratch, r->text);

	seen->runs += r->l->n;
	if (!seen->has_grams && seen->runs <= FEW) {
		run_all(r);
		return;
	}
	if (!seen->has_grams)
		note_grams(seen);
	for (size_t i = 0; i < r->l->n; i++) {
		const uint16_t bit = r->l->grams[i];

		if (bit != NO_GRAM && (seen->grams[bit / 64] >> (bit % 64) & 1) == 0)
			continue;
		if (run_one(r, (uint32_t)i))
			return;
	}
}

enum acl_regex_result acl_regexes_match(const struct acl_regexes *l, struct span text,
                                        struct acl_regex_scratch *s, const struct acl_regex **which)
{
	struct run r;

	/* Not all of it: tried[] need not be cleared. */
	r.l = l;
	r.text = text;
	r.scratch = s;
	r.which = NULL;
	r.result = REGEX_NO;
	r.n_tried = 0;
	if (l->slots != NULL)
		run_filtered(&r);
	else if (l->grams != NULL)
		run_short(&r);
	else
		run_all(&r);
	if (which != NULL)
		*which = r.which;
	return r.result;
}
