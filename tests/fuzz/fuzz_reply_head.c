/*
 * Reply heads: pieces give the same as the whole, and what is printed parses to the same head.
 */
#include "http/serialise.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_checks.h"

static void check_printed(const struct http_head *h, struct arena *a)
{
	const size_t size = http_reply_size(h);
	char *const text = check_malloc(size);
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	struct http_head again;
	size_t used = 0;

	CHECK(http_print_reply(text, h) == text + size);
	http_head_init(&again, a);
	CHECK(http_parse_reply(span_of(text, size), size, &scan, &again, &used, &e) ==
	      HTTP_PARSE_OK);
	CHECK(used == size && again.version == 11);
	check_same_head(h, &again);
	free(text);
}

static void check_framing(struct http_head *h, enum http_method method)
{
	struct http_framing f, again;
	struct http_parse_error e;

	if (!http_reply_framing(h, method, &f, &e)) {
		CHECK(e.why == WHY_ORIGIN_BAD_REPLY && e.detail != NULL);
		return;
	}
	if (method != HTTP_GET || f.kind == HTTP_BODY_NONE)
		return;
	http_head_remove_hop_by_hop(h);
	http_head_set_framing(h, &f);
	h->version = 11;
	CHECK(http_reply_framing(h, method, &again, &e));
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
		const enum http_parse r = http_parse_reply(text, limits[i], &scan, &h, &used, &e);

		if (n < 2048)
			check_in_steps(http_parse_reply, text, limits[i], 1, r, used, &e);
		check_in_steps(http_parse_reply, text, limits[i], 7, r, used, &e);
		if (r == HTTP_PARSE_OK) {
			CHECK(h.status >= 100 && h.status <= 999);
			check_printed(&h, &a);
			check_framing(&h, HTTP_HEAD);
			check_framing(&h, HTTP_CONNECT);
			check_framing(&h, HTTP_GET);
		}
		arena_fini(&a);
	}
	return 0;
}
