/*
 * any-of and all-of: acls made of acls. In an any-of all members are alternatives; in an all-of
 * each line is a conjunction and the lines are alternatives.
 *
 * Members must have been declared, but lines can be added to a group later, so circles are
 * possible; they are looked for once all lines are known.
 */
#include "acl/type.h"

#define NEST_MAX 32u

struct member {
	const struct acl *acl;
	bool is_negated, starts_line;
	struct conf_place place;
};

struct group {
	struct member *m;
	size_t n, cap;
};

static void *make(void)
{
	return check_calloc(1, sizeof(struct group));
}

static void release(void *data)
{
	struct group *g = data;

	free(g->m);
	free(g);
}

static size_t count_values(const void *data)
{
	return ((const struct group *)data)->n;
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	struct group *g = a->data;
	const bool is_negated = span_starts(value, SPAN("!"));
	const struct span name = span_skip(value, is_negated);
	const struct acl *member = acl_set_find(p->set, name);

	if (member == NULL) {
		const char *near = acl_set_suggest(p->set, name);

		acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\" is not defined above%s%s%s", a->name,
		           SPAN_ARG(name), near != NULL ? "; did you mean " : "",
		           near != NULL ? near : "", near != NULL ? "?" : "");
		conf_as_squid(p->reader, CONF_SQUID_STOPS);
		return;
	}
	if (g->n == g->cap) {
		g->cap = g->cap != 0 ? g->cap * 2 : 4;
		g->m = check_realloc(g->m, g->cap * sizeof(*g->m));
	}
	g->m[g->n++] = (struct member){ member, is_negated, p->starts_line,
		                        acl_set_place(p->set, p->place) };
}

/* --- matching --------------------------------------------------------------------------------- */

static enum acl_match match_any(const struct group *g, struct acl_eval *e, unsigned depth)
{
	for (size_t i = 0; i < g->n; i++) {
		const enum acl_match m = acl_match(g->m[i].acl, e, depth);

		if (m == ACL_NEED || m == ACL_UNDECIDED)
			return m;
		if ((m == ACL_YES) != g->m[i].is_negated)
			return ACL_YES;
	}
	return ACL_NO;
}

static enum acl_match match_all(const struct group *g, struct acl_eval *e, unsigned depth)
{
	for (size_t i = 0; i < g->n;) {
		bool holds = true;

		do {
			const enum acl_match m = holds ? acl_match(g->m[i].acl, e, depth) : ACL_NO;

			if (m == ACL_NEED || m == ACL_UNDECIDED)
				return m;
			holds = holds && (m == ACL_YES) != g->m[i].is_negated;
		} while (++i < g->n && !g->m[i].starts_line);
		if (holds)
			return ACL_YES;
	}
	return ACL_NO;
}

enum acl_match acl_group_match(const struct acl *a, struct acl_eval *e, unsigned depth)
{
	return a->type->kind == &acl_kind_any_of ? match_any(a->data, e, depth)
	                                         : match_all(a->data, e, depth);
}

/* --- floor ------------------------------------------------------------------------------------ */

bool acl_group_names_address(const struct acl *a, const struct ip *ip)
{
	const struct group *g = a->data;

	for (size_t i = 0; i < g->n; i++)
		if (!g->m[i].is_negated && acl_names_address(g->m[i].acl, ip))
			return true;
	return false;
}

/* --- circles ---------------------------------------------------------------------------------- */

static bool is_group(const struct acl *a)
{
	return a->type->subject == NULL;
}

/* What is wrong with going down into this member; NULL if nothing. */
static const char *member_fault(const struct acl *m, unsigned depth)
{
	if (m->is_visiting)
		return "contains itself";
	return depth + m->height >= NEST_MAX ? "nests groups more than 32 deep" : NULL;
}

static void visit(struct acl_parse *p, struct acl *a, unsigned depth)
{
	unsigned height = 1;

	if (a->height != 0)
		return;
	a->reads = acl_reads_itself(a);
	a->relies_on = (a->type->flags & TYPE_ASKS_WHETHER) == 0 ? a->reads : 0;
	if (!is_group(a)) {
		a->height = 1;
		return;
	}
	struct group *g = a->data;

	a->is_visiting = true;
	for (size_t i = 0; i < g->n; i++) {
		/* The set owns its acls and may change them until it is finished. */
		struct acl *m = (struct acl *)(uintptr_t)g->m[i].acl;
		const char *fault = member_fault(m, depth);

		if (fault == NULL) {
			visit(p, m, depth + 1);
			fault = member_fault(m, depth);
		}
		if (fault != NULL) {
			p->place = g->m[i].place;
			acl_report(p, a, CONF_ERROR, "acl %s: by way of \"%s\" it %s", a->name,
			           m->name, fault);
			g->n = i; /* cut, so that nothing can go round */
			break;
		}
		a->reads |= m->reads;
		a->relies_on |= m->relies_on;
		height = MAX(height, m->height + 1);
	}
	a->height = height;
	a->is_visiting = false;
}

void acl_groups_finish(struct acl_parse *p)
{
	for (size_t i = 0; i < p->set->n; i++)
		visit(p, p->set->acls[i], 0);
}

static enum acl_match match_never(const struct acl *a, const struct acl_subject *s,
                                  struct acl_eval *e)
{
	(void)a;
	(void)s;
	(void)e;
	UNREACHABLE("a group has no subject");
}

static struct span print_nothing(const struct acl_subject *s, struct arena *a)
{
	(void)s;
	(void)a;
	return SPAN("");
}

const struct acl_kind acl_kind_any_of = {
	.make = make,
	.free = release,
	.parse = parse,
	.count = count_values,
	.match = match_never,
	.print = print_nothing,
};

const struct acl_kind acl_kind_all_of = {
	.make = make,
	.free = release,
	.parse = parse,
	.count = count_values,
	.match = match_never,
	.print = print_nothing,
};
