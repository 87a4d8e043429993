/*
 * Values that are domain names (domain_set.h). Lists may overlap in any order: what another entry
 * covers is merged, and one note says how many were.
 */
#include "acl/domain_set.h"
#include "acl/type.h"

static void *make(void)
{
	return acl_domains_new();
}

static void release(void *data)
{
	struct acl_domains *s = data;

	acl_domains_free(&s);
}

static size_t count_values(const void *data)
{
	return acl_domains_count(data);
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	const char *why;

	if (!acl_domains_add(a->data, value, &why)) {
		acl_report(p, a, CONF_WARNING, "acl %s: \"%.*s\" %s", a->name, SPAN_ARG(value),
		           why);
		conf_as_squid(p->reader, CONF_SQUID_TAKES);
	}
}

static void finish(struct acl *a, struct acl_parse *p)
{
	(void)p;
	acl_domains_finish(a->data);
}

static void summarise(const struct acl *a, struct acl_parse *p)
{
	const struct acl_domains **sets = check_calloc(a->n_files + 1, sizeof(sets[0]));

	sets[0] = a->data;
	for (size_t i = 0; i < a->n_files; i++)
		sets[i + 1] = acl_file_values(a, i)->data;
	const size_t merged = acl_domains_merged(sets, a->n_files + 1);

	free(sets);
	if (merged != 0) {
		acl_report(p, NULL, CONF_NOTE, "acl %s: %zu of %zu names are covered by others",
		           a->name, merged, acl_count(a));
		conf_as_squid(p->reader, "warns of each, but refuses (up to version 6) where the "
		                         "longer name stands first");
	}
}

/* Most lists of a policy look at the same host. */
static const struct acl_domain_key *key_of(struct acl_eval *e, struct span host)
{
	if (e->host_key.host.p != host.p || e->host_key.host.n != host.n)
		acl_domain_key_init(&e->host_key, host);
	return &e->host_key;
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	return acl_domains_has_key(a->data, key_of(e, s->text)) ? ACL_YES : ACL_NO;
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	return arena_dup(a, s->text);
}

static struct span entry(const struct acl *acl, const struct acl_subject *s, struct acl_eval *e,
                         struct arena *a)
{
	struct span name;
	bool is_below;

	if (!acl_domains_find(acl->data, key_of(e, s->text), &name, &is_below))
		return SPAN_NULL;
	return arena_printf(a, "%s%.*s", is_below ? "." : "", SPAN_ARG(name));
}

const struct acl_kind acl_kind_domains = {
	.has_files = true,
	.make = make,
	.free = release,
	.parse = parse,
	.finish = finish,
	.summarise = summarise,
	.count = count_values,
	.match = match,
	.print = print,
	.entry = entry,
};
