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
#define KEPT    3u  /* bytes of a full text that go on to meet what comes next */

/* --- parts ------------------------------------------------------------------------------------ */

void acl_need_empty(struct acl_need *x)
{
	x->is_exact = x->is_empty_too = true;
	acl_lits_single(&x->pre, "", 0);
	x->suf.n = x->sets.n = 0;
}

void acl_need_any(struct acl_need *x, bool is_empty_too)
{
	acl_need_empty(x);
	x->is_exact = false;
	x->is_empty_too = is_empty_too;
	acl_lits_single(&x->suf, "", 0);
}

void acl_need_anchor(struct acl_need *x, char which)
{
	acl_need_empty(x);
	acl_lits_single(&x->pre, &which, 1);
}

void acl_need_byte(struct acl_need *x, unsigned char c)
{
	const char low = ascii_lower((char)c);

	acl_need_any(x, false);
	if (acl_lit_is_anchor(low)) /* as a byte of the text it would be taken for an anchor */
		return;
	x->is_exact = true;
	acl_lits_single(&x->pre, &low, 1);
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
		    (!acl_lits_add(&all, acl_lit_head(&low, 1, 1)) || all.n > SET_MAX))
			return;
	}
	x->is_exact = true;
	acl_lits_copy(&x->pre, &all);
}

/* --- one after the other ---------------------------------------------------------------------- */

/* Give up knowing exactly what it is. */
static void loosen(struct acl_need *x)
{
	if (!x->is_exact)
		return;
	acl_lit_sets_consider(&x->sets, &x->pre);
	x->is_exact = false;
	x->is_empty_too = acl_lits_have_empty(&x->pre);
	acl_lits_copy(&x->suf, &x->pre);
}

/* Nothing more will come before it or after it. */
static void settle(struct acl_need *x)
{
	loosen(x);
	if (x->is_empty_too)
		return;
	acl_lit_sets_consider(&x->sets, &x->pre);
	acl_lit_sets_consider(&x->sets, &x->suf);
}

static bool concat_exact(struct acl_need *x, const struct acl_need *y)
{
	struct acl_lits both;

	if (!x->is_exact || !y->is_exact || !acl_lits_cross(&both, &x->pre, &y->pre, CUT_NONE))
		return false;
	acl_lits_copy(&x->pre, &both);
	return true;
}

/* What each match of both has where x ends and y begins. */
static void consider_junction(struct acl_need *x, const struct acl_lits *xs,
                              const struct acl_lits *yp)
{
	struct acl_lits left = { .n = 0 }, right = { .n = 0 }, both;

	for (unsigned i = 0; i < xs->n; i++)
		(void)acl_lits_add(&left, acl_lit_tail(xs->v[i].s, xs->v[i].n, ACL_LIT_MAX / 2));
	for (unsigned i = 0; i < yp->n; i++)
		(void)acl_lits_add(&right, acl_lit_head(yp->v[i].s, yp->v[i].n, ACL_LIT_MAX / 2));
	if (acl_lits_cross(&both, &left, &right, CUT_NONE))
		acl_lit_sets_consider(&x->sets, &both);
}

/* What x and then y begins with. */
static void concat_pre(struct acl_lits *out, const struct acl_need *x, const struct acl_need *y)
{
	if (!x->is_exact) {
		acl_lits_copy(out, &x->pre);
		if (x->is_empty_too)
			acl_lits_unite(out, &y->pre, true);
		return;
	}
	if (!acl_lits_cross(out, &x->pre, &y->pre, CUT_TO_HEADS))
		acl_lits_copy(out, &x->pre);
	else if (!y->is_exact && y->is_empty_too)
		acl_lits_unite(out, &x->pre, true);
}

/* What it ends with. xs: what x ends with. */
static void concat_suf(struct acl_lits *out, const struct acl_need *x, const struct acl_lits *xs,
                       const struct acl_need *y)
{
	if (!y->is_exact) {
		acl_lits_copy(out, &y->suf);
		if (y->is_empty_too)
			acl_lits_unite(out, xs, false);
		return;
	}
	if (!acl_lits_cross(out, xs, &y->pre, CUT_TO_TAILS))
		acl_lits_copy(out, &y->pre);
	else if (!x->is_exact && x->is_empty_too)
		acl_lits_unite(out, &y->pre, false);
}

static bool may_be_empty(const struct acl_need *x)
{
	return x->is_exact ? acl_lits_have_empty(&x->pre) : x->is_empty_too;
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
		acl_lit_sets_consider(&x->sets, &x->pre);
	else if (is_x_there &&
	         (!y->is_exact || is_full(&x->suf) || x->suf.n * y->pre.n > ACL_LITS_MAX))
		acl_lit_sets_consider(&x->sets, &x->suf);
	if (y->is_exact || y->is_empty_too)
		return;
	if (is_x_there)
		consider_junction(x, x->is_exact ? &x->pre : &x->suf, &y->pre);
	else
		acl_lit_sets_consider(&x->sets, &y->pre);
}

/* Full texts were considered; what is left of them does not repeat them. */
static void tails_of(struct acl_lits *out, const struct acl_need *x)
{
	const struct acl_lits *xs = x->is_exact ? &x->pre : &x->suf;
	const unsigned most = is_full(xs) ? KEPT : ACL_LIT_MAX;

	out->n = 0;
	for (unsigned i = 0; i < xs->n; i++)
		(void)acl_lits_add(out, acl_lit_tail(xs->v[i].s, xs->v[i].n, most));
}

void acl_need_concat(struct acl_need *x, const struct acl_need *y)
{
	struct acl_lits pre, suf, xs;

	acl_lit_sets_join(&x->sets, &y->sets);
	if (concat_exact(x, y))
		return;
	const bool is_empty_too = may_be_empty(x) && may_be_empty(y);

	consider_lost(x, y);
	tails_of(&xs, x);
	concat_pre(&pre, x, y);
	concat_suf(&suf, x, &xs, y);
	acl_lits_copy(&x->pre, &pre);
	acl_lits_copy(&x->suf, &suf);
	x->is_exact = false;
	x->is_empty_too = is_empty_too;
}

/* --- one or the other, and again -------------------------------------------------------------- */

static void need_copy(struct acl_need *to, const struct acl_need *from)
{
	to->is_exact = from->is_exact;
	to->is_empty_too = from->is_empty_too;
	acl_lits_copy(&to->pre, &from->pre);
	acl_lits_copy(&to->suf, &from->suf);
	acl_lit_sets_copy(&to->sets, &from->sets);
}

static bool alternate_exact(struct acl_need *x, const struct acl_need *y)
{
	struct acl_lits both;
	bool fits = x->is_exact && y->is_exact;

	acl_lits_copy(&both, &x->pre);
	for (unsigned i = 0; fits && i < y->pre.n; i++)
		fits = acl_lits_add(&both, y->pre.v[i]);
	if (!fits)
		return false;
	acl_lits_copy(&x->pre, &both);
	x->sets.n = 0;
	return true;
}

void acl_need_alternate(struct acl_need *x, const struct acl_need *y)
{
	struct acl_need other;

	if (alternate_exact(x, y))
		return;
	need_copy(&other, y);
	settle(x);
	settle(&other);
	acl_lits_unite(&x->pre, &other.pre, true);
	acl_lits_unite(&x->suf, &other.suf, false);
	x->is_empty_too = x->is_empty_too || other.is_empty_too;
	acl_lit_sets_either(&x->sets, &other.sets);
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
	acl_lits_copy(&x->suf, &one.suf);
}

void acl_need_repeat(struct acl_need *x, int min, int max)
{
	if (max == 0)
		acl_need_empty(x);
	if (max == 0 || (min == 1 && max == 1))
		return;
	if (min == 0 && max == 1 && x->is_exact && acl_lits_add(&x->pre, acl_lit_head("", 0, 0))) {
		x->sets.n = 0;
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
	x->sets.n = 0;
}

void acl_need_finish(struct acl_need *x, struct acl_lit_sets *sets)
{
	settle(x);
	acl_lit_sets_copy(sets, &x->sets);
}
