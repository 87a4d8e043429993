/*
 * Request heads: pieces give the same as the whole, what is printed parses to the same head, and
 * framing and hop-by-hop removal hold for whatever parses.
 */
#include "http/serialise.h"
#include "http/uri.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_checks.h"

static void check_printed(const struct http_head *h, struct arena *a)
{
	const size_t size = http_request_size(h, h->target);
	char *const text = check_malloc(size);
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	struct http_head again;
	size_t used = 0;

	CHECK(http_print_request(text, h, h->target) == text + size);
	http_head_init(&again, a);
	if (h->version == 10 && http_head_get(h, HTTP_F_HOST) == NULL) {
		free(text); /* 1.1 is printed, which needs a Host */
		return;
	}
	CHECK(http_parse_request(span_of(text, size), size, &scan, &again, &used, &e) ==
	      HTTP_PARSE_OK);
	CHECK(used == size && again.version == 11 && span_eq(again.target, h->target));
	check_same_head(h, &again);
	free(text);
}

static void check_framing(struct http_head *h)
{
	struct http_framing f, again;
	struct http_parse_error e;

	if (!http_request_framing(h, &f, &e)) {
		CHECK(e.why == WHY_BAD_REQUEST || e.why == WHY_BAD_CODING);
		return;
	}
	http_head_remove_hop_by_hop(h);
	CHECK(http_head_get(h, HTTP_F_CONNECTION) == NULL);
	CHECK(http_head_get(h, HTTP_F_TRANSFER_ENCODING) == NULL);
	http_head_set_framing(h, &f);
	h->version = 11;
	CHECK(http_request_framing(h, &again, &e));
	CHECK(again.kind == f.kind && again.length == f.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const size_t limits[] = { 64, 65536 };
	const struct span text = span_of((const char *)bytes, n);

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct http_scan scan = { 0 };
		struct http_parse_error e = { 0 };
		struct http_head h;
		struct arena a;
		size_t used = 0;

		arena_init(&a);
		http_head_init(&h, &a);
		const enum http_parse r = http_parse_request(text, limits[i], &scan, &h, &used, &e);

		if (n < 2048) /* every byte of it is a parse from the start at worst */
			check_in_steps(http_parse_request, text, limits[i], 1, r, used, &e);
		check_in_steps(http_parse_request, text, limits[i], 7, r, used, &e);
		if (r == HTTP_PARSE_OK) {
			CHECK(used <= limits[i] && used <= n && http_is_token(h.method_name));
			check_printed(&h, &a);
			check_framing(&h);
		}
		arena_fini(&a);
	}
	return 0;
}
