/*
 * What concerns one hop only and is taken out before a head is forwarded (RFC 9110 7.6.1).
 */
#include "http/hop.h"

/*
 * Fields that a Connection field cannot take away. A sender must not nominate what is meant for
 * all recipients (RFC 9110 7.6.1); obeying would let it change the framing or the meaning of the
 * content, or hide who asked, behind the back of whoever set the field before.
 */
static bool must_stay(enum http_field_id id)
{
	static const enum http_field_id staying[] = {
		HTTP_F_CACHE_CONTROL,   HTTP_F_CONTENT_ENCODING,
		HTTP_F_CONTENT_LENGTH,  HTTP_F_CONTENT_RANGE,
		HTTP_F_CONTENT_TYPE,    HTTP_F_DATE,
		HTTP_F_FORWARDED,       HTTP_F_HOST,
		HTTP_F_MAX_FORWARDS,    HTTP_F_VIA,
		HTTP_F_X_FORWARDED_FOR,
	};

	for (size_t i = 0; i < ARRAY_LEN(staying); i++)
		if (staying[i] == id)
			return true;
	return false;
}

static void nominate(struct http_nominated *n, struct span option)
{
	const enum http_field_id id = http_field_id_of(option);

	if (id != HTTP_F_OTHER)
		n->known[id] = !must_stay(id);
	else if (span_eq_nocase(option, SPAN("close")))
		return;
	else if (n->n_other < ARRAY_LEN(n->other))
		n->other[n->n_other++] = option;
	else
		n->is_overfull = true;
}

void http_nominated_read(struct http_nominated *n, const struct http_head *h)
{
	memset(n, 0, sizeof(*n));
	if (http_head_get(h, HTTP_F_CONNECTION) == NULL)
		return;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest = h->fields[i].value, option;

		if (h->fields[i].id != HTTP_F_CONNECTION)
			continue;
		while (http_list_next(&rest, &option))
			nominate(n, option);
	}
}

bool http_nominated_has(const struct http_nominated *n, enum http_field_id id, struct span name)
{
	if (id != HTTP_F_OTHER)
		return n->known[id];
	for (size_t i = 0; i < n->n_other; i++)
		if (span_eq_nocase(n->other[i], name))
			return true;
	return n->is_overfull;
}

static bool is_hop_by_hop(const struct http_nominated *n, const struct http_field *f)
{
	return f->id == HTTP_F_TRAILER || (http_field_flags(f->id) & FIELD_HOP) != 0 ||
	       http_nominated_has(n, f->id, f->name);
}

void http_head_remove_hop_by_hop(struct http_head *h)
{
	struct http_nominated n;
	uint32_t kept = 0;

	http_nominated_read(&n, h);
	for (uint32_t i = 0; i < h->n_fields; i++)
		if (!is_hop_by_hop(&n, &h->fields[i]))
			h->fields[kept++] = h->fields[i];
	h->n_fields = kept;
}
