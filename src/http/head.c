/*
 * Message heads: methods, and the fields as an array in the order of the wire.
 */
#include "http/head.h"

#include "http/chars_int.h"
#include "http/head_int.h"

#define FIRST_FIELDS 32u /* enough for what browsers and package managers send */

/* ---- methods ---- */

static const struct span method_names[] = { { "", 0 },
#define X(m) { #m, sizeof(#m) - 1 },
	                                    HTTP_METHODS(X)
#undef X
};

const char *http_method_text(enum http_method m)
{
	CHECK(m < ARRAY_LEN(method_names));
	return method_names[m].p;
}

enum http_method http_method_of(struct span name)
{
	for (unsigned m = 1; m < ARRAY_LEN(method_names); m++)
		if (span_eq(method_names[m], name))
			return (enum http_method)m;
	return HTTP_OTHER;
}

bool http_method_is_safe(enum http_method m)
{
	switch (m) {
	case HTTP_GET:
	case HTTP_HEAD:
	case HTTP_OPTIONS:
	case HTTP_TRACE:
	case HTTP_PROPFIND: /* RFC 4918 9.1 */
	case HTTP_REPORT:   /* RFC 3253 3.6 */
	case HTTP_SEARCH:   /* RFC 5323 2.2 */
		return true;
	case HTTP_OTHER:
	case HTTP_POST:
	case HTTP_PUT:
	case HTTP_DELETE:
	case HTTP_CONNECT:
	case HTTP_PATCH:
	case HTTP_PURGE:
	case HTTP_PROPPATCH:
	case HTTP_MKCOL:
	case HTTP_COPY:
	case HTTP_MOVE:
	case HTTP_LOCK:
	case HTTP_UNLOCK:
		return false;
	}
	UNREACHABLE("method");
}

bool http_method_is_idempotent(enum http_method m)
{
	switch (m) {
	case HTTP_GET:
	case HTTP_HEAD:
	case HTTP_OPTIONS:
	case HTTP_TRACE:
	case HTTP_PUT:
	case HTTP_DELETE:
	case HTTP_PROPFIND: /* here and below: the IANA method registry */
	case HTTP_PROPPATCH:
	case HTTP_MKCOL:
	case HTTP_COPY:
	case HTTP_MOVE:
	case HTTP_UNLOCK:
	case HTTP_REPORT:
	case HTTP_SEARCH:
		return true;
	case HTTP_PURGE: /* not registered: nobody promises anything */
	case HTTP_OTHER:
	case HTTP_POST:
	case HTTP_CONNECT:
	case HTTP_PATCH:
	case HTTP_LOCK:
		return false;
	}
	UNREACHABLE("method");
}

/* ---- fields ---- */

void http_head_init(struct http_head *h, struct arena *a)
{
	*h = (struct http_head){
		.arena = a,
		.fields = arena_alloc(a, FIRST_FIELDS * sizeof(struct http_field)),
		.cap_fields = FIRST_FIELDS,
	};
}

bool http_head_try_grow(struct http_head *h)
{
	const uint32_t cap = h->cap_fields * 2;
	struct http_field *more = arena_try_alloc(h->arena, cap * sizeof(*more));

	if (more == NULL)
		return false;
	memcpy(more, h->fields, h->n_fields * sizeof(*more));
	h->fields = more;
	h->cap_fields = cap;
	return true;
}

static void append(struct http_head *h, struct http_field f)
{
	if (h->n_fields == h->cap_fields)
		CHECK(http_head_try_grow(h));
	h->fields[h->n_fields++] = f;
	http_head_note(h, f.id);
}

void http_head_add(struct http_head *h, enum http_field_id id, struct span value)
{
	CHECK(id != HTTP_F_OTHER);
	append(h, (struct http_field){ http_field_name(id), value, id });
}

void http_head_add_named(struct http_head *h, struct span name, struct span value)
{
	append(h, (struct http_field){ name, value, http_field_id_of(name) });
}

const struct http_field *http_head_get(const struct http_head *h, enum http_field_id id)
{
	CHECK(id != HTTP_F_OTHER);
	if (!http_head_may_have(h, id))
		return NULL;
	for (uint32_t i = 0; i < h->n_fields; i++)
		if (h->fields[i].id == id)
			return &h->fields[i];
	return NULL;
}

const struct http_field *http_head_get_named(const struct http_head *h, struct span name)
{
	const enum http_field_id id = http_field_id_of(name);

	if (id != HTTP_F_OTHER)
		return http_head_get(h, id);
	for (uint32_t i = 0; i < h->n_fields; i++)
		if (h->fields[i].id == HTTP_F_OTHER && span_eq_nocase(h->fields[i].name, name))
			return &h->fields[i];
	return NULL;
}

unsigned http_head_count(const struct http_head *h, enum http_field_id id)
{
	unsigned n = 0;

	if (!http_head_may_have(h, id))
		return 0;
	for (uint32_t i = 0; i < h->n_fields; i++)
		n += h->fields[i].id == id;
	return n;
}

unsigned http_head_remove(struct http_head *h, enum http_field_id id)
{
	uint32_t kept = 0;

	CHECK(id != HTTP_F_OTHER);
	if (!http_head_may_have(h, id))
		return 0;
	for (uint32_t i = 0; i < h->n_fields; i++)
		if (h->fields[i].id != id)
			h->fields[kept++] = h->fields[i];
	const unsigned removed = h->n_fields - kept;

	h->n_fields = kept;
	return removed;
}

bool http_is_token(struct span s)
{
	return s.n != 0 && char_class_end(s.p, s.p + s.n, CHAR_TOKEN) == s.p + s.n;
}
