/*
 * Sets of wanted fields, and their texts in a record: a length and the bytes, one after the other.
 */
#include "log/fields.h"

#include "log/ring_int.h"

#define ABSENT UINT32_MAX

size_t log_fields_need(struct log_fields *f, enum log_field_kind kind, struct span name)
{
	f->kinds |= 1u << kind;
	if (kind >= LOG_FIELD_RULE)
		return 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].kind == kind &&
		    (name.n == 0 ? f->v[i].name == NULL
		                 : f->v[i].name != NULL && span_eq(span_str(f->v[i].name), name)))
			return i;
	f->v = check_realloc(f->v, (f->n + 1) * sizeof(f->v[0]));
	f->v[f->n] = (struct log_field){ kind, name.n != 0 ? span_strdup(name) : NULL };
	return f->n++;
}

void log_fields_fini(struct log_fields *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].name);
	free(f->v);
	*f = (struct log_fields){ 0 };
}

bool log_fields_is_single(struct span name)
{
	static const struct span singles[] = {
		SPAN("age"),
		SPAN("authorization"),
		SPAN("content-length"),
		SPAN("content-location"),
		SPAN("content-md5"),
		SPAN("content-range"),
		SPAN("content-type"),
		SPAN("cookie"),
		SPAN("date"),
		SPAN("etag"),
		SPAN("expires"),
		SPAN("from"),
		SPAN("host"),
		SPAN("if-modified-since"),
		SPAN("if-range"),
		SPAN("last-modified"),
		SPAN("location"),
		SPAN("max-forwards"),
		SPAN("mime-version"),
		SPAN("origin"),
		SPAN("proxy-authenticate"),
		SPAN("proxy-authorization"),
		SPAN("range"),
		SPAN("referer"),
		SPAN("retry-after"),
		SPAN("server"),
		SPAN("set-cookie"),
		SPAN("user-agent"),
		SPAN("www-authenticate"),
	};

	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		if (span_eq_nocase(singles[i], name))
			return true;
	return false;
}

/* --- packing ---------------------------------------------------------------------------------- */

bool log_pack_begin(struct log_pack *k, struct arena *a, size_t texts_bytes, size_t n_texts)
{
	const size_t cap = texts_bytes + n_texts * sizeof(uint32_t);

	*k = (struct log_pack){ .cap = MIN(cap, (size_t)LOG_TEXT_MAX) };
	k->p = arena_try_alloc(a, k->cap + 1);
	return k->p != NULL;
}

void log_pack_put(struct log_pack *k, struct span text)
{
	uint32_t n = ABSENT;

	if (k->cap - k->n < sizeof(n))
		return;
	if (text.p != NULL)
		n = (uint32_t)MIN(text.n, k->cap - k->n - sizeof(n));
	memcpy(k->p + k->n, &n, sizeof(n));
	k->n += sizeof(n);
	if (n == ABSENT || n == 0)
		return;
	memcpy(k->p + k->n, text.p, n);
	k->n += n;
}

struct span log_pack_end(const struct log_pack *k)
{
	return span_of(k->p, k->n);
}

struct span log_pack_get(struct span packed, size_t i)
{
	for (;; i--) {
		uint32_t n;

		if (packed.n < sizeof(n))
			return SPAN_NULL;
		memcpy(&n, packed.p, sizeof(n));
		packed = span_skip(packed, sizeof(n));
		if (i == 0)
			return n <= packed.n ? span_of(packed.p, n) : SPAN_NULL;
		if (n != ABSENT)
			packed = span_skip(packed, n);
	}
}
