/*
 * Short texts, sets of them, and how much a set tells. A set is worth the more, the more bytes that
 * are rare in URLs even the poorest of its texts has; and of two that are alike, the smaller one.
 */
#include "acl/lits.h"

#define VALUE_MAX 6u /* bytes of a text beyond which more tell no more */
#define VALUE_TOO 4  /* what a set must be worth that comes on top of a better one */

/* --- texts ------------------------------------------------------------------------------------ */

static bool lit_eq(const struct acl_lit *a, const struct acl_lit *b)
{
	return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
}

/*
 * a and then b, in buf of at least twice the maximum; returns how long. Where anchors meet they
 * hold for one place, where neither order nor number matters: ^^ is ^, and $^ is ^$.
 */
static unsigned join(char *buf, const struct acl_lit *a, const struct acl_lit *b)
{
	unsigned na = a->n, from = 0, n;
	bool start = false, end = false;

	for (; na > 0 && acl_lit_is_anchor(a->s[na - 1]); na--)
		*(a->s[na - 1] == ACL_LIT_START ? &start : &end) = true;
	for (; from < b->n && acl_lit_is_anchor(b->s[from]); from++)
		*(b->s[from] == ACL_LIT_START ? &start : &end) = true;
	memcpy(buf, a->s, na);
	n = na;
	if (start)
		buf[n++] = ACL_LIT_START;
	if (end)
		buf[n++] = ACL_LIT_END;
	memcpy(buf + n, b->s + from, b->n - from);
	return n + b->n - from;
}

struct acl_lit acl_lit_head(const char *s, unsigned n, unsigned most)
{
	struct acl_lit l = { .n = (uint8_t)MIN(n, most) };

	memcpy(l.s, s, l.n);
	return l;
}

struct acl_lit acl_lit_tail(const char *s, unsigned n, unsigned most)
{
	return n > most ? acl_lit_head(s + n - most, most, most) : acl_lit_head(s, n, most);
}

void acl_lits_copy(struct acl_lits *to, const struct acl_lits *from)
{
	to->n = from->n;
	memcpy(to->v, from->v, from->n * sizeof(from->v[0]));
}

bool acl_lits_add(struct acl_lits *l, struct acl_lit one)
{
	for (unsigned i = 0; i < l->n; i++)
		if (lit_eq(&l->v[i], &one))
			return true;
	if (l->n == ACL_LITS_MAX)
		return false;
	l->v[l->n++] = one;
	return true;
}

void acl_lits_single(struct acl_lits *l, const char *s, unsigned n)
{
	l->n = 1;
	l->v[0] = acl_lit_head(s, n, ACL_LIT_MAX);
}

bool acl_lits_have_empty(const struct acl_lits *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].n == 0)
			return true;
	return false;
}

void acl_lits_unite(struct acl_lits *to, const struct acl_lits *from, bool heads)
{
	for (unsigned most = ACL_LIT_MAX;; most = most > 4 ? 4 : most - 1) {
		struct acl_lits all = { .n = 0 };
		const struct acl_lits *const both[] = { to, from };
		bool fits = true;

		for (unsigned k = 0; k < 2; k++)
			for (unsigned i = 0; i < both[k]->n && fits; i++) {
				const struct acl_lit *l = &both[k]->v[i];

				fits = acl_lits_add(&all, heads ? acl_lit_head(l->s, l->n, most)
				                                : acl_lit_tail(l->s, l->n, most));
			}
		if (fits) {
			acl_lits_copy(to, &all);
			return;
		}
	}
}

bool acl_lits_cross(struct acl_lits *out, const struct acl_lits *a, const struct acl_lits *b,
                    enum acl_cut cut)
{
	char buf[2 * ACL_LIT_MAX + 2];

	out->n = 0;
	if (a->n * b->n > ACL_LITS_MAX)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		for (unsigned k = 0; k < b->n; k++) {
			const unsigned n = join(buf, &a->v[i], &b->v[k]);

			if (n > ACL_LIT_MAX && cut == CUT_NONE)
				return false;
			(void)acl_lits_add(out, cut == CUT_TO_TAILS
			                                ? acl_lit_tail(buf, n, ACL_LIT_MAX)
			                                : acl_lit_head(buf, n, ACL_LIT_MAX));
		}
	}
	return true;
}

/* --- which is the best ------------------------------------------------------------------------ */

/* What is in most URLs anyway. */
static const char common[][8] = { "https", "http",  "://",  "www.",  ".com", ".net",
	                          ".org",  ".html", ".php", "index", "image" };

static unsigned common_at(const char *s, unsigned n)
{
	unsigned mask = 0;

	for (size_t k = 0; k < ARRAY_LEN(common); k++) {
		unsigned len = 0;

		while (len < n && common[k][len] == s[len] && common[k][len] != '\0')
			len++;
		if (common[k][len] == '\0')
			mask |= (1u << len) - 1;
	}
	return mask;
}

unsigned acl_lit_common(const char *s, unsigned n)
{
	unsigned mask = 0;

	for (unsigned at = 0; at + 3 <= n; at++)
		if (s[at] == '.' || s[at] == ':' || s[at] == 'h' || s[at] == 'i' || s[at] == 'w')
			mask |= common_at(s + at, n - at) << at;
	return mask;
}

/* How much it tells: twice the bytes that are not common, and one for all the others. */
static int lit_value(const struct acl_lit *l)
{
	const unsigned mask = acl_lit_common(l->s, l->n);
	unsigned rare = 0, anchors = 0;

	for (unsigned i = 0; i < l->n; i++) {
		anchors += acl_lit_is_anchor(l->s[i]);
		rare += !acl_lit_is_anchor(l->s[i]) && (mask >> i & 1) == 0;
	}
	return (int)(2 * MIN(rare, VALUE_MAX) + (mask != 0 || (rare != 0 && anchors != 0)));
}

static int lits_score(const struct acl_lits *l)
{
	int least = 2 * (int)VALUE_MAX + 1;

	for (unsigned i = 0; i < l->n && least > 0; i++)
		least = MIN(least, lit_value(&l->v[i]));
	return l->n != 0 && least > 0 ? least * (int)ACL_LITS_MAX - (int)l->n + 1 : 0;
}

/* --- several sets ----------------------------------------------------------------------------- */

size_t acl_lit_sets_size(const struct acl_lit_sets *s)
{
	const unsigned n = s->n != 0 ? s->sets[s->n - 1].first + s->sets[s->n - 1].n : 0u;

	return offsetof(struct acl_lit_sets, v) + n * sizeof(s->v[0]);
}

void acl_lit_sets_copy(struct acl_lit_sets *to, const struct acl_lit_sets *from)
{
	memcpy(to, from, acl_lit_sets_size(from));
}

/* Whether a text that has one of a has one of b. */
static bool implies(const struct acl_lit *a, unsigned na, const struct acl_lit *b, unsigned nb)
{
	for (unsigned i = 0; i < na; i++) {
		unsigned k = 0;

		while (k < nb && memmem(a[i].s, a[i].n, b[k].s, b[k].n) == NULL)
			k++;
		if (k == nb)
			return false;
	}
	return true;
}

static bool is_known(const struct acl_lit_sets *s, const struct acl_lits *l)
{
	for (unsigned i = 0; i < s->n; i++)
		if (implies(&s->v[s->sets[i].first], s->sets[i].n, l->v, l->n))
			return true;
	return false;
}

/* False: it does not fit. */
static bool append(struct acl_lit_sets *s, const struct acl_lit *v, unsigned n, int score)
{
	const unsigned first = s->n != 0 ? s->sets[s->n - 1].first + s->sets[s->n - 1].n : 0u;

	if (s->n == ACL_SETS_MAX || first + n > ACL_SETS_LITS_MAX)
		return false;
	s->sets[s->n++] = (struct acl_lit_set){ (uint8_t)first, (uint8_t)n, (int16_t)score };
	memcpy(&s->v[first], v, n * sizeof(*v));
	return true;
}

/* A text that holds another one of the set tells nothing. */
static void reduce(struct acl_lits *out, const struct acl_lits *l)
{
	out->n = 0;
	for (unsigned i = 0; i < l->n; i++) {
		const struct acl_lit *one = &l->v[i];
		unsigned k = 0;

		while (k < l->n && (l->v[k].n >= one->n ||
		                    memmem(one->s, one->n, l->v[k].s, l->v[k].n) == NULL))
			k++;
		if (k == l->n)
			out->v[out->n++] = *one;
	}
}

void acl_lit_sets_consider(struct acl_lit_sets *s, const struct acl_lits *l)
{
	struct acl_lits x;
	struct acl_lit_sets all = { .n = 0 };
	bool is_in = false;

	reduce(&x, l);
	const int score = lits_score(&x);

	if (score == 0 || (s->n == ACL_SETS_MAX && score <= s->sets[s->n - 1].score) ||
	    (s->n != 0 && score < VALUE_TOO * (int)ACL_LITS_MAX && score <= s->sets[0].score) ||
	    is_known(s, &x))
		return;
	for (unsigned i = 0; i < s->n; i++) {
		const struct acl_lit *v = &s->v[s->sets[i].first];

		if (!is_in && score > s->sets[i].score)
			is_in = append(&all, x.v, x.n, score);
		if (!implies(x.v, x.n, v, s->sets[i].n) &&
		    (all.n == 0 || s->sets[i].score >= VALUE_TOO * (int)ACL_LITS_MAX))
			(void)append(&all, v, s->sets[i].n, s->sets[i].score);
	}
	if (!is_in)
		(void)append(&all, x.v, x.n, score);
	acl_lit_sets_copy(s, &all);
}

static void get_set(const struct acl_lit_sets *s, unsigned i, struct acl_lits *l)
{
	l->n = s->sets[i].n;
	memcpy(l->v, &s->v[s->sets[i].first], l->n * sizeof(l->v[0]));
}

void acl_lit_sets_join(struct acl_lit_sets *to, const struct acl_lit_sets *from)
{
	struct acl_lits l;

	if (to->n == 0) {
		acl_lit_sets_copy(to, from);
		return;
	}
	for (unsigned i = 0; i < from->n; i++) {
		get_set(from, i, &l);
		acl_lit_sets_consider(to, &l);
	}
}

void acl_lit_sets_either(struct acl_lit_sets *to, const struct acl_lit_sets *from)
{
	struct acl_lit_sets both = { .n = 0 };
	struct acl_lits a, b;

	for (unsigned i = 0; i < to->n && i < from->n; i++) {
		get_set(to, i, &a);
		get_set(from, i, &b);
		acl_lits_unite(&a, &b, true);
		acl_lit_sets_consider(&both, &a);
	}
	acl_lit_sets_copy(to, &both);
}
