/*
 * Looking up: the table, then the index, then a disk; and who leads when there is nothing.
 *
 * What is read from a disk is listed, so a lookup that had to wait begins again and finds it. All
 * who want the same meanwhile wait for the one load.
 */
#include "cache/store.h"

#include "base/counters.h"
#include "cache/load.h"
#include "cache/store_int.h"
#include "cache/vary.h"

/*
 * A marker, what it leads to, and as many once more if they were replaced meanwhile. Then it is a
 * miss.
 */
#define LOADS_MAX 4u

/* --- leading ---------------------------------------------------------------------------------- */

static bool may_have(const struct store_lookup *q, const struct cobj *c)
{
	switch (cobj_state(c)) {
	case COBJ_WAITING:
	case COBJ_FILLING:
		return q->may_join;
	case COBJ_COMPLETE:
		return true;
	case COBJ_RELEASED:
	case COBJ_FAILED:
		break;
	}
	return false;
}

static void found(struct store_lookup *q, struct cobj *c)
{
	q->found = STORE_FOUND;
	q->cobj = c;
	q->is_resident = !cache_key_eq(q->loaded, q->key);
	count(q->is_resident ? COUNT_CACHE_FOUND_IN_MEMORY : COUNT_CACHE_FOUND_ON_DISK);
}

/*
 * A new object for others to join, unless the last reply was not for sharing, or somebody leads
 * already: his will do, or ours stays one that nobody finds before its head is there.
 */
static void miss(struct store_lookup *q, int64_t now_ms)
{
	struct store *const s = q->store;
	struct cobj *other = NULL;

	q->found = STORE_NONE;
	if (!q->may_lead)
		return;
	struct cobj *c = cobj_fill_new(s, q->key, q->url, now_ms);

	c->fill->marker = q->marker;
	q->marker = NULL;
	if (!store_is_marked(s, q->key, now_ms))
		other = store_list_or_find(s, c);
	/* A marker may have come meanwhile. */
	if (other != NULL && may_have(q, other) && !cobj_is_marker(other) &&
	    span_eq(other->url, q->url)) {
		cobj_fill_drop(&c);
		found(q, other);
		return;
	}
	cobj_unref(&other);
	q->cobj = c;
	q->found = STORE_LEADS;
}

/* --- finding ---------------------------------------------------------------------------------- */

enum sight { SEEN, NOWHERE, ON_DISK, WAITS };

/* A body on a disk may be gone: the index knows. It counts the use, too. */
static bool is_there(struct store *s, const struct cobj *c)
{
	struct index_entry e;

	if (cobj_state(c) != COBJ_COMPLETE || c->body == NULL || c->body->placed_bytes == 0)
		return true;
	return cache_index_find(s->dirs.index, c->key, true, &e);
}

/* By q->key: in the table, or on a disk. */
static enum sight look_for_key(struct store_lookup *q, struct loop *l, struct cobj **c)
{
	struct store *const s = q->store;

	*c = store_find(s, q->key, q->url);
	if (*c != NULL) {
		if (is_there(s, *c))
			return SEEN;
		store_unlist(s, *c);
		cobj_unref(c);
	}
	if (!store_dirs_any(&s->dirs) || q->n_loads == LOADS_MAX)
		return NOWHERE;
	switch (store_load(q, l, c)) {
	case OP_READY:
		return *c != NULL ? SEEN : NOWHERE;
	case OP_PENDING:
		return WAITS;
	case OP_IDLE:
	case OP_FAILED:
		break;
	}
	return NOWHERE;
}

/* By way of the URI's marker, if it has one, to the key that this request's reply has. */
static enum sight look(struct store_lookup *q, struct loop *l, struct cobj **c)
{
	char buf[VARY_VARIANT_MAX];
	struct span variant;

	q->key = cache_key_of_uri(&q->store->secret, q->url);
	enum sight sight = look_for_key(q, l, c);

	if (sight != SEEN || !cobj_is_marker(*c))
		return sight;
	/* Too long: it is nobody's variant, and leads for the URI. */
	const bool has_variant = vary_variant((*c)->vary, q->request, buf, &variant);

	if (has_variant)
		q->key = cache_key_of_variant(&q->store->secret, q->url, (*c)->meta.salt, variant);
	cobj_unref(&q->marker);
	q->marker = *c;
	*c = NULL;
	if (!has_variant)
		return NOWHERE;
	sight = look_for_key(q, l, c);
	/* One that is awaited has no variant yet. */
	if (sight == SEEN && cobj_state(*c) != COBJ_WAITING && !span_eq((*c)->variant, variant)) {
		cobj_unref(c);
		sight = NOWHERE;
	}
	return sight;
}

bool store_look(struct store_lookup *q, struct loop *l)
{
	struct cobj *c = NULL;
	const enum sight sight = look(q, l, &c);

	if (sight == WAITS)
		return false;
	if (sight == SEEN && may_have(q, c)) {
		found(q, c);
	} else {
		cobj_unref(&c);
		q->is_vary_miss = q->marker != NULL;
		miss(q, loop_now_ms(l));
	}
	cobj_unref(&q->marker);
	return true;
}

enum op_status store_lookup(struct store_lookup *q, struct loop *l, struct task *waiter)
{
	CHECK_OBJ(q->store, STORE_MAGIC);
	q->op = (struct op){ .status = OP_READY, .loop = l, .waiter = waiter };
	q->cobj = q->marker = NULL;
	q->is_resident = q->read_failed = q->is_vary_miss = false;
	q->loaded = (struct cache_key){ 0, 0 };
	q->n_loads = 0;
	q->wait = NULL;
	if (store_look(q, l))
		return OP_READY;
	op_start(&q->op, l, waiter, store_lookup_cancel);
	return OP_PENDING;
}
