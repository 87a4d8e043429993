/*
 * The chunked coding (RFC 9112 7.1): a machine of one state a byte for what is not data, and data
 * handed out in the pieces in which it came.
 *
 * Stricter than the grammar: no blanks before ';' or at the end of a chunk-size line, which parsers
 * have read differently from each other. Looser nowhere.
 */
#include "http/body.h"
#include "http/chars_int.h"
#include "http/head_int.h"

#define SIZE_DIGITS_MAX     16u
#define EXTENSION_BYTES_MAX 4096u
#define TRAILER_FIRST_BYTES 256u

enum state {
	SIZE, /* before the first digit; 0, so that a zeroed decoder is a new one */
	SIZE_MORE,
	EXT, /* after ';' */
	EXT_NAME,
	EXT_EQUALS, /* blanks after a name: only '=' or ';' may follow */
	EXT_VALUE,  /* after '=' */
	EXT_TOKEN,
	EXT_QUOTED,
	EXT_ESCAPE,
	EXT_AFTER,  /* after the closing quote */
	EXT_BLANKS, /* blanks after a value: only ';' may follow */
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER, /* at the start of a line */
	TRAILER_LINE,
	TRAILER_LF,
	END_LF,
	END,
	BAD
};

void http_chunked_init(struct http_chunked *c, uint32_t max_trailer_bytes)
{
	*c = (struct http_chunked){ .state = SIZE, .max_trailer_bytes = max_trailer_bytes };
}

void http_chunked_fini(struct http_chunked *c)
{
	free(c->trailer);
	*c = (struct http_chunked){ .state = BAD };
}

static COLD enum state bad(struct http_chunked *c, const char *detail)
{
	c->detail = detail;
	return BAD;
}

/* ---- the line that opens a chunk ---- */

static enum state size_digit(struct http_chunked *c, char byte)
{
	const char low = ascii_lower(byte);
	const unsigned digit = (unsigned)(char_is(byte, CHAR_DIGIT) ? low - '0' : low - 'a' + 10);

	if (++c->size_digits > SIZE_DIGITS_MAX || c->left > INT64_MAX >> 4)
		return bad(c, "a chunk size that is too large");
	c->left = c->left << 4 | digit;
	return SIZE_MORE;
}

static enum state size_byte(struct http_chunked *c, char byte)
{
	if (char_is(byte, CHAR_HEX))
		return size_digit(c, byte);
	if (c->size_digits == 0)
		return bad(c, "a chunk size that does not begin with a hexadecimal digit");
	if (byte == '\r')
		return SIZE_LF;
	if (byte == ';')
		return EXT;
	return bad(c, byte == '\n' ? "a bare LF after a chunk size" : "a byte after a chunk size");
}

static bool is_quoted_text(char byte)
{
	return byte == '\t' || ((uint8_t)byte >= 0x20 && byte != 0x7f);
}

/* The next state in a chunk extension, or BAD. */
static enum state ext_byte(enum state s, char byte)
{
	const bool is_token = char_is(byte, CHAR_TOKEN), is_blank = char_is_blank(byte);

	switch (s) {
	case EXT:
		return is_blank ? EXT : is_token ? EXT_NAME : BAD;
	case EXT_NAME:
		if (is_token)
			return EXT_NAME;
		if (byte == '\r')
			return SIZE_LF;
		__attribute__((fallthrough));
	case EXT_EQUALS:
		return is_blank ? EXT_EQUALS : byte == '=' ? EXT_VALUE : byte == ';' ? EXT : BAD;
	case EXT_VALUE:
		if (byte == '"')
			return EXT_QUOTED;
		return is_blank ? EXT_VALUE : is_token ? EXT_TOKEN : BAD;
	case EXT_TOKEN:
		if (is_token)
			return EXT_TOKEN;
		__attribute__((fallthrough));
	case EXT_AFTER:
		if (byte == '\r')
			return SIZE_LF;
		__attribute__((fallthrough));
	case EXT_BLANKS:
		return is_blank ? EXT_BLANKS : byte == ';' ? EXT : BAD;
	case EXT_QUOTED:
		if (byte == '"')
			return EXT_AFTER;
		return byte == '\\' ? EXT_ESCAPE : is_quoted_text(byte) ? EXT_QUOTED : BAD;
	case EXT_ESCAPE:
		return is_quoted_text(byte) ? EXT_QUOTED : BAD;
	case SIZE:
	case SIZE_MORE:
	case SIZE_LF:
	case DATA:
	case DATA_CR:
	case DATA_LF:
	case TRAILER:
	case TRAILER_LINE:
	case TRAILER_LF:
	case END_LF:
	case END:
	case BAD:
		break;
	}
	UNREACHABLE("chunk extension");
}

static enum state extension(struct http_chunked *c, char byte)
{
	const enum state next = ext_byte((enum state)c->state, byte);

	if (next == BAD)
		return bad(c, "a malformed chunk extension");
	if (++c->ext_bytes > EXTENSION_BYTES_MAX)
		return bad(c, "a chunk extension that is too long");
	return next;
}

static enum state size_end(struct http_chunked *c)
{
	const bool is_last = c->left == 0;

	c->size_digits = 0;
	c->ext_bytes = 0;
	return is_last ? TRAILER : DATA;
}

/* ---- trailers ---- */

static bool trailer_room(struct http_chunked *c, size_t more)
{
	const size_t need = c->trailer_n + more;

	if (need > c->max_trailer_bytes)
		return false;
	if (need <= c->trailer_cap)
		return true;
	const size_t cap =
		MIN(MAX(need * 2, (size_t)TRAILER_FIRST_BYTES), (size_t)c->max_trailer_bytes);
	char *const bigger = realloc(c->trailer, cap);

	if (bigger == NULL)
		return false;
	c->trailer = bigger;
	c->trailer_cap = (uint32_t)cap;
	return true;
}

static bool trailer_keep(struct http_chunked *c, const char *p, size_t n)
{
	if (!trailer_room(c, n))
		return false;
	memcpy(c->trailer + c->trailer_n, p, n);
	c->trailer_n += (uint32_t)n;
	return true;
}

/* A run of a trailer line's text, and the CR that ends it. Field syntax is the parser's business.
 */
static enum state trailer_text(struct http_chunked *c, struct span *in)
{
	const char *const end = in->p + in->n;
	const char *const stop = char_text_end(in->p, end);
	const size_t n = (size_t)(stop - in->p);

	if (n != 0 && !trailer_keep(c, in->p, n))
		return bad(c, "trailers that are too long");
	*in = span_skip(*in, n);
	if (in->n == 0)
		return TRAILER_LINE;
	if (*in->p != '\r')
		return bad(c, "a control byte in a trailer");
	*in = span_skip(*in, 1);
	return TRAILER_LF;
}

static enum state trailer_line_end(struct http_chunked *c)
{
	return trailer_keep(c, "\r\n", 2) ? TRAILER : bad(c, "trailers that are too long");
}

/* The body ends here; it is not whole if its trailers are malformed. */
static enum state trailers_end(struct http_chunked *c)
{
	return http_trailers_are_valid(span_of(c->trailer, c->trailer_n), &c->detail) ? END : BAD;
}

/* ---- the machine ---- */

/* One byte in a state in which exactly one byte is taken. */
static enum state single_byte(struct http_chunked *c, char byte)
{
	switch ((enum state)c->state) {
	case SIZE:
	case SIZE_MORE:
		return size_byte(c, byte);
	case EXT:
	case EXT_NAME:
	case EXT_EQUALS:
	case EXT_VALUE:
	case EXT_TOKEN:
	case EXT_QUOTED:
	case EXT_ESCAPE:
	case EXT_AFTER:
	case EXT_BLANKS:
		return extension(c, byte);
	case SIZE_LF:
		return byte == '\n' ? size_end(c) : bad(c, "a bare CR after a chunk size");
	case DATA_CR:
		return byte == '\r' ? DATA_LF : bad(c, "chunk data that is longer than its size");
	case DATA_LF:
		return byte == '\n' ? SIZE : bad(c, "a bare CR after chunk data");
	case TRAILER_LF:
		return byte == '\n' ? trailer_line_end(c) : bad(c, "a bare CR in a trailer");
	case END_LF:
		return byte == '\n' ? trailers_end(c) : bad(c, "a bare CR after the trailers");
	case DATA:
	case TRAILER:
	case TRAILER_LINE:
	case END:
	case BAD:
		break;
	}
	UNREACHABLE("chunk state");
}

static enum http_chunk take_data(struct http_chunked *c, struct span *in, struct span *data)
{
	*data = span_of(in->p, (size_t)MIN((uint64_t)in->n, c->left));
	*in = span_skip(*in, data->n);
	c->left -= data->n;
	if (c->left == 0)
		c->state = DATA_CR;
	return HTTP_CHUNK_DATA;
}

enum http_chunk http_chunked_decode(struct http_chunked *c, struct span *in, struct span *data)
{
	while (c->state != END && c->state != BAD) {
		if (in->n == 0)
			return HTTP_CHUNK_MORE;
		const char byte = *in->p;
		enum state next;

		if (c->state == DATA)
			return take_data(c, in, data);
		if (c->state == TRAILER_LINE || (c->state == TRAILER && byte != '\r')) {
			next = trailer_text(c, in);
		} else {
			next = c->state == TRAILER ? END_LF : single_byte(c, byte);
			*in = span_skip(*in, 1);
		}
		c->state = (uint8_t)next;
	}
	return c->state == END ? HTTP_CHUNK_END : HTTP_CHUNK_BAD;
}

size_t http_chunk_head(char buf[HTTP_CHUNK_HEAD_MAX], uint64_t n)
{
	unsigned digits = 1;

	CHECK(n != 0);
	while (digits < SIZE_DIGITS_MAX && n >> (4 * digits) != 0)
		digits++;
	for (unsigned i = 0; i < digits; i++)
		buf[i] = "0123456789abcdef"[n >> (4 * (digits - 1 - i)) & 15];
	buf[digits] = '\r';
	buf[digits + 1] = '\n';
	return digits + 2;
}
