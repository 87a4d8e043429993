/*
 * The chunked decoder: data, extensions, trailers, and every malformed line.
 */
#include "http/body.h"
#include "tests/unit/unit.h"

#define TRAILER_BYTES_MAX 64u

static const struct {
	const char *name, *text;
	size_t n;
	enum http_chunk end;
	const char *data; /* of what is well-formed */
	const char *rest, *trailer;
} cases[] = {
#define END(name, text, data, rest, trailer)                                                       \
	{                                                                                          \
		name, text, sizeof(text) - 1, HTTP_CHUNK_END, data, rest, trailer                  \
	}
#define BAD(name, text)                                                                            \
	{                                                                                          \
		name, text, sizeof(text) - 1, HTTP_CHUNK_BAD, NULL, "", ""                         \
	}
#define MORE(name, text)                                                                           \
	{                                                                                          \
		name, text, sizeof(text) - 1, HTTP_CHUNK_MORE, NULL, "", ""                        \
	}
	END("9112 7.1: an empty body", "0\r\n\r\n", "", "", ""),
	END("9112 7.1: two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", "",
	    ""),
	END("9112 7.1: digits of either case", "00A\r\n0123456789\r\n0a\r\nabcdefghij\r\n0\r\n\r\n",
	    "0123456789abcdefghij", "", ""),
	END("9112 7.1: several zeros", "000\r\n\r\n", "", "", ""),
	END("9112 7.1: sixteen digits", "0000000000000001\r\nx\r\n0\r\n\r\n", "x", "", ""),
	END("9112 7.1: CRLF is data within a chunk", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", "",
	    ""),
	END("9112 7.1: what follows is left", "0\r\n\r\nGET /", "", "GET /", ""),
	END("9112 7.1.1: an extension", "1;a\r\nx\r\n0;b\r\n\r\n", "x", "", ""),
	END("9112 7.1.1: extensions with values", "1;a=b;c=d;e\r\nx\r\n0\r\n\r\n", "x", "", ""),
	END("9112 7.1.1: a quoted value", "1;a=\"b;\\\"\\\\ \t\xff\"\r\nx\r\n0\r\n\r\n", "x", "",
	    ""),
	END("9112 7.1.1: blanks that are allowed", "1; a = b ; c = \"d\" ;e\r\nx\r\n0\r\n\r\n", "x",
	    "", ""),
	END("9112 7.1.2: trailers", "0\r\nA: b\r\nC:d\r\n\r\nrest", "", "rest", "A: b\r\nC:d\r\n"),

	BAD("9112 7.1: no size", "\r\n"),
	BAD("9112 7.1: a minus sign", "-1\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a plus sign", "+1\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: 0x", "0x1\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: 0x10", "0x10\r\n0123456789abcdef\r\n0\r\n\r\n"),
	BAD("9112 7.1: a blank before the size", " 1\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a tab before the size", "\t1\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a blank after the size", "1 \r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a tab after the size", "1\t\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a blank after the last size", "0 \r\n\r\n"),
	BAD("9112 7.1: a blank before the extension (BWS)", "1 ;a\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a NUL after the size", "1\0\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: an underscore in the size", "1_0\r\n"),
	BAD("9112 7.1: a comma in the size", "1,0\r\n"),
	BAD("9112 7.1: a letter beyond f", "g\r\n"),
	BAD("9112 7.1: an empty line between chunks", "1\r\nx\r\n\r\n0\r\n\r\n"),
	BAD("9112 2.2: a bare LF after the size", "1\nx\r\n0\r\n\r\n"),
	BAD("9112 2.2: a bare CR after the size", "1\rx\r\n0\r\n\r\n"),
	BAD("9112 2.2: CR CR LF after the size", "1\r\r\nx\r\n0\r\n\r\n"),
	BAD("9112 2.2: a bare LF after the data", "1\r\nx\n0\r\n\r\n"),
	BAD("9112 2.2: a bare CR after the data", "1\r\nx\r0\r\n\r\n"),
	BAD("9112 2.2: a bare LF at the end", "0\r\n\n"),
	BAD("9112 2.2: a bare CR at the end", "0\r\n\rX"),
	BAD("9112 7.1: more data than the size", "1\r\nxy\r\n0\r\n\r\n"),
	BAD("9112 7.1: less data than the size", "3\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: seventeen digits", "00000000000000001\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1: a size beyond int64", "8000000000000000\r\n"),
	BAD("9112 7.1: a size of all ones", "ffffffffffffffff\r\n"),
	BAD("9112 7.1: a size that wraps around", "10000000000000001\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: an empty extension", "1;\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: an extension without a name", "1;=b\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: an extension without a value", "1;a=\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a blank at the end of an extension", "1;a \r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a blank at the end of a value", "1;a=b \r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: two names", "1;a b\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a bare LF in an extension", "1;a\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a bare LF after the semicolon", "1;\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a bare CR in an extension", "1;a\rb\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a bare LF in a quoted value", "1;a=\"\n\"\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: CRLF in a quoted value", "1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: an escaped LF", "1;a=\"\\\n\"\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: a NUL in an extension", "1;a\0\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.1: bytes after a quoted value", "1;a=\"b\"c\r\nx\r\n0\r\n\r\n"),
	BAD("9112 7.1.2: a bare LF in a trailer", "0\r\nA: b\n\r\n"),
	BAD("9112 7.1.2: a bare CR in a trailer", "0\r\nA: b\rC: d\r\n\r\n"),
	BAD("9112 7.1.2: a NUL in a trailer", "0\r\nA: \0\r\n\r\n"),
	BAD("9112 7.1.2: a blank before a trailer's colon", "0\r\nA : b\r\n\r\n"),
	BAD("9112 7.1.2: a trailer without a colon", "0\r\nA\r\n\r\n"),
	BAD("9112 7.1.2: a trailer without a name", "0\r\n: b\r\n\r\n"),
	BAD("9112 7.1.2: obs-fold in a trailer", "0\r\nA: b\r\n c\r\n\r\n"),
	BAD("9112 7.1.2: a blank at the start of the first trailer", "0\r\n A: b\r\n\r\n"),
	BAD("trailers beyond the limit", "0\r\nA: 0123456789012345678901234567890123456789012345678"
	                                 "901234567890\r\n\r\n"),

	MORE("half a size", "1"),
	MORE("no data yet", "5\r\n"),
	MORE("half a chunk", "5\r\nhel"),
	MORE("no last chunk", "5\r\nhello\r\n"),
	MORE("no end of trailers", "0\r\n"),
	MORE("half an end", "0\r\n\r"),
	MORE("half a trailer", "0\r\nA: b"),
	MORE("the largest size", "7fffffffffffffff\r\nx"),
#undef END
#undef BAD
#undef MORE
};

static enum http_chunk decode(struct http_chunked *c, struct span *in, char *out, size_t *n)
{
	struct span data;
	enum http_chunk r;

	while ((r = http_chunked_decode(c, in, &data)) == HTTP_CHUNK_DATA) {
		ck_assert_uint_ne(data.n, 0);
		memcpy(out + *n, data.p, data.n);
		*n += data.n;
	}
	return r;
}

static void check_case(int i, size_t step)
{
	struct span rest = span_of(cases[i].text, cases[i].n);
	enum http_chunk r = HTTP_CHUNK_MORE;
	struct http_chunked c;
	char out[256];
	size_t n = 0;

	http_chunked_init(&c, TRAILER_BYTES_MAX);
	while (r == HTTP_CHUNK_MORE && rest.n != 0) {
		struct span piece = span_of(rest.p, MIN(step, rest.n));
		const size_t size = piece.n;

		r = decode(&c, &piece, out, &n);
		rest = span_skip(rest, size - piece.n);
	}
	ck_assert_msg(r == cases[i].end, "%s: %d (%s)", cases[i].name, r, c.detail);
	ck_assert_msg((r == HTTP_CHUNK_BAD) == (c.detail != NULL), "%s", cases[i].name);
	if (r == HTTP_CHUNK_END) {
		ck_assert_span(span_of(out, n), span_str(cases[i].data));
		ck_assert_span(rest, span_str(cases[i].rest));
		ck_assert_span(span_of(c.trailer, c.trailer_n), span_str(cases[i].trailer));
	}
	http_chunked_fini(&c);
}

START_TEST(bodies_are_decoded_strictly)
{
	check_case(_i, SIZE_MAX);
}
END_TEST

START_TEST(bodies_are_decoded_a_byte_at_a_time)
{
	check_case(_i, 1);
}
END_TEST

START_TEST(bad_and_end_are_final)
{
	struct span in = SPAN("g0\r\n\r\n"), data;
	struct http_chunked c;

	http_chunked_init(&c, 0);
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_BAD);
	in = SPAN("0\r\n\r\n");
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_BAD);
	http_chunked_fini(&c);

	http_chunked_init(&c, 0);
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_END);
	in = SPAN("x");
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_END);
	ck_assert_uint_eq(in.n, 1);
	http_chunked_fini(&c);
}
END_TEST

START_TEST(extensions_are_limited_by_chunk)
{
	char text[5000];
	struct http_chunked c;
	struct span in, data;

	memset(text, 'a', sizeof(text));
	memcpy(text, "1;", 2);
	memcpy(text + 4096, "\r\nx\r\n1;", 7);
	in = span_of(text, sizeof(text));
	http_chunked_init(&c, 0);
	/* 4095 bytes after the size, then the same count begins anew */
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_DATA);
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_MORE);
	memset(text, 'a', sizeof(text));
	in = span_of(text, sizeof(text));
	ck_assert_int_eq(http_chunked_decode(&c, &in, &data), HTTP_CHUNK_BAD);
	http_chunked_fini(&c);
}
END_TEST

static const struct {
	uint64_t n;
	const char *text;
} heads[] = {
	{ 1, "1\r\n" },
	{ 15, "f\r\n" },
	{ 16, "10\r\n" },
	{ 65536, "10000\r\n" },
	{ 0xabcdef, "abcdef\r\n" },
	{ UINT64_MAX, "ffffffffffffffff\r\n" },
};

START_TEST(chunk_heads_are_printed)
{
	char buf[HTTP_CHUNK_HEAD_MAX];

	ck_assert_span(span_of(buf, http_chunk_head(buf, heads[_i].n)), span_str(heads[_i].text));
}
END_TEST

Suite *suite_chunked(void);
Suite *suite_chunked(void)
{
	Suite *s = suite_create("chunked");
	TCase *t = tcase_create("chunked");

	tcase_add_loop_test(t, bodies_are_decoded_strictly, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, bodies_are_decoded_a_byte_at_a_time, 0, ARRAY_LEN(cases));
	tcase_add_test(t, bad_and_end_are_final);
	tcase_add_test(t, extensions_are_limited_by_chunk);
	tcase_add_loop_test(t, chunk_heads_are_printed, 0, ARRAY_LEN(heads));
	suite_add_tcase(s, t);
	return s;
}
