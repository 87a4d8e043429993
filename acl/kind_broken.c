/*
 * Kinds without values: what stands in for an acl that could not be understood, and types that take
 * none.
 */
#include "acl/type.h"

static void *make(void)
{
	return NULL;
}

static void release(void *data)
{
	(void)data;
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	(void)a;
	(void)p;
	(void)value;
}

static size_t count_values(const void *data)
{
	(void)data;
	return 1;
}

static enum acl_match match_broken(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	(void)a;
	(void)s;
	e->detail = "an acl could not be understood";
	return ACL_UNDECIDED;
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	(void)s;
	(void)a;
	return SPAN("");
}

const struct acl_kind acl_kind_broken = {
	.make = make,
	.free = release,
	.parse = parse,
	.count = count_values,
	.match = match_broken,
	.print = print,
};

static void parse_unwanted(struct acl *a, struct acl_parse *p, struct span value)
{
	acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\": type %s takes no values", a->name,
	           SPAN_ARG(value), a->type->name);
}

/* There is something to compare only where it matches. */
static enum acl_match match_always(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	(void)a;
	(void)s;
	(void)e;
	return ACL_YES;
}

const struct acl_kind acl_kind_nothing = {
	.make = make,
	.free = release,
	.parse = parse_unwanted,
	.count = count_values,
	.match = match_always,
	.print = print,
};
