/*
 * Host names among values that are addresses. What they stand for is looked up each time when a
 * configuration is loaded, by who loads it: also for names in list files that were not read again.
 */
#include "acl/type.h"

struct acl_host_value {
	char *name;
	struct conf_place place; /* the file's name is the acl's set's, or the list file's */
};

void acl_host_add(struct acl *a, struct acl_parse *p, struct span name)
{
	struct acl_host_value v = { .name = check_malloc(name.n + 1) };

	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		v.name[i] = ascii_lower(name.p[i]);
	v.name[name.n] = '\0';
	v.place = p->file != NULL ? acl_file_place(p->file, p->place.line)
	                          : acl_set_place(p->set, p->place);
	/* The room follows from their number: it doubles at each power of two. */
	if ((a->n_hosts & (a->n_hosts - 1)) == 0)
		a->hosts = check_realloc(a->hosts, MAX(a->n_hosts * 2, (size_t)1) * sizeof(v));
	a->hosts[a->n_hosts++] = v;
}

void acl_hosts_release(struct acl *a)
{
	for (size_t i = 0; i < a->n_hosts; i++)
		free(a->hosts[i].name);
	free(a->hosts);
	a->hosts = NULL;
	a->n_hosts = 0;
}

/* --- looking them up -------------------------------------------------------------------------- */

/* All names of a set, those of an acl next to each other. */
struct gathered {
	struct acl_host *hosts;
	const struct acl_host_value **values;
	size_t n, cap;
};

static void gather_values(struct gathered *g, const struct acl *values)
{
	for (size_t i = 0; i < values->n_hosts; i++) {
		if (g->n == g->cap) {
			g->cap = g->cap != 0 ? g->cap * 2 : 16;
			g->hosts = check_realloc(g->hosts, g->cap * sizeof(g->hosts[0]));
			g->values = check_realloc(g->values, g->cap * sizeof(g->values[0]));
		}
		g->hosts[g->n] = (struct acl_host){ .name = values->hosts[i].name,
			                            .why = "it was not looked up" };
		g->values[g->n++] = &values->hosts[i];
	}
}

static void gather(struct gathered *g, const struct acl *a)
{
	gather_values(g, a);
	for (size_t i = 0; i < a->n_files; i++)
		gather_values(g, acl_file_values(a, i));
}

/* What to use instead, for who wants the name as it is at the time of a request. */
static const char *other_type(const struct acl *a)
{
	return strcmp(a->type->name, "dst") == 0 ? "dstdomain" : "srcdomain";
}

static void take_answer(struct acl_parse *p, struct acl *a, const struct acl_host *h,
                        const struct acl_host_value *v)
{
	p->place = v->place;
	if (h->why == NULL) {
		for (unsigned i = 0; i < h->n; i++)
			acl_add_address(a, &h->ips[i]);
		return;
	}
	acl_report(p, a, CONF_ERROR,
	           "acl %s: \"%s\" is a host name, whose addresses cannot be found: %s; write"
	           " addresses, or use an acl of type %s",
	           a->name, h->name, h->why, other_type(a));
	conf_as_squid(p->reader, CONF_SQUID_STOPS);
}

/* They are right today; nobody looks again when they change. */
static void warn(struct acl_parse *p, const struct acl *a, const struct acl_host *h, size_t n)
{
	char first[IP_TEXT_MAX], names[32] = "", more[32] = "";

	for (size_t i = 0; i < n; i++)
		if (h[i].why != NULL)
			return; /* an error says more */
	if (n > 1)
		snprintf(names, sizeof(names), " and %zu more", n - 1);
	if (h->n > 1)
		snprintf(more, sizeof(more), " and %u more", h->n - 1);
	acl_report(p, NULL, CONF_WARNING,
	           "acl %s: \"%s\"%s stands for the addresses that were found just now (%s%s): a"
	           " change is noticed when the configuration is read again; an acl of type %s"
	           " needs no addresses",
	           a->name, h->name, names, ip_text(&h->ips[0], first), more, other_type(a));
	conf_as_squid(p->reader, CONF_SQUID_SAME);
}

static void take_answers(struct acl_parse *p, struct acl *a, const struct gathered *g, size_t first)
{
	size_t last = first;

	while (last < g->n && g->hosts[last].owner == a)
		last++;
	for (size_t i = first; i < last; i++)
		take_answer(p, a, &g->hosts[i], g->values[i]);
	if (last == first)
		return;
	p->place = g->values[first]->place;
	warn(p, a, &g->hosts[first], last - first);
}

void acl_conf_resolve(struct acl_conf *c, struct conf_reader *r, acl_resolve_fn *resolve, void *arg)
{
	struct acl_parse p = { .reader = r, .set = c->set };
	struct gathered g = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < c->set->n; i++) {
		gather(&g, c->set->acls[i]);
		for (; at < g.n; at++)
			g.hosts[at].owner = c->set->acls[i];
	}
	if (g.n != 0 && resolve != NULL)
		resolve(arg, g.hosts, g.n);
	for (at = 0; at < g.n; at++)
		if (at == 0 || g.hosts[at].owner != g.hosts[at - 1].owner)
			take_answers(&p, g.hosts[at].owner, &g, at);
	for (at = 0; at < g.n; at++)
		free(g.hosts[at].ips);
	free(g.hosts);
	free(g.values);
	c->set->is_resolved = true;
}
