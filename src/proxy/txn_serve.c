/*
 * The steps that make a reply of a stored one: as a whole, in parts, or only that it has not
 * changed.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "base/hash.h"
#include "header/forward.h"
#include "http/condition.h"
#include "http/serialise.h"
#include "proxy/fetch.h"

/* What of the stored reply is sent. */
struct answer {
	unsigned status;
	const struct http_piece *pieces;
	unsigned n_pieces;
	struct http_framing framing; /* of all pieces */
	struct span content_range, content_type;
};

static struct http_framing framing_of(uint64_t bytes)
{
	return bytes == COBJ_LENGTH_UNKNOWN ? (struct http_framing){ HTTP_BODY_CLOSE, 0 }
	                                    : (struct http_framing){ HTTP_BODY_LENGTH, bytes };
}

/* The writer sets the length when the body is whole; until then there is what the head says. */
static uint64_t body_bytes(const struct cobj *c)
{
	uint64_t said;

	if (cobj_state(c) == COBJ_COMPLETE)
		return c->meta.body_bytes;
	return http_said_length(&c->head, &said) ? said : COBJ_LENGTH_UNKNOWN;
}

static void answer_whole(struct txn *t, struct answer *a)
{
	struct http_piece *piece = ARENA_NEW(&t->arena, struct http_piece);
	const uint64_t bytes = body_bytes(t->cache->hit);

	piece->part.n = bytes;
	*a = (struct answer){ .status = t->cache->hit->head.status,
		              .pieces = piece,
		              .n_pieces = 1,
		              .framing = framing_of(bytes) };
}

/* --- conditions ------------------------------------------------------------------------------- */

/* RFC 9110 15.4.5: what the client keeps its copy by. */
static void keep_not_modified(const struct http_head *stored, struct http_head *h, struct arena *a)
{
	*h = *stored;
	h->arena = a;
	h->n_fields = 0;
	h->cap_fields = stored->n_fields;
	h->fields = arena_alloc(a, (stored->n_fields + 1) * sizeof(h->fields[0]));
	for (uint32_t i = 0; i < stored->n_fields; i++)
		if (http_not_modified_carries(stored, &stored->fields[i]))
			h->fields[h->n_fields++] = stored->fields[i];
}

static enum http_condition condition(const struct txn *t)
{
	const struct cobj *c = t->cache->hit;

	/* RFC 9110 13.2.1: only where the reply would be a success. */
	if (c->head.status != 200)
		return HTTP_SEND_WHOLE;
	return http_condition_decide(&t->request, &c->head, c->meta.response_s);
}

/* --- ranges ----------------------------------------------------------------------------------- */

/* Nothing a body could know before it is drawn. */
static struct span boundary(struct txn *t)
{
	const uint64_t id = t->session->id * 1000003u + t->session->n_txns;
	const struct span what = span_of((const char *)&id, sizeof(id));

	return arena_printf(&t->arena, "%016llx%016llx", (unsigned long long)hash_bytes(what),
	                    (unsigned long long)hash_bytes(t->url));
}

static bool answer_parts(struct txn *t, const struct http_part *parts, unsigned n, uint64_t length,
                         struct answer *a)
{
	const struct http_field *type = http_head_get(&t->cache->hit->head, HTTP_F_CONTENT_TYPE);
	struct http_layout l;

	if (http_layout_make(&l, parts, n, length, type != NULL ? type->value : SPAN_NULL,
	                     n > 1 ? boundary(t) : SPAN_NULL, &t->arena) != ERR_NONE)
		return false;
	*a = (struct answer){ .status = 206,
		              .pieces = l.pieces,
		              .n_pieces = l.n,
		              .framing = framing_of(l.bytes),
		              .content_range = l.content_range,
		              .content_type = l.content_type };
	return true;
}

/* Not made of the stored head: nobody may keep it, nor take it for what is stored. */
static void refuse_range(struct txn *t, uint64_t length)
{
	const struct http_content_range range = { .is_unsatisfied = true, .length = length };
	char text[HTTP_CONTENT_RANGE_MAX];
	const char *end = http_content_range_print(text, &range);

	txn_answer_prepare(t, 416, SPAN_NULL, SPAN_NULL);
	http_head_add(&t->reply, HTTP_F_CONTENT_RANGE,
	              arena_dup(&t->arena, span_of(text, (size_t)(end - text))));
}

/* The field does not count for a body of which nobody knows the length yet. */
static enum http_ranges_verdict answer_range(struct txn *t, struct answer *a)
{
	const struct http_field *f = http_head_get(&t->request, HTTP_F_RANGE);
	const uint64_t length = body_bytes(t->cache->hit);
	struct http_part parts[HTTP_RANGES_MAX];
	struct http_ranges ranges;
	unsigned n;

	/* RFC 9110 14.2: for GET only. */
	if (f == NULL || t->request.method != HTTP_GET || length == COBJ_LENGTH_UNKNOWN ||
	    http_head_count(&t->request, HTTP_F_RANGE) != 1 ||
	    !http_ranges_parse(f->value, &ranges))
		return HTTP_RANGES_IGNORE;
	const enum http_ranges_verdict v = http_ranges_resolve(&ranges, length, parts, &n);

	if (v == HTTP_RANGES_UNSATISFIABLE)
		refuse_range(t, length);
	else if (v == HTTP_RANGES_PARTIAL && !answer_parts(t, parts, n, length, a))
		return HTTP_RANGES_IGNORE;
	return v;
}

/* --- the head --------------------------------------------------------------------------------- */

static void set_field(struct http_head *h, enum http_field_id id, struct span value)
{
	if (value.p == NULL)
		return;
	http_head_remove(h, id);
	http_head_add(h, id, value);
}

/* How long it is still fresh, or since when it is stale. */
static int64_t ttl_s(const struct freshness *f)
{
	return f->stale_s >= 0 ? -f->stale_s : f->lifetime_s - f->age_s;
}

void txn_cache_add_status(struct txn *t, struct http_head *h)
{
	const struct txn_cache *c = t->cache;
	const bool is_asked = t->fetch != NULL; /* the origin */
	const struct status_field f = {
		.cache = span_str(t->snapshot->proxy.visible_hostname),
		.hit = !is_asked && c->hit != NULL,
		.fwd = c->fwd,
		.fwd_status = t->result == LOG_TCP_REFRESH_UNMODIFIED ? 304 : 0,
		.has_ttl = !is_asked && c->hit != NULL,
		.ttl_s = ttl_s(&c->freshness),
		.stored = is_asked && c->hit != NULL && c->head == NULL,
		.collapsed = c->is_collapsed,
	};

	http_head_add(h, HTTP_F_CACHE_STATUS, status_field_text(&f, &t->arena));
}

static void make_head(struct txn *t, const struct answer *a, bool has_body)
{
	/* Whose request was sent on gets all of the reply, also what is not kept for others. */
	const struct http_head *stored = t->cache->is_fetched     ? &fetch_reply_of(t->fetch)->head
	                                 : t->cache->head != NULL ? t->cache->head
	                                                          : &t->cache->hit->head;
	struct http_head kept;
	const struct http_framing framing = forward_framing(&a->framing, t->request.version < 11);
	const bool is_304 = a->status == 304;

	t->reply_framing = framing;
	if (!has_body)
		t->reply_framing.kind = HTTP_BODY_NONE;
	if (t->reply_framing.kind == HTTP_BODY_CLOSE || t->worker->is_draining)
		t->keep_alive = false;
	const struct forward_reply f = {
		.conf = &t->snapshot->header,
		.identity = &t->snapshot->identity,
		.framing = is_304 ? NULL : &framing,
		.client_is_1_0 = t->request.version < 11,
		.keep_alive = t->keep_alive,
		.hides_connection_auth = !t->session->port->has_connection_auth,
		.now = loop_wall_us(t->worker->loop) / 1000000,
	};
	struct http_head *h = &t->reply;

	if (is_304)
		keep_not_modified(stored, &kept, &t->arena);
	http_head_init(h, &t->arena);
	forward_reply(is_304 ? &kept : stored, h, &f);
	if (a->status != stored->status) {
		h->status = a->status;
		h->reason = span_str(http_status_phrase(a->status));
	}
	set_field(h, HTTP_F_CONTENT_RANGE, a->content_range);
	set_field(h, HTTP_F_CONTENT_TYPE, a->content_type);
	txn_cache_add_status(t, h);
	/* RFC 9111 5.1 */
	if (!t->cache->is_fetched)
		set_field(h, HTTP_F_AGE,
		          arena_printf(&t->arena, "%lld", (long long)t->cache->freshness.age_s));
}

/* --- the steps -------------------------------------------------------------------------------- */

static void aim(struct txn *t, const struct answer *a)
{
	struct txn_cache *c = t->cache;
	const bool has_body = t->request.method != HTTP_HEAD && a->n_pieces != 0;

	if (has_body && !c->is_fetched && !c->is_collapsed && !cobj_is_in_memory(c->hit))
		c->was_read = true;
	make_head(t, a, has_body);
	txn_facts_set_reply(t, &c->hit->head);
	if (has_body) {
		body_source_fini(&c->source);
		body_source_init_object(&c->source, &c->object, c->hit, t->worker->loop, &t->task,
		                        a->pieces, a->n_pieces);
		t->source = &c->source;
	} else {
		body_source_fini(&t->own_body);
		body_source_init_memory(&t->own_body, SPAN_NULL);
		t->source = &t->own_body;
	}
	cobj_reader_fini(&c->waiter);
}

static struct machine_next not_modified(struct txn *t, enum log_result fresh_as)
{
	const struct answer a = { .status = 304 };

	/* One that was fresh; of a validation, its own code tells more. */
	if (t->result == LOG_TCP_HIT || t->result == LOG_TCP_MEM_HIT)
		t->result = fresh_as;
	aim(t, &a);
	return TXN_GO(REPLY_ACCESS);
}

struct machine_next txn_step_serve(struct txn *t)
{
	struct answer a;

	switch (condition(t)) {
	case HTTP_NOT_MODIFIED_BY_ETAG:
		return not_modified(t, LOG_TCP_INM_HIT);
	case HTTP_NOT_MODIFIED_BY_DATE:
		return not_modified(t, LOG_TCP_IMS_HIT);
	case HTTP_PRECONDITION_FAILED:
		txn_answer_prepare(t, 412, SPAN_NULL, SPAN_NULL);
		return TXN_GO(REPLY_ACCESS);
	case HTTP_USE_RANGE:
		switch (answer_range(t, &a)) {
		case HTTP_RANGES_UNSATISFIABLE:
			return TXN_GO(REPLY_ACCESS);
		case HTTP_RANGES_IGNORE:
			answer_whole(t, &a);
			break;
		case HTTP_RANGES_PARTIAL:
			break;
		}
		break;
	case HTTP_SEND_WHOLE:
		answer_whole(t, &a);
		break;
	}
	aim(t, &a);
	return t->source == &t->own_body ? TXN_GO(REPLY_ACCESS) : TXN_GO(LOAD);
}

/* It may have been moved on the disk meanwhile: one more look, else it is a miss. */
static struct machine_next load_failed(struct txn *t, bool is_over)
{
	struct txn_cache *c = t->cache;

	body_source_fini(&c->source);
	t->source = NULL;
	if (t->fetch != NULL) /* the validation of what cannot be read */
		txn_leave_fetch(t);
	cobj_unref(&c->hit);
	c->head = NULL;
	c->was_read = c->is_fetched = false;
	c->fwd = STATUS_FWD_MISS;
	t->result = LOG_TCP_SWAPFAIL_MISS;
	const bool goes_on = is_over || c->looked_again;

	c->looked_again = true;
	return goes_on ? txn_cache_go_on(t) : TXN_GO(LOOKUP);
}

/*
 * The first bytes of a complete object must be at hand before its head goes out: what a disk cannot
 * read is a miss as long as nobody has seen anything of it.
 */
struct machine_next txn_step_load(struct txn *t)
{
	struct txn_cache *c = t->cache;

	const bool is_over = t->timed_out;

	t->timed_out = false;
	switch (body_source_look(&c->source, t->worker->buffers)) {
	case BODY_MORE:
	case BODY_END:
		return TXN_GO(REPLY_ACCESS);
	case BODY_WAIT:
		if (cobj_state(c->hit) != COBJ_COMPLETE)
			return TXN_GO(REPLY_ACCESS);
		if (!is_over)
			return TXN_WAIT(LOAD);
		break;
	case BODY_FAILED:
		break;
	}
	const enum why why = is_over ? WHY_STORE_READ : c->source.why;

	/* What was just fetched, and then lost by a disk that fails, is fetched once more. */
	if (c->is_fetched && (why != WHY_STORE_READ || c->looked_again)) {
		txn_fail(t, why, SPAN_NULL);
		return TXN_GO(SEND_ERROR);
	}
	return load_failed(t, is_over);
}
