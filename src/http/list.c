/*
 * List-valued fields (RFC 9110 5.6.1): elements, tokens, and several fields as one.
 */
#include "http/chars_int.h"
#include "http/head.h"

/* Past the closing quote of a quoted-string that opens at p; `end` if it does not close. */
static const char *quoted_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && ++p == end)
			break;
	}
	return end;
}

bool http_list_next(struct span *rest, struct span *element)
{
	while (rest->n != 0) {
		const char *p = rest->p;
		const char *const end = rest->p + rest->n;

		while (p < end && *p != ',')
			p = *p == '"' ? quoted_end(p, end) : p + 1;
		const struct span piece = span_trim(span_of(rest->p, (size_t)(p - rest->p)));

		*rest = p < end ? span_of(p + 1, (size_t)(end - p) - 1) : SPAN_NULL;
		if (piece.n != 0) {
			*element = piece;
			return true;
		}
	}
	return false;
}

struct span http_head_joined(const struct http_head *h, enum http_field_id id)
{
	const struct http_field *first = http_head_get(h, id);
	size_t bytes = 0;

	if (first == NULL || http_head_count(h, id) == 1)
		return first != NULL ? first->value : SPAN_NULL;
	for (uint32_t i = 0; i < h->n_fields; i++)
		if (h->fields[i].id == id)
			bytes += h->fields[i].value.n + 2;
	char *const text = arena_alloc(h->arena, bytes);
	char *p = text;

	for (uint32_t i = 0; i < h->n_fields; i++) {
		const struct http_field *f = &h->fields[i];

		if (f->id != id)
			continue;
		if (p != text) {
			memcpy(p, ", ", 2);
			p += 2;
		}
		if (f->value.n != 0)
			memcpy(p, f->value.p, f->value.n);
		p += f->value.n;
	}
	return span_of(text, (size_t)(p - text));
}

bool http_head_has_token(const struct http_head *h, enum http_field_id id, struct span token)
{
	if (http_head_get(h, id) == NULL)
		return false;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest = h->fields[i].value, element;

		if (h->fields[i].id != id)
			continue;
		while (http_list_next(&rest, &element))
			if (span_eq_nocase(element, token))
				return true;
	}
	return false;
}
