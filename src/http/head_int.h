/*
 * What the files of src/http share about heads beyond head.h.
 */
#pragma once

#include "http/head.h"

/* Double the room for fields; false when memory is out (a client chooses how many there are). */
bool http_head_try_grow(struct http_head *h) MUST_USE;

/* Note that a field of this id is present: `have` may hold too much, never too little. */
static inline void http_head_note(struct http_head *h, enum http_field_id id)
{
	h->have[id / 64] |= UINT64_C(1) << (id % 64);
}

static inline bool http_head_may_have(const struct http_head *h, enum http_field_id id)
{
	return (h->have[id / 64] >> (id % 64) & 1) != 0;
}

/* Whether http_parse_trailers() will take the text; *detail says why not. */
bool http_trailers_are_valid(struct span text, const char **detail) MUST_USE;
