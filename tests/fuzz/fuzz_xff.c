/*
 * X-Forwarded-For, one field a line: the walk gives what splitting the joined list and reading it
 * backwards gives.
 */
#include "header/xff.h"
#include "tests/fuzz/fuzz.h"

#define ELEMENTS_MAX (XFF_HOPS_MAX + 1)

/* The last ELEMENTS_MAX elements of the list, the last one at the end; returns their number. */
static unsigned split(struct span text, struct span last[ELEMENTS_MAX])
{
	unsigned n = 0;
	size_t start = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && strchr(", \t\n", text.p[i]) == NULL)
			continue;
		/* strchr() finds the NUL as well; in a field there is none. */
		if (i > start) {
			if (n == ELEMENTS_MAX)
				memmove(last, last + 1, --n * sizeof(last[0]));
			last[n++] = span_of(text.p + start, i - start);
		}
		start = i + 1;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span text = span_of((const char *)bytes, size), rest = text, last[ELEMENTS_MAX];
	struct arena a;
	struct http_head h;
	struct xff_walk w;
	struct ip got, want;

	if (memchr(bytes, '\0', size) != NULL)
		return 0;
	arena_init(&a);
	http_head_init(&h, &a);
	while (rest.p != NULL)
		http_head_add(&h, HTTP_F_X_FORWARDED_FOR, span_trim(span_cut(&rest, '\n')));
	unsigned n = split(text, last), hops = 0;

	xff_walk_begin(&w, &h);
	while (n > 0 && hops < XFF_HOPS_MAX && ip_parse(last[n - 1], &want)) {
		CHECK(xff_walk_next(&w, &got) && ip_eq(&got, &want));
		n--;
		hops++;
	}
	CHECK(!xff_walk_next(&w, &got));
	CHECK(w.met_nonsense == (n > 0 && hops < XFF_HOPS_MAX));
	arena_fini(&a);
	return 0;
}
