/*
 * Which request headers select among the replies of one URI (RFC 9111 4.1), and what they say.
 *
 * Pure.
 */
#pragma once

#include "http/head.h"

#define VARY_NAMES_MAX   32 /* so many fields may be named; a reply that names more is not stored */
#define VARY_TEXT_MAX    1024 /* bytes of their names, with commas */
#define VARY_VARIANT_MAX 8192 /* bytes of what one request says in them */

enum vary {
	VARY_NONE,    /* there is no Vary, or it names nothing */
	VARY_NAMES,   /* *names is set */
	VARY_UNUSABLE /* "*", X-Forwarded-For, no field's name, or too many: no request but the same
	                 one will do */
};

/*
 * The names in all of a reply's Vary fields: in lower case, sorted, each once, with commas
 * between: two that mean the same are the same text. In buf.
 */
enum vary vary_names(const struct http_head *reply, char buf[VARY_TEXT_MAX], struct span *text);
/* It is not VARY_UNUSABLE. */
bool vary_is_usable(const struct http_head *reply);
/*
 * What a request says in the named fields, one line for each; a field that is missing is told
 * from one that is empty. Several lines of a field are one list. The fields of content
 * negotiation are compared as what they mean: blanks, and case and order where they mean nothing,
 * are made alike; others byte for byte. What Connection takes away does not count: the origin has
 * not seen it. False: longer than VARY_VARIANT_MAX.
 */
bool vary_variant(struct span names, const struct http_head *request, char buf[VARY_VARIANT_MAX],
                  struct span *variant) MUST_USE;
