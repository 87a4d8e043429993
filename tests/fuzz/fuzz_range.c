/*
 * Ranges, one value of Range behind a byte that says how long the body is: what is resolved is what
 * a byte-by-byte reading of the field selects, no byte twice; the layout adds up; Content-Range
 * that parses prints the same.
 */
#include "http/range.h"
#include "tests/fuzz/fuzz.h"

#define LENGTH_MAX 255

static void mark(const struct http_range *r, uint64_t length, bool selected[LENGTH_MAX])
{
	for (uint64_t i = 0; i < length; i++)
		selected[i] |=
			r->is_suffix ? length - i <= r->first : i >= r->first && i <= r->last;
}

static void check_layout(const struct http_part *parts, unsigned n, uint64_t length,
                         struct span type)
{
	struct http_layout l;
	struct arena a;
	uint64_t bytes = 0;
	unsigned part = 0;

	arena_init(&a);
	CHECK(http_layout_make(&l, parts, n, length, type, SPAN("boundary"), &a) == ERR_NONE);
	for (unsigned i = 0; i < l.n; i++) {
		const struct http_piece *const p = &l.pieces[i];

		if (p->text.n != 0) {
			CHECK(p->part.n == 0);
			bytes += p->text.n;
			continue;
		}
		CHECK(part < n && p->part.at == parts[part].at && p->part.n == parts[part].n);
		bytes += p->part.n;
		part++;
	}
	CHECK(part == n && bytes == l.bytes);
	CHECK((n == 1) == (l.content_range.p != NULL) && (n > 1) == (l.content_type.p != NULL));
	arena_fini(&a);
}

static void check_resolved(const struct http_ranges *r, uint64_t length, struct span type)
{
	bool selected[LENGTH_MAX] = { false };
	struct http_part parts[HTTP_RANGES_MAX];
	unsigned n;
	const enum http_ranges_verdict v = http_ranges_resolve(r, length, parts, &n);

	for (unsigned i = 0; i < r->n; i++)
		mark(&r->range[i], length, selected);
	CHECK(n <= r->n && (n != 0) == (v == HTTP_RANGES_PARTIAL));
	for (unsigned i = 0; i < n; i++) {
		CHECK(parts[i].n != 0 && parts[i].at < length &&
		      parts[i].n <= length - parts[i].at);
		for (uint64_t at = parts[i].at; at < parts[i].at + parts[i].n; at++) {
			CHECK(selected[at]);
			selected[at] = false;
		}
	}
	for (uint64_t i = 0; i < length; i++)
		CHECK(!selected[i]);
	if (n != 0)
		check_layout(parts, n, length, type);
	CHECK(v != HTTP_RANGES_IGNORE || length == 0);
}

/* Far from the small numbers nothing wraps. */
static void check_large(const struct http_ranges *r)
{
	struct http_part parts[HTTP_RANGES_MAX];
	unsigned n;
	uint64_t sum = 0;

	(void)http_ranges_resolve(r, INT64_MAX, parts, &n);
	for (unsigned i = 0; i < n; i++) {
		CHECK(parts[i].n != 0 && parts[i].n <= INT64_MAX - parts[i].at);
		sum += parts[i].n;
	}
	CHECK(sum <= INT64_MAX);
	if (n != 0)
		check_layout(parts, n, INT64_MAX, SPAN_NULL);
}

static void check_content_range(struct span text)
{
	struct http_content_range c, again;
	char buf[HTTP_CONTENT_RANGE_MAX];

	if (!http_content_range_parse(text, &c))
		return;
	CHECK(c.is_unsatisfied || (c.part.n != 0 && c.part.at + c.part.n > c.part.at &&
	                           c.part.at + c.part.n <= c.length));
	const char *const end = http_content_range_print(buf, &c);

	CHECK(end <= buf + sizeof(buf));
	CHECK(http_content_range_parse(span_of(buf, (size_t)(end - buf)), &again));
	CHECK(c.is_unsatisfied == again.is_unsatisfied && c.part.at == again.part.at &&
	      c.part.n == again.part.n && c.length == again.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_ranges r;

	if (size == 0)
		return 0;
	const struct span text = span_of((const char *)bytes + 1, size - 1);

	check_content_range(text);
	if (!http_ranges_parse(text, &r))
		return 0;
	CHECK(r.n != 0 && r.n <= HTTP_RANGES_MAX);
	check_resolved(&r, bytes[0], text);
	check_large(&r);
	CHECK(http_ranges_begin_within(&r, -1) && !http_ranges_begin_within(&r, 0));
	return 0;
}
