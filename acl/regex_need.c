/*
 * What every match contains: bottom-up, from the parts of an expression to the whole of it.
 *
 * The idea is that of searching code by an index of trigrams: for each part, the texts that its
 * matches can begin and end with are kept as long as they are few, so that what is required also
 * shows where it spans parts: of (^|\.)ads[0-9], the texts ".ads" and START "ads".
 *
 * Whenever texts are about to be cut or dropped, they are first considered as the answer.
 */
#include "acl/regex_need.h"

#define SET_MAX 10u /* of bytes that are told apart */
#define UNROLL  4   /* repetitions that are written out */

#define VALUE_MAX 6u /* bytes of a text beyond which more tell no more */
#define SCORE_MAX (2 * (int)VALUE_MAX + 1)

/* --- texts ---------------------------------------------------------------------------------- */

static bool is_anchor(char c)
{
	return c == ACL_LIT_START || c == ACL_LIT_END;
}

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

	for (; na > 0 && is_anchor(a->s[na - 1]); na--)
		*(a->s[na - 1] == ACL_LIT_START ? &start : &end) = true;
	for (; from < b->n && is_anchor(b->s[from]); from++)
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

static struct acl_lit lit_head(const char *s, unsigned n, unsigned most)
{
	struct acl_lit l = { .n = (uint8_t)MIN(n, most) };

	memcpy(l.s, s, l.n);
	return l;
}

static struct acl_lit lit_tail(const char *s, unsigned n, unsigned most)
{
	return n > most ? lit_head(s + n - most, most, most) : lit_head(s, n, most);
}

static void lits_copy(struct acl_lits *to, const struct acl_lits *from)
{
	to->n = from->n;
	memcpy(to->v, from->v, from->n * sizeof(from->v[0]));
}

/* False: there are too many. */
static bool lits_add(struct acl_lits *l, struct acl_lit one)
{
	for (unsigned i = 0; i < l->n; i++)
		if (lit_eq(&l->v[i], &one))
			return true;
	if (l->n == ACL_LITS_MAX)
		return false;
	l->v[l->n++] = one;
	return true;
}

static void lits_single(struct acl_lits *l, const char *s, unsigned n)
{
	l->n = 1;
	l->v[0] = lit_head(s, n, ACL_LIT_MAX);
}

static bool lits_have_empty(const struct acl_lits *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].n == 0)
			return true;
	return false;
}

/* to becomes to or from, each cut to its head or tail, as short as it takes for all to fit. */
static void lits_unite(struct acl_lits *to, const struct acl_lits *from, bool heads)
{
	for (unsigned most = ACL_LIT_MAX;; most = most > 4 ? 4 : most - 1) {
		struct acl_lits all = { .n = 0 };
		const struct acl_lits *const both[] = { to, from };
		bool fits = true;

		for (unsigned k = 0; k < 2; k++)
			for (unsigned i = 0; i < both[k]->n && fits; i++) {
				const struct acl_lit *l = &both[k]->v[i];

				fits = lits_add(&all, heads ? lit_head(l->s, l->n, most)
				                            : lit_tail(l->s, l->n, most));
			}
		if (fits) {
			lits_copy(to, &all);
			return;
		}
	}
}

/* --- which is the best ---------------------------------------------------------------------- */

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
		anchors += is_anchor(l->s[i]);
		rare += !is_anchor(l->s[i]) && (mask >> i & 1) == 0;
	}
	return (int)(2 * MIN(rare, VALUE_MAX) + (mask != 0 || (rare != 0 && anchors != 0)));
}

static int lits_score(const struct acl_lits *l)
{
	int least = SCORE_MAX;

	for (unsigned i = 0; i < l->n && least > 0; i++)
		least = MIN(least, lit_value(&l->v[i]));
	return l->n != 0 && least > 0 ? least * (int)ACL_LITS_MAX - (int)l->n + 1 : 0;
}

static void consider(struct acl_need *x, const struct acl_lits *l)
{
	const int score = x->score < SCORE_MAX * (int)ACL_LITS_MAX ? lits_score(l) : 0;

	if (score <= x->score)
		return;
	x->score = score;
	lits_copy(&x->best, l);
}

/* --- parts ---------------------------------------------------------------------------------- */

void acl_need_empty(struct acl_need *x)
{
	x->is_exact = x->is_empty_too = true;
	lits_single(&x->pre, "", 0);
	x->suf.n = x->best.n = 0;
	x->score = 0;
}

void acl_need_any(struct acl_need *x, bool is_empty_too)
{
	acl_need_empty(x);
	x->is_exact = false;
	x->is_empty_too = is_empty_too;
	lits_single(&x->suf, "", 0);
}

void acl_need_anchor(struct acl_need *x, char which)
{
	acl_need_empty(x);
	lits_single(&x->pre, &which, 1);
}

void acl_need_byte(struct acl_need *x, unsigned char c)
{
	const char low = ascii_lower((char)c);

	acl_need_any(x, false);
	if (is_anchor(low)) /* as a byte of the text it would be taken for an anchor */
		return;
	x->is_exact = true;
	lits_single(&x->pre, &low, 1);
}

void acl_need_set(struct acl_need *x, const struct acl_byte_set *s)
{
	unsigned n = 0;

	acl_need_any(x, false);
	for (unsigned i = 0; i < ARRAY_LEN(s->w); i++)
		n += (unsigned)__builtin_popcountll(s->w[i]);
	if (n == 0 || n > 2 * SET_MAX || acl_byte_set_has(s, ACL_LIT_START) ||
	    acl_byte_set_has(s, ACL_LIT_END))
		return;
	struct acl_lits all = { .n = 0 };

	for (unsigned c = 0; c < 256; c++) {
		const char low = ascii_lower((char)c);

		if (acl_byte_set_has(s, c) &&
		    (!lits_add(&all, lit_head(&low, 1, 1)) || all.n > SET_MAX))
			return;
	}
	x->is_exact = true;
	lits_copy(&x->pre, &all);
}

/* --- one after the other -------------------------------------------------------------------- */

enum cut { WHOLE, HEADS, TAILS };

/* Each of a with each of b. False: too many, or, if they must be whole, too long. */
static bool lits_cross(struct acl_lits *out, const struct acl_lits *a, const struct acl_lits *b,
                       enum cut cut)
{
	char buf[2 * ACL_LIT_MAX + 2];

	out->n = 0;
	if (a->n * b->n > ACL_LITS_MAX)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		for (unsigned k = 0; k < b->n; k++) {
			const unsigned n = join(buf, &a->v[i], &b->v[k]);

			if (n > ACL_LIT_MAX && cut == WHOLE)
				return false;
			(void)lits_add(out, cut == TAILS ? lit_tail(buf, n, ACL_LIT_MAX)
			                                 : lit_head(buf, n, ACL_LIT_MAX));
		}
	}
	return true;
}

/* Give up knowing exactly what it is. */
static void loosen(struct acl_need *x)
{
	if (!x->is_exact)
		return;
	consider(x, &x->pre);
	x->is_exact = false;
	x->is_empty_too = lits_have_empty(&x->pre);
	lits_copy(&x->suf, &x->pre);
}

/* Nothing more will come before it or after it. */
static void settle(struct acl_need *x)
{
	loosen(x);
	if (x->is_empty_too)
		return;
	consider(x, &x->pre);
	consider(x, &x->suf);
}

static bool concat_exact(struct acl_need *x, const struct acl_need *y)
{
	struct acl_lits both;

	if (!x->is_exact || !y->is_exact || !lits_cross(&both, &x->pre, &y->pre, WHOLE))
		return false;
	lits_copy(&x->pre, &both);
	return true;
}

/* What each match of both has where x ends and y begins. */
static void consider_junction(struct acl_need *x, const struct acl_lits *xs,
                              const struct acl_lits *yp)
{
	struct acl_lits left = { .n = 0 }, right = { .n = 0 }, both;

	for (unsigned i = 0; i < xs->n; i++)
		(void)lits_add(&left, lit_tail(xs->v[i].s, xs->v[i].n, ACL_LIT_MAX / 2));
	for (unsigned i = 0; i < yp->n; i++)
		(void)lits_add(&right, lit_head(yp->v[i].s, yp->v[i].n, ACL_LIT_MAX / 2));
	if (lits_cross(&both, &left, &right, WHOLE))
		consider(x, &both);
}

/* What x and then y begins with. */
static void concat_pre(struct acl_lits *out, const struct acl_need *x, const struct acl_need *y)
{
	if (!x->is_exact) {
		lits_copy(out, &x->pre);
		if (x->is_empty_too)
			lits_unite(out, &y->pre, true);
		return;
	}
	if (!lits_cross(out, &x->pre, &y->pre, HEADS))
		lits_copy(out, &x->pre);
	else if (!y->is_exact && y->is_empty_too)
		lits_unite(out, &x->pre, true);
}

/* What it ends with. */
static void concat_suf(struct acl_lits *out, const struct acl_need *x, const struct acl_need *y)
{
	const struct acl_lits *xs = x->is_exact ? &x->pre : &x->suf;

	if (!y->is_exact) {
		lits_copy(out, &y->suf);
		if (y->is_empty_too)
			lits_unite(out, xs, false);
		return;
	}
	if (!lits_cross(out, xs, &y->pre, TAILS))
		lits_copy(out, &y->pre);
	else if (!x->is_exact && x->is_empty_too)
		lits_unite(out, &y->pre, false);
}

static bool may_be_empty(const struct acl_need *x)
{
	return x->is_exact ? lits_have_empty(&x->pre) : x->is_empty_too;
}

static bool is_full(const struct acl_lits *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].n == ACL_LIT_MAX)
			return true;
	return false;
}

/* What is known of x and of y and not of both together. */
static void consider_lost(struct acl_need *x, const struct acl_need *y)
{
	const bool is_x_there = x->is_exact || !x->is_empty_too;

	if (x->is_exact)
		consider(x, &x->pre);
	else if (is_x_there &&
	         (!y->is_exact || is_full(&x->suf) || x->suf.n * y->pre.n > ACL_LITS_MAX))
		consider(x, &x->suf);
	if (y->is_exact || y->is_empty_too)
		return;
	if (is_x_there)
		consider_junction(x, x->is_exact ? &x->pre : &x->suf, &y->pre);
	else
		consider(x, &y->pre);
}

void acl_need_concat(struct acl_need *x, const struct acl_need *y)
{
	struct acl_lits pre, suf;

	if (y->score > x->score) {
		x->score = y->score;
		lits_copy(&x->best, &y->best);
	}
	if (concat_exact(x, y))
		return;
	const bool is_empty_too = may_be_empty(x) && may_be_empty(y);

	consider_lost(x, y);
	concat_pre(&pre, x, y);
	concat_suf(&suf, x, y);
	lits_copy(&x->pre, &pre);
	lits_copy(&x->suf, &suf);
	x->is_exact = false;
	x->is_empty_too = is_empty_too;
}

/* --- one or the other, and again ------------------------------------------------------------ */

static void need_copy(struct acl_need *to, const struct acl_need *from)
{
	to->is_exact = from->is_exact;
	to->is_empty_too = from->is_empty_too;
	to->score = from->score;
	lits_copy(&to->pre, &from->pre);
	lits_copy(&to->suf, &from->suf);
	lits_copy(&to->best, &from->best);
}

static void forget_best(struct acl_need *x)
{
	x->best.n = 0;
	x->score = 0;
}

void acl_need_alternate(struct acl_need *x, const struct acl_need *other)
{
	struct acl_need y;
	bool fits = x->is_exact && other->is_exact;

	need_copy(&y, other);
	if (fits) {
		need_copy(&y, x);
		for (unsigned i = 0; i < other->pre.n && fits; i++)
			fits = lits_add(&y.pre, other->pre.v[i]);
		if (fits) {
			lits_copy(&x->pre, &y.pre);
			forget_best(x);
			return;
		}
		need_copy(&y, other);
	}
	settle(x);
	settle(&y);
	lits_unite(&x->pre, &y.pre, true);
	lits_unite(&x->suf, &y.suf, false);
	x->is_empty_too = x->is_empty_too || y.is_empty_too;
	if (x->score == 0 || y.score == 0) {
		forget_best(x);
		return;
	}
	lits_unite(&x->best, &y.best, true);
	x->score = lits_score(&x->best);
	if (x->score == 0)
		forget_best(x);
}

/* At least twice: written out as far as it is of use. */
static void unroll(struct acl_need *x, int min, int max)
{
	const int times = MIN(min, UNROLL);
	struct acl_need one;

	need_copy(&one, x);
	for (int i = 1; i < times; i++)
		acl_need_concat(x, &one);
	if (min == times && max == times)
		return;
	loosen(x);
	loosen(&one);
	lits_copy(&x->suf, &one.suf);
}

void acl_need_repeat(struct acl_need *x, int min, int max)
{
	if (max == 0)
		acl_need_empty(x);
	if (max == 0 || (min == 1 && max == 1))
		return;
	if (min == 0 && max == 1 && x->is_exact && lits_add(&x->pre, lit_head("", 0, 0))) {
		forget_best(x);
		return;
	}
	if (min > 1 && x->is_exact) {
		unroll(x, min, max);
		return;
	}
	loosen(x);
	if (min != 0)
		return;
	x->is_empty_too = true;
	forget_best(x);
}

void acl_need_finish(struct acl_need *x, struct acl_lits *lits)
{
	settle(x);
	lits_copy(lits, &x->best);
}
