/*
 * Message framing: from the fields of a head to where its body ends (RFC 9112 6.3).
 *
 * Whatever two parsers could read differently is refused, in requests and in replies.
 */
#include "http/body.h"

static bool refuse(struct http_parse_error *e, enum why why, const char *detail)
{
	*e = (struct http_parse_error){ .why = why, .detail = detail };
	return false;
}

/*
 * One Content-Length value: digits, or a list of equal numbers, which is what a proxy that joined
 * repeated fields leaves behind (RFC 9112 6.3 (5)). *length holds the number of the values before
 * unless is_first.
 */
static bool length_value(struct span value, bool is_first, uint64_t *length, const char **detail)
{
	struct span rest = value;

	do {
		const struct span piece = span_trim(span_cut(&rest, ','));
		uint64_t n = 0;

		if (!span_to_u64(piece, &n) || n > INT64_MAX) {
			*detail = "a Content-Length that is no number, or too large";
			return false;
		}
		if (!is_first && n != *length) {
			*detail = "different Content-Length values";
			return false;
		}
		*length = n;
		is_first = false;
	} while (rest.p != NULL);
	return true;
}

static bool length_of(const struct http_head *h, bool *is_present, uint64_t *length,
                      const char **detail)
{
	*is_present = false;
	if (http_head_get(h, HTTP_F_CONTENT_LENGTH) == NULL)
		return true;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		if (h->fields[i].id != HTTP_F_CONTENT_LENGTH)
			continue;
		if (!length_value(h->fields[i].value, !*is_present, length, detail))
			return false;
		*is_present = true;
	}
	return true;
}

/*
 * How Transfer-Encoding is wrong, if it is not exactly one field saying "chunked". Where chunked is
 * not what comes last the length cannot be known (RFC 9112 6.3 (4.3): 400); otherwise it is a
 * coding in front of it that we do not know (RFC 9112 6.1: 501).
 */
static enum why coding_fault(const struct http_head *h, const char **detail)
{
	struct span last = SPAN_NULL;
	unsigned chunked = 0;

	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest = h->fields[i].value;

		if (h->fields[i].id != HTTP_F_TRANSFER_ENCODING)
			continue;
		do {
			last = span_trim(span_cut(&rest, ','));
			chunked += span_eq_nocase(last, SPAN("chunked"));
		} while (rest.p != NULL);
	}
	if (chunked == 1 && span_eq_nocase(last, SPAN("chunked"))) {
		*detail = "a transfer coding other than chunked";
		return WHY_BAD_CODING;
	}
	*detail = chunked > 1 ? "chunked more than once"
	                      : "a Transfer-Encoding that does not end with chunked";
	return WHY_BAD_REQUEST;
}

/* The framing that the fields say, whatever kind of message it is. */
static bool fields_framing(const struct http_head *h, struct http_framing *f, enum why malformed,
                           struct http_parse_error *e)
{
	const unsigned codings = http_head_count(h, HTTP_F_TRANSFER_ENCODING);
	const char *detail = NULL;
	bool has_length;
	uint64_t length = 0;

	if (!length_of(h, &has_length, &length, &detail))
		return refuse(e, malformed, detail);
	if (codings == 0) {
		f->kind = has_length ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
		f->length = length;
		return true;
	}
	if (has_length) /* RFC 9112 6.3 (3): an attempt to smuggle */
		return refuse(e, malformed, "both Content-Length and Transfer-Encoding");
	if (h->version < 11) /* RFC 9112 6.1: framing is faulty */
		return refuse(e, malformed, "Transfer-Encoding in an HTTP/1.0 message");
	if (codings != 1 ||
	    !span_eq_nocase(http_head_get(h, HTTP_F_TRANSFER_ENCODING)->value, SPAN("chunked"))) {
		const enum why why = coding_fault(h, &detail);

		return refuse(e, malformed == WHY_BAD_REQUEST ? why : malformed, detail);
	}
	*f = (struct http_framing){ .kind = HTTP_BODY_CHUNKED };
	return true;
}

bool http_said_length(const struct http_head *h, uint64_t *length)
{
	const char *detail;
	bool is_present;

	return http_head_get(h, HTTP_F_TRANSFER_ENCODING) == NULL &&
	       length_of(h, &is_present, length, &detail) && is_present;
}

bool http_request_framing(const struct http_head *h, struct http_framing *f,
                          struct http_parse_error *e)
{
	struct http_framing found = { .kind = HTTP_BODY_NONE };

	if (!fields_framing(h, &found, WHY_BAD_REQUEST, e))
		return false;
	if (h->method == HTTP_CONNECT) {
		/*
		 * RFC 9110 9.3.6: CONNECT has no content. Some clients say so by "Content-Length:
		 * 0"; anything else would be read as the first bytes of the tunnel by some and not
		 * by others.
		 */
		if (found.kind == HTTP_BODY_CHUNKED || found.length != 0)
			return refuse(e, WHY_BAD_REQUEST, "a CONNECT with a body");
		found.kind = HTTP_BODY_NONE;
	}
	*f = found;
	return true;
}

bool http_reply_framing(const struct http_head *h, enum http_method request_method,
                        struct http_framing *f, struct http_parse_error *e)
{
	struct http_framing found = { .kind = HTTP_BODY_NONE };
	const bool is_tunnel = request_method == HTTP_CONNECT && h->status / 100 == 2;

	/* RFC 9112 6.3 (1) and (2) */
	if (request_method == HTTP_HEAD || is_tunnel || h->status / 100 == 1 || h->status == 204 ||
	    h->status == 304) {
		*f = found;
		return true;
	}
	if (!fields_framing(h, &found, WHY_ORIGIN_BAD_REPLY, e))
		return false;
	if (found.kind == HTTP_BODY_NONE)
		found.kind = HTTP_BODY_CLOSE; /* RFC 9112 6.3 (8) */
	*f = found;
	return true;
}
