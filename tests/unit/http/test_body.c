/*
 * Framing: how long a body is, and which combinations of fields are refused. The request table is
 * the catalogue of known ways to make two parsers disagree.
 */
#include "http/body.h"
#include "tests/unit/unit.h"

static void parse_fields(struct http_head *h, struct arena *a, bool is_reply, const char *start,
                         const char *fields)
{
	struct http_parse_error e = { 0 };
	struct http_scan scan = { 0 };
	size_t used;

	arena_init(a);
	http_head_init(h, a);
	const struct span text = arena_printf(a, "%s\r\nHost: h\r\n%s\r\n", start, fields);
	const enum http_parse r = is_reply ? http_parse_reply(text, 65536, &scan, h, &used, &e)
	                                   : http_parse_request(text, 65536, &scan, h, &used, &e);

	ck_assert_msg(r == HTTP_PARSE_OK, "%s: %s", fields, e.detail);
}

#define CL   "Content-Length: "
#define TE   "Transfer-Encoding: "
#define END  "\r\n"
#define POST "POST / HTTP/1.1"

static const struct {
	const char *name, *start, *fields;
	enum why why; /* WHY_NONE: taken */
	enum http_framing_kind kind;
	uint64_t length;
} requests[] = {
#define TAKEN(name, start, fields, kind, length)                                                   \
	{                                                                                          \
		name, start, fields, WHY_NONE, HTTP_BODY_##kind, length                            \
	}
#define REFUSED(name, start, fields, why)                                                          \
	{                                                                                          \
		name, start, fields, WHY_##why, HTTP_BODY_NONE, 0                                  \
	}
	TAKEN("9112 6.3 (7): neither field", POST, "", NONE, 0),
	TAKEN("9112 6.3 (6): a length", POST, CL "5" END, LENGTH, 5),
	TAKEN("9112 6.2: length 0", POST, CL "0" END, LENGTH, 0),
	TAKEN("9110 8.6: leading zeros are digits", POST, CL "007" END, LENGTH, 7),
	TAKEN("9112 6.3 (5): a list of equal lengths", POST, CL "5, 5" END, LENGTH, 5),
	TAKEN("9112 6.3 (5): equal lengths in two fields", POST, CL "5" END CL "5" END, LENGTH, 5),
	TAKEN("9112 6.3 (5): equal lengths of different spelling", POST, CL "5" END CL "05,5" END,
	      LENGTH, 5),
	TAKEN("9112 6.2: the largest length", POST, CL "9223372036854775807" END, LENGTH,
	      INT64_MAX),
	TAKEN("9112 6.3 (4): chunked", POST, TE "chunked" END, CHUNKED, 0),
	TAKEN("9112 7: codings are case-insensitive", POST, TE "ChunKed" END, CHUNKED, 0),
	TAKEN("9112 6.3: a length with GET", "GET / HTTP/1.1", CL "5" END, LENGTH, 5),
	TAKEN("9112 6.3: a length in HTTP/1.0", "POST / HTTP/1.0", CL "5" END, LENGTH, 5),
	TAKEN("9110 9.3.6: CONNECT", "CONNECT h:1 HTTP/1.1", "", NONE, 0),
	TAKEN("9110 9.3.6: CONNECT that says it has no content", "CONNECT h:1 HTTP/1.1", CL "0" END,
	      NONE, 0),

	REFUSED("9112 6.3 (3): CL.TE", POST, CL "5" END TE "chunked" END, BAD_REQUEST),
	REFUSED("9112 6.3 (3): TE.CL", POST, TE "chunked" END CL "5" END, BAD_REQUEST),
	REFUSED("9112 6.3 (3): CL.TE with length 0", POST, CL "0" END TE "chunked" END,
	        BAD_REQUEST),
	REFUSED("9112 6.3 (3): CL.TE with an unknown coding", POST, CL "5" END TE "x" END,
	        BAD_REQUEST),
	REFUSED("9112 6.3 (5): different lengths in two fields", POST, CL "5" END CL "6" END,
	        BAD_REQUEST),
	REFUSED("9112 6.3 (5): a list of different lengths", POST, CL "5,6" END, BAD_REQUEST),
	REFUSED("9112 6.3 (5): the third length differs", POST, CL "5, 5" END CL "6" END,
	        BAD_REQUEST),
	REFUSED("9112 6.3 (5): an empty length", POST, CL END, BAD_REQUEST),
	REFUSED("9112 6.3 (5): an empty element", POST, CL "5," END, BAD_REQUEST),
	REFUSED("9112 6.3 (5): an empty element before", POST, CL ",5" END, BAD_REQUEST),
	REFUSED("9110 8.6: a plus sign", POST, CL "+5" END, BAD_REQUEST),
	REFUSED("9110 8.6: a minus sign", POST, CL "-5" END, BAD_REQUEST),
	REFUSED("9110 8.6: a fraction", POST, CL "5.0" END, BAD_REQUEST),
	REFUSED("9110 8.6: an exponent", POST, CL "5e1" END, BAD_REQUEST),
	REFUSED("9110 8.6: hexadecimal", POST, CL "0x10" END, BAD_REQUEST),
	REFUSED("9110 8.6: a blank inside", POST, CL "1 0" END, BAD_REQUEST),
	REFUSED("9110 8.6: quotes", POST, CL "\"5\"" END, BAD_REQUEST),
	REFUSED("9110 8.6: a semicolon", POST, CL "5;5" END, BAD_REQUEST),
	REFUSED("9110 8.6: a word", POST, CL "chunked" END, BAD_REQUEST),
	REFUSED("9110 8.6: other digits", POST, CL "\xd9\xa5" END, BAD_REQUEST),
	REFUSED("9112 6.3: a length beyond int64", POST, CL "9223372036854775808" END, BAD_REQUEST),
	REFUSED("9112 6.3: a length beyond uint64", POST, CL "18446744073709551621" END,
	        BAD_REQUEST),
	REFUSED("9112 6.3: a length of many digits", POST, CL "99999999999999999999999999" END,
	        BAD_REQUEST),
	REFUSED("9112 6.1: TE.TE, the same coding twice in a list", POST, TE "chunked, chunked" END,
	        BAD_REQUEST),
	REFUSED("9112 6.1: TE.TE, the same coding in two fields", POST,
	        TE "chunked" END TE "chunked" END, BAD_REQUEST),
	REFUSED("9112 6.1: TE.TE, the second one unknown", POST, TE "chunked" END TE "x" END,
	        BAD_REQUEST),
	REFUSED("9112 6.1: TE.TE, the second one empty", POST, TE "chunked" END TE END,
	        BAD_REQUEST),
	REFUSED("9112 6.1: TE.TE, in another case", POST,
	        TE "chunked" END "transfer-encoding: cow" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): chunked is not last", POST, TE "chunked, identity" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): gzip alone", POST, TE "gzip" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): xchunked", POST, TE "xchunked" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): chunkedx", POST, TE "chunkedx" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): chunk", POST, TE "chunk" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): identity", POST, TE "identity" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): quoted", POST, TE "\"chunked\"" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): two words", POST, TE "x chunked" END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): nothing", POST, TE END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): a comma behind", POST, TE "chunked," END, BAD_REQUEST),
	REFUSED("9112 6.3 (4): a no-break space before", POST,
	        TE "\xa0"
	           "chunked" END,
	        BAD_REQUEST),
	REFUSED("9112 7.1: a parameter", POST, TE "chunked;q=1" END, BAD_REQUEST),
	REFUSED("9112 6.1: a coding before chunked", POST, TE "gzip, chunked" END, BAD_CODING),
	REFUSED("9112 6.1: a coding before chunked, in two fields", POST,
	        TE "gzip" END TE "chunked" END, BAD_CODING),
	REFUSED("9112 6.1: an empty element before chunked", POST, TE ", chunked" END, BAD_CODING),
	REFUSED("9112 6.1: chunked in HTTP/1.0", "POST / HTTP/1.0", TE "chunked" END, BAD_REQUEST),
	REFUSED("9110 9.3.6: CONNECT with a length", "CONNECT h:1 HTTP/1.1", CL "5" END,
	        BAD_REQUEST),
	REFUSED("9110 9.3.6: chunked CONNECT", "CONNECT h:1 HTTP/1.1", TE "chunked" END,
	        BAD_REQUEST),
#undef TAKEN
#undef REFUSED
};

START_TEST(request_framing)
{
	struct http_framing f = { .kind = HTTP_BODY_CLOSE, .length = 77 };
	struct http_parse_error e = { 0 };
	struct http_head h;
	struct arena a;

	parse_fields(&h, &a, false, requests[_i].start, requests[_i].fields);
	const bool ok = http_request_framing(&h, &f, &e);

	ck_assert_msg(ok == (requests[_i].why == WHY_NONE), "%s: %s", requests[_i].name, e.detail);
	if (ok)
		ck_assert_msg(f.kind == requests[_i].kind && f.length == requests[_i].length,
		              "%s: kind %d", requests[_i].name, f.kind);
	else
		ck_assert_msg(e.why == requests[_i].why && e.detail != NULL && f.length == 77,
		              "%s: %s", requests[_i].name, why_row(e.why)->symbol);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *name, *start, *fields;
	enum http_method method;
	bool is_taken;
	enum http_framing_kind kind;
	uint64_t length;
} replies[] = {
#define TAKEN(name, method, start, fields, kind, length)                                           \
	{                                                                                          \
		name, start, fields, HTTP_##method, true, HTTP_BODY_##kind, length                 \
	}
#define REFUSED(name, start, fields)                                                               \
	{                                                                                          \
		name, start, fields, HTTP_GET, false, HTTP_BODY_NONE, 0                            \
	}
#define OK "HTTP/1.1 200 OK"
	TAKEN("9112 6.3 (8): neither field", GET, OK, "", CLOSE, 0),
	TAKEN("9112 6.3 (6): a length", GET, OK, CL "5" END, LENGTH, 5),
	TAKEN("9112 6.3 (4): chunked", GET, OK, TE "chunked" END, CHUNKED, 0),
	TAKEN("9112 6.3 (5): equal lengths", GET, OK, CL "5" END CL "5" END, LENGTH, 5),
	TAKEN("9112 6.3 (8): an error to CONNECT has a body", CONNECT, "HTTP/1.1 502 x", "", CLOSE,
	      0),
	TAKEN("9112 6.3 (1): HEAD", HEAD, OK, CL "5" END, NONE, 0),
	TAKEN("9112 6.3 (1): HEAD, chunked", HEAD, OK, TE "chunked" END, NONE, 0),
	TAKEN("9112 6.3 (1): 100", GET, "HTTP/1.1 100 x", CL "5" END, NONE, 0),
	TAKEN("9112 6.3 (1): 101", GET, "HTTP/1.1 101 x", "", NONE, 0),
	TAKEN("9112 6.3 (1): 204", GET, "HTTP/1.1 204 x", CL "5" END, NONE, 0),
	TAKEN("9112 6.3 (1): 204 with both", GET, "HTTP/1.1 204 x", CL "5" END TE "chunked" END,
	      NONE, 0),
	TAKEN("9112 6.3 (1): 304", GET, "HTTP/1.1 304 x", CL "5" END, NONE, 0),
	TAKEN("9112 6.3 (2): 2xx to CONNECT", CONNECT, OK, CL "5" END, NONE, 0),
	TAKEN("9112 6.3 (8): HTTP/1.0", GET, "HTTP/1.0 200 OK", "", CLOSE, 0),
	TAKEN("9110 15.4.5: 205 has a framing of its own", GET, "HTTP/1.1 205 x", CL "0" END,
	      LENGTH, 0),
	REFUSED("9112 6.3 (3): both fields", OK, CL "5" END TE "chunked" END),
	REFUSED("9112 6.3 (5): different lengths", OK, CL "5" END CL "6" END),
	REFUSED("9112 6.3 (5): a list of different lengths", OK, CL "5, 6" END),
	REFUSED("9110 8.6: a signed length", OK, CL "-1" END),
	REFUSED("9110 8.6: a length beyond int64", OK, CL "9223372036854775808" END),
	REFUSED("9112 6.1: chunked in HTTP/1.0", "HTTP/1.0 200 OK", TE "chunked" END),
	REFUSED("9112 6.1: gzip, chunked, which we did not offer", OK, TE "gzip, chunked" END),
	REFUSED("9112 6.1: identity", OK, TE "identity" END),
	REFUSED("9112 6.1: chunked twice", OK, TE "chunked" END TE "chunked" END),
#undef TAKEN
#undef REFUSED
#undef OK
};

START_TEST(reply_framing)
{
	struct http_framing f = { .kind = HTTP_BODY_NONE };
	struct http_parse_error e = { 0 };
	struct http_head h;
	struct arena a;

	parse_fields(&h, &a, true, replies[_i].start, replies[_i].fields);
	const bool ok = http_reply_framing(&h, replies[_i].method, &f, &e);

	ck_assert_msg(ok == replies[_i].is_taken, "%s: %s", replies[_i].name, e.detail);
	if (ok)
		ck_assert_msg(f.kind == replies[_i].kind && f.length == replies[_i].length,
		              "%s: kind %d", replies[_i].name, f.kind);
	else
		ck_assert_msg(e.why == WHY_ORIGIN_BAD_REPLY && e.detail != NULL, "%s",
		              replies[_i].name);
	arena_fini(&a);
}
END_TEST

Suite *suite_body(void);
Suite *suite_body(void)
{
	Suite *s = suite_create("body");
	TCase *t = tcase_create("body");

	tcase_add_loop_test(t, request_framing, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(t, reply_framing, 0, ARRAY_LEN(replies));
	suite_add_tcase(s, t);
	return s;
}
