/*
 * Ranges of bytes: the Range field against a body's length, Content-Range, and how a reply with
 * several ranges is laid out (RFC 9110 14, 15.3.7). Pure.
 *
 * From the field to what is sent: http_ranges_parse(), http_ranges_resolve(), http_layout_make(),
 * then the pieces of the layout one after the other. Whether the field counts at all is what
 * condition.h decides.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

/*
 * More ranges than that in one request are not served as such: the whole body goes out instead
 * (RFC 9110 14.2 leaves that to the server). Those who read documents or films ask for a few.
 */
#define HTTP_RANGES_MAX 64

/*
 * One range as it was asked for. Numbers beyond 64 bits are UINT64_MAX: behind the end of any body.
 */
struct http_range {
	uint64_t first; /* of a suffix: how many bytes at the end */
	uint64_t last;  /* inclusive; UINT64_MAX: to the end */
	bool is_suffix;
};

struct http_ranges {
	unsigned n; /* at least 1 */
	struct http_range range[HTTP_RANGES_MAX];
};

/*
 * The value of a Range field. False: it must be ignored, because it is malformed (one bad range
 * spoils all, RFC 9110 14.1.1), of another unit than bytes, or has too many ranges.
 */
bool http_ranges_parse(struct span value, struct http_ranges *r) MUST_USE;

/*
 * Squid's range_offset_limit: may a request for these be turned into one for the whole object?
 * limit: how far in the first range may begin; 0: never, -1: always. Where a range counts from the
 * end, only "always" will do.
 */
bool http_ranges_begin_within(const struct http_ranges *r, int64_t limit);

/* A stretch of a body; n is not 0. */
struct http_part {
	uint64_t at, n;
};

enum http_ranges_verdict {
	HTTP_RANGES_IGNORE,        /* 200 and all of it (a suffix of an empty body) */
	HTTP_RANGES_PARTIAL,       /* 206 with the parts */
	HTTP_RANGES_UNSATISFIABLE, /* 416 with "Content-Range: bytes * / length" */
};

/*
 * Against a body of this length. The parts come in the order of the request; those that share bytes
 * become one, at the place of the first of them (RFC 9110 15.3.7.2), so that no byte is sent twice.
 * Those that only touch stay apart: clients that ask for two like to get two.
 */
enum http_ranges_verdict http_ranges_resolve(const struct http_ranges *r, uint64_t length,
                                             struct http_part parts[HTTP_RANGES_MAX], unsigned *n);

/* --- Content-Range (RFC 9110 14.4) ------------------------------------------------------------ */

#define HTTP_LENGTH_UNKNOWN    UINT64_MAX
#define HTTP_CONTENT_RANGE_MAX 72 /* more than the longest value that is printed */

struct http_content_range {
	bool is_unsatisfied; /* "bytes * / length" without blanks: part is not set */
	struct http_part part;
	uint64_t length; /* of the whole; HTTP_LENGTH_UNKNOWN where it says "*" */
};

/*
 * False: malformed, another unit, or numbers that contradict each other. Strict: what is stored
 * depends on it.
 */
bool http_content_range_parse(struct span value, struct http_content_range *c) MUST_USE;
/* Returns the end; no NUL. */
char *http_content_range_print(char buf[HTTP_CONTENT_RANGE_MAX],
                               const struct http_content_range *c);

/* --- layout ----------------------------------------------------------------------------------- */

/* Either text, or (where text.n is 0) a stretch of the body. */
struct http_piece {
	struct span text;
	struct http_part part;
};

struct http_layout {
	const struct http_piece *pieces;
	unsigned n;
	uint64_t bytes; /* all pieces together: the reply's Content-Length */
	/*
	 * Fields of the 206: Content-Range where there is one part, and the object's own
	 * Content-Type stays; where there are several, Content-Type in the place of the object's,
	 * and no Content-Range. The other is SPAN_NULL.
	 */
	struct span content_range, content_type;
};

/* Of RFC 2046's 70, as much as fits without quotes: letters and digits. */
#define HTTP_BOUNDARY_MAX 70

/*
 * Lay out n parts of a body of `length` bytes (below 2^63). boundary: what does not occur in the
 * body (the caller draws it); only used for several parts. content_type: of the whole, SPAN_NULL if
 * it has none. Texts and pieces are in the arena; parts and content_type are not kept. ERR_NOMEM:
 * beyond memory_limit.
 */
enum err http_layout_make(struct http_layout *l, const struct http_part *parts, unsigned n,
                          uint64_t length, struct span content_type, struct span boundary,
                          struct arena *a) MUST_USE;
