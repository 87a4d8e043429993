/*
 * HTTP/1 heads to bytes: first the exact size, then the text, without a formatter between.
 */
#include "http/serialise.h"

#define REQUEST_VERSION " HTTP/1.1\r\n"
#define REPLY_VERSION   "HTTP/1.1 "

/* Copies of mostly 2 to 40 bytes: fixed-size moves beat a call of memcpy for each. */
static inline char *put(char *to, const char *from, size_t n)
{
	if (n >= 16) {
		char *const tail = to + n - 16;

		if (n > 64)
			return (char *)memcpy(to, from, n) + n;
		const char *const from_tail = from + n - 16;

		for (; to < tail; to += 16, from += 16)
			memcpy(to, from, 16);
		memcpy(tail, from_tail, 16);
		return tail + 16;
	}
	if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
	}
	return to + n;
}

static inline char *put_span(char *to, struct span s)
{
	return put(to, s.p, s.n);
}

static struct span method_of(const struct http_head *h)
{
	return h->method == HTTP_OTHER ? h->method_name : span_str(http_method_text(h->method));
}

size_t http_fields_size(const struct http_head *h)
{
	size_t bytes = 2;

	for (uint32_t i = 0; i < h->n_fields; i++)
		bytes += h->fields[i].name.n + h->fields[i].value.n + sizeof(": \r\n") - 1;
	return bytes;
}

size_t http_request_size(const struct http_head *h, struct span target)
{
	return method_of(h).n + 1 + target.n + sizeof(REQUEST_VERSION) - 1 + http_fields_size(h);
}

size_t http_reply_size(const struct http_head *h)
{
	return sizeof(REPLY_VERSION) - 1 + sizeof("200 \r\n") - 1 + h->reason.n +
	       http_fields_size(h);
}

char *http_print_fields(char *buf, const struct http_head *h)
{
	for (uint32_t i = 0; i < h->n_fields; i++) {
		buf = put_span(buf, h->fields[i].name);
		buf = put(buf, ": ", 2);
		buf = put_span(buf, h->fields[i].value);
		buf = put(buf, "\r\n", 2);
	}
	return put(buf, "\r\n", 2);
}

char *http_print_request(char *buf, const struct http_head *h, struct span target)
{
	buf = put_span(buf, method_of(h));
	*buf++ = ' ';
	buf = put_span(buf, target);
	buf = put_span(buf, SPAN(REQUEST_VERSION));
	return http_print_fields(buf, h);
}

char *http_print_reply(char *buf, const struct http_head *h)
{
	CHECK(h->status >= 100 && h->status <= 999);
	buf = put_span(buf, SPAN(REPLY_VERSION));
	*buf++ = (char)('0' + h->status / 100);
	*buf++ = (char)('0' + h->status / 10 % 10);
	*buf++ = (char)('0' + h->status % 10);
	*buf++ = ' ';
	buf = put_span(buf, h->reason);
	buf = put(buf, "\r\n", 2);
	return http_print_fields(buf, h);
}

static struct span number_text(struct arena *a, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	return arena_dup(a, span_of(digits + at, sizeof(digits) - at));
}

/* Whether the value is this number as number_text() writes it. */
static bool says_length(struct span value, uint64_t length)
{
	uint64_t n;

	return span_to_u64(value, &n) && n == length && (*value.p != '0' || value.n == 1);
}

/* Whether the fields already say what `f` says, and say it once: then nothing need change. */
static bool says_framing(const struct http_head *h, const struct http_framing *f)
{
	const unsigned lengths = http_head_count(h, HTTP_F_CONTENT_LENGTH);
	const unsigned codings = http_head_count(h, HTTP_F_TRANSFER_ENCODING);

	switch (f->kind) {
	case HTTP_BODY_NONE:
	case HTTP_BODY_CLOSE:
		return lengths == 0 && codings == 0;
	case HTTP_BODY_LENGTH:
		return lengths == 1 && codings == 0 &&
		       says_length(http_head_get(h, HTTP_F_CONTENT_LENGTH)->value, f->length);
	case HTTP_BODY_CHUNKED:
		return lengths == 0 && codings == 1 &&
		       span_eq(http_head_get(h, HTTP_F_TRANSFER_ENCODING)->value, SPAN("chunked"));
	}
	UNREACHABLE("framing");
}

void http_head_set_framing(struct http_head *h, const struct http_framing *f)
{
	if (says_framing(h, f))
		return;
	http_head_remove(h, HTTP_F_CONTENT_LENGTH);
	http_head_remove(h, HTTP_F_TRANSFER_ENCODING);
	if (f->kind == HTTP_BODY_LENGTH)
		http_head_add(h, HTTP_F_CONTENT_LENGTH, number_text(h->arena, f->length));
	else if (f->kind == HTTP_BODY_CHUNKED)
		http_head_add(h, HTTP_F_TRANSFER_ENCODING, SPAN("chunked"));
}
