/*
 * Values that are port numbers: 443 or 1025-65535. A URL without a port has port 0.
 */
#include "acl/type.h"

struct range {
	uint16_t first, last;
};

struct ports {
	struct range *r;
	size_t n, cap, n_values;
};

static void *make(void)
{
	return check_calloc(1, sizeof(struct ports));
}

static void release(void *data)
{
	struct ports *s = data;

	free(s->r);
	free(s);
}

static size_t count_values(const void *data)
{
	return ((const struct ports *)data)->n_values;
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	struct ports *s = a->data;
	struct span rest = value;
	const struct span first = span_cut(&rest, '-');
	uint64_t from, to;

	if (!span_to_u64(first, &from) || !span_to_u64(rest.p != NULL ? rest : first, &to) ||
	    from > 65535 || to > 65535 || from > to) {
		acl_report(
			p, a, CONF_ERROR,
			"acl %s: bad port \"%.*s\": accepted are numbers from 0 to 65535 and ranges"
			" such as 1025-65535",
			a->name, SPAN_ARG(value));
		conf_as_squid(p->reader, CONF_SQUID_STOPS);
		return;
	}
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 4;
		s->r = check_realloc(s->r, s->cap * sizeof(*s->r));
	}
	s->r[s->n++] = (struct range){ (uint16_t)from, (uint16_t)to };
	s->n_values++;
}

static int range_cmp(const void *a, const void *b)
{
	return ((const struct range *)a)->first - ((const struct range *)b)->first;
}

static void finish(struct acl *a, struct acl_parse *p)
{
	struct ports *s = a->data;
	size_t n = 0;

	(void)p;
	if (s->n == 0)
		return;
	qsort(s->r, s->n, sizeof(*s->r), range_cmp);
	for (size_t i = 1; i < s->n; i++) {
		if (s->r[i].first <= s->r[n].last + 1)
			s->r[n].last = MAX(s->r[n].last, s->r[i].last);
		else
			s->r[++n] = s->r[i];
	}
	s->n = n + 1;
}

static const struct range *find(const struct ports *s, unsigned port)
{
	const struct range *at = s->r;
	size_t n = s->n;

	while (n > 1) {
		const size_t half = n / 2;

		at = at[half].first <= port ? at + half : at;
		n -= half;
	}
	return n != 0 && at->first <= port && port <= at->last ? at : NULL;
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	(void)e;
	return find(a->data, s->number) != NULL ? ACL_YES : ACL_NO;
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	return arena_printf(a, "%u", s->number);
}

static struct span entry(const struct acl *acl, const struct acl_subject *s, struct acl_eval *e,
                         struct arena *a)
{
	const struct range *r = find(acl->data, s->number);

	(void)e;
	if (r == NULL)
		return SPAN_NULL;
	return r->first == r->last ? arena_printf(a, "%u", r->first)
	                           : arena_printf(a, "%u-%u", r->first, r->last);
}

const struct acl_kind acl_kind_ports = {
	.make = make,
	.free = release,
	.parse = parse,
	.finish = finish,
	.count = count_values,
	.match = match,
	.print = print,
	.entry = entry,
};
