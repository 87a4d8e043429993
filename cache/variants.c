/*
 * Variants of a URI.
 */
#include "cache/variants.h"

bool store_vary_names(const struct http_head *reply, struct arena *a, struct span *names)
{
	struct span rest = http_head_joined(reply, HTTP_F_VARY), name;
	char *const text = arena_alloc(a, rest.n + 1);
	size_t n = 0;

	while (http_list_next(&rest, &name)) {
		if (span_eq(name, SPAN("*")))
			return false;
		if (n > 0)
			text[n++] = ',';
		for (size_t i = 0; i < name.n; i++)
			text[n++] = ascii_lower(name.p[i]);
	}
	*names = span_of(text, n);
	return true;
}

struct span store_variant_of(struct span names, const struct http_head *request, struct arena *a)
{
	struct span text = SPAN(""), rest = names, name;

	while (http_list_next(&rest, &name)) {
		const struct http_field *const f = http_head_get_named(request, name);

		text = arena_printf(a, "%.*s%.*s:%.*s\n", SPAN_ARG(text), SPAN_ARG(name),
		                    f != NULL ? (int)f->value.n : 0, f != NULL ? f->value.p : "");
	}
	return text;
}

bool cobj_answers(const struct cobj *c, const struct http_head *request)
{
	struct arena a;
	struct span names;

	if (c->variant.n == 0)
		return true;
	arena_init(&a);
	const bool is_right = store_vary_names(&c->head, &a, &names) &&
	                      span_eq(store_variant_of(names, request, &a), c->variant);

	arena_fini(&a);
	return is_right;
}
