/*
 * Cache-Control: whatever stands there, numbers stay in their bounds, and what restricts is never
 * lost by what stands before it.
 */
#include "cache/control.h"
#include "tests/fuzz/fuzz.h"

/* Each line is a field. */
static void parse(struct span text, struct span more, struct control *c, struct arena *a)
{
	struct http_head h;
	struct span rest = text;

	http_head_init(&h, a);
	h.status = 200;
	while (rest.p != NULL) {
		const struct span line = span_cut(&rest, '\n');
		const struct span joined = arena_printf(a, "%.*s%.*s", SPAN_ARG(line),
		                                        SPAN_ARG(rest.p == NULL ? more : SPAN("")));

		http_head_add(&h, HTTP_F_CACHE_CONTROL, joined);
	}
	control_parse(&h, c);
}

static void check_seconds(const struct control *c, uint32_t bit, int64_t seconds)
{
	CHECK(seconds >= 0);
	CHECK(control_has(c, bit) || seconds == 0);
	CHECK(seconds <= CONTROL_SECONDS_MAX || (bit == CONTROL_MAX_STALE && seconds == INT64_MAX));
}

static void check(const struct control *c)
{
	check_seconds(c, CONTROL_MAX_AGE, c->max_age_s);
	check_seconds(c, CONTROL_S_MAXAGE, c->s_maxage_s);
	check_seconds(c, CONTROL_MIN_FRESH, c->min_fresh_s);
	check_seconds(c, CONTROL_MAX_STALE, c->max_stale_s);
	check_seconds(c, CONTROL_STALE_WHILE_REVALIDATE, c->stale_while_revalidate_s);
	check_seconds(c, CONTROL_STALE_IF_ERROR, c->stale_if_error_s);
	CHECK(c->private_of.n <= CONTROL_LISTS_MAX && c->no_cache_of.n <= CONTROL_LISTS_MAX);
	CHECK(control_has(c, CONTROL_PRIVATE_OF) == (c->private_of.n != 0));
	CHECK(control_has(c, CONTROL_NO_CACHE_OF) == (c->no_cache_of.n != 0));
	CHECK(control_has(c, CONTROL_FIELD));
	/* What says how long a reply is good cannot be left out of it. */
	CHECK(!control_names(&c->private_of, SPAN("cache-control")));
	CHECK(!control_names(&c->no_cache_of, SPAN("Content-Type")));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct span text = span_of((const char *)bytes, n);
	const uint32_t restricting = CONTROL_NO_STORE | CONTROL_NO_CACHE | CONTROL_PRIVATE |
	                             CONTROL_MUST_REVALIDATE | CONTROL_PROXY_REVALIDATE;
	struct control c, more;
	struct arena a;

	if (n > 4096)
		return 0;
	arena_init(&a);
	parse(text, SPAN(""), &c, &a);
	check(&c);
	parse(text, SPAN(", no-store, private, max-age=7"), &more, &a);
	check(&more);
	/* Behind a quote that is not closed nothing can be read, which counts as no-store. */
	CHECK(control_has(&more, CONTROL_NO_STORE));
	if (!control_has(&c, CONTROL_NO_STORE)) {
		CHECK((more.bits & c.bits & restricting) == (c.bits & restricting));
		CHECK(control_has(&more, CONTROL_PRIVATE));
		CHECK(more.max_age_s <= 7);
		CHECK(!control_has(&c, CONTROL_MAX_AGE) || more.max_age_s <= c.max_age_s);
	}
	arena_fini(&a);
	return 0;
}
