/*
 * Objects: their lives and their heads. Who fills them: fill.c; who reads them: reader.c.
 */
#include "cache/cobj.h"

#include "base/budget.h"
#include "cache/store_int.h"
#include "cache/vary.h"
#include "http/parse.h"

#define COBJ_MAGIC 0xc0b3c7a1u

struct cobj *cobj_new(struct store *s, struct cache_key key, struct span url, enum cobj_state state)
{
	struct cobj *const c = check_calloc(1, sizeof(*c) + url.n);
	char *const text = (char *)(c + 1);

	c->magic = COBJ_MAGIC;
	c->store = s;
	lock_init(&c->lock, LOCK_RANK_COBJ);
	atomic_init(&c->refs, 1);
	atomic_init(&c->state, state);
	atomic_init(&c->is_passing, false);
	list_init(&c->readers);
	memcpy(text, url.p, url.n);
	c->url = span_of(text, url.n);
	c->key = key;
	c->meta.body_bytes = COBJ_LENGTH_UNKNOWN;
	return c;
}

struct cobj *cobj_ref(struct cobj *c)
{
	CHECK_OBJ(c, COBJ_MAGIC);
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

static void destroy(struct cobj *c)
{
	CHECK(c->fill == NULL && c->hold == NULL && c->resident == NULL && c->n_readers == 0);
	cobj_body_unref(&c->body);
	if (c->widened > 0)
		atomic_fetch_sub_explicit(&c->store->widened, c->widened, memory_order_relaxed);
	if (c->texts_bytes > 0)
		budget_give(BUDGET_CACHE, c->texts_bytes);
	free(c->texts);
	lock_fini(&c->lock);
	OBJ_FREE(c, COBJ_MAGIC);
}

void cobj_unref(struct cobj **c)
{
	struct cobj *const mine = *c;

	*c = NULL;
	if (mine == NULL)
		return;
	CHECK_OBJ(mine, COBJ_MAGIC);
	/*
	 * Pairs with store_let_pass(): who sets it while we hold a reference looks at the count
	 * again himself.
	 */
	if (atomic_load_explicit(&mine->is_passing, memory_order_acquire) &&
	    store_release_passing(mine))
		return;
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) == 1)
		destroy(mine);
}

/* --- heads ------------------------------------------------------------------------------------ */

/* The same bytes in the copy; what is not of the original stays. */
static struct span moved(struct span s, struct span from, const char *to)
{
	if (from.p != NULL && s.p >= from.p && s.p <= from.p + from.n)
		s.p = to + (s.p - from.p);
	return s;
}

static char *append(char *at, struct span s)
{
	/* An empty one may have no pointer. */
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

/* One block: the fields, then the texts. `parsed` is of head_text. */
static enum err copy_texts(struct cobj *c, const struct http_head *parsed, struct span head_text,
                           struct span variant, struct span vary)
{
	const size_t fields = parsed->n_fields * sizeof(struct http_field);
	const size_t bytes = fields + head_text.n + variant.n + vary.n;

	if (!budget_take(BUDGET_CACHE, sizeof(*c) + c->url.n + bytes))
		return ERR_NOMEM;
	char *const block = malloc(MAX(bytes, (size_t)1));

	if (block == NULL) {
		budget_give(BUDGET_CACHE, sizeof(*c) + c->url.n + bytes);
		return ERR_NOMEM;
	}
	char *const text = block + fields;
	struct http_field *const f = (struct http_field *)(void *)block;

	append(append(append(text, head_text), variant), vary);
	for (uint32_t i = 0; i < parsed->n_fields; i++) {
		f[i] = parsed->fields[i];
		f[i].name = moved(f[i].name, head_text, text);
		f[i].value = moved(f[i].value, head_text, text);
	}
	c->head = *parsed;
	c->head.reason = moved(parsed->reason, head_text, text);
	c->head.fields = f;
	c->head.cap_fields = parsed->n_fields;
	c->head.arena = NULL;
	c->head_text = span_of(text, head_text.n);
	c->variant = span_of(text + head_text.n, variant.n);
	c->vary = span_of(text + head_text.n + variant.n, vary.n);
	c->texts = block;
	c->texts_bytes = sizeof(*c) + c->url.n + bytes;
	return ERR_NONE;
}

enum err cobj_set_texts(struct cobj *c, struct span head_text, struct span variant,
                        struct span vary)
{
	struct arena a;
	struct http_head parsed;
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	size_t used = 0;
	enum err result = ERR_SYNTAX;

	arena_init(&a);
	http_head_init(&parsed, &a);
	/* A marker has none. */
	if (head_text.n == 0 ||
	    (http_parse_reply(head_text, SIZE_MAX, &scan, &parsed, &used, &e) == HTTP_PARSE_OK &&
	     used == head_text.n))
		result = copy_texts(c, &parsed, head_text, variant, vary);
	arena_fini(&a);
	return result;
}

bool cobj_answers(const struct cobj *c, const struct http_head *request)
{
	char names_buf[VARY_TEXT_MAX], variant_buf[VARY_VARIANT_MAX];
	struct span names, variant;

	if (c->variant.n == 0)
		return true;
	return vary_names(&c->head, names_buf, &names) == VARY_NAMES &&
	       vary_variant(names, request, variant_buf, &variant) && span_eq(variant, c->variant);
}

bool cobj_is_in_memory(const struct cobj *c)
{
	return cobj_state(c) == COBJ_COMPLETE && (c->body == NULL || c->body->placed_bytes == 0);
}

bool cobj_is_renewal(const struct cobj *c, const struct cobj *old)
{
	return c->body != NULL && c->body == old->body;
}

uint64_t cobj_overhead(const struct cobj *c)
{
	/*
	 * Two blocks of malloc and the place in the table; figures of its own bookkeeping are
	 * estimates.
	 */
	return c->texts_bytes + sizeof(struct cobj_resident) + 64;
}

uint64_t cobj_memory(const struct cobj *c)
{
	return cobj_overhead(c) + (c->body != NULL ? cobj_body_memory(c->body) : 0);
}

enum err cobj_restore(struct cobj **out, const struct cobj_parts *parts, struct cobj_body **body)
{
	struct cobj *c = cobj_new(NULL, parts->key, parts->url, COBJ_COMPLETE);
	const enum err e = cobj_set_texts(c, parts->head_text, parts->variant, parts->vary);

	c->meta = parts->meta;
	c->body = *body;
	*body = NULL;
	if (e != ERR_NONE) {
		cobj_unref(&c);
		return e;
	}
	*out = c;
	return ERR_NONE;
}
