/*
 * Domain names: lines up to an empty one are entries, those after it hosts. One set or several must
 * say of each host, and of how many entries are superfluous, what going through the entries one by
 * one says.
 */
#include "acl/domain_set.h"
#include "tests/fuzz/fuzz.h"

#define ENTRIES_MAX 200u
#define HOSTS_MAX   50u
#define SETS        3u

struct entry {
	struct span name; /* without its dots at the ends */
	bool is_below;
};

/* An entry as it is meant: ".example.com." is example.com and all below. */
static struct entry entry_of(struct span line)
{
	struct entry e = { line, span_starts(line, SPAN(".")) };

	if (e.is_below)
		e.name = span_skip(e.name, 1);
	if (e.name.n > 1 && e.name.p[e.name.n - 1] == '.')
		e.name.n--;
	if (e.name.n > 2 && e.name.p[0] == '[' && e.name.p[e.name.n - 1] == ']')
		e.name = span_of(e.name.p + 1, e.name.n - 2);
	return e;
}

static bool is_below(struct span host, struct span name)
{
	return host.n > name.n && host.p[host.n - name.n - 1] == '.' &&
	       span_ends_nocase(host, name);
}

static bool covers(const struct entry *e, struct span host)
{
	return span_eq_nocase(host, e->name) || (e->is_below && is_below(host, e->name));
}

static bool is_superfluous(const struct entry *e, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		if ((i < at && span_eq_nocase(e[i].name, e[at].name)) ||
		    (e[i].is_below && is_below(e[at].name, e[i].name)))
			return true;
	return false;
}

/* As acl_domains_has(), by all ways. What is found must cover the host. */
static bool set_has(const struct acl_domains *s, struct span host)
{
	struct acl_domain_key key;
	struct span name;
	bool below;

	acl_domain_key_init(&key, host);
	const bool found = acl_domains_find(s, &key, &name, &below);

	CHECK(acl_domains_has(s, host) == found && acl_domains_has_key(s, &key) == found);
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	CHECK(!found || covers(&(struct entry){ name, below }, host));
	return found;
}

static void check_host(struct acl_domains *const *sets, const struct entry *e, size_t n,
                       struct span host)
{
	bool found = false, want = false;

	for (unsigned i = 0; i < SETS; i++)
		found = set_has(sets[i], host) || found;
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = 0; i < n; i++)
		want = want || covers(&e[i], host);
	CHECK(found == want);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct acl_domains *sets[SETS];
	struct span rest = span_of((const char *)bytes, n);
	struct entry entries[ENTRIES_MAX];
	size_t n_entries = 0, n_superfluous = 0, count = 0;

	for (unsigned i = 0; i < SETS; i++)
		sets[i] = acl_domains_new();
	while (rest.p != NULL && n_entries < ENTRIES_MAX) {
		const struct span line = span_cut(&rest, '\n');
		const char *why;

		if (line.n == 0)
			break;
		/* The length tells how many of them are filled. */
		if (acl_domains_add(sets[n_entries % (1 + n % SETS)], line, &why))
			entries[n_entries++] = entry_of(line);
	}
	for (unsigned i = 0; i < SETS; i++) {
		acl_domains_finish(sets[i]);
		count += acl_domains_count(sets[i]);
	}
	for (size_t i = 0; i < n_entries; i++)
		n_superfluous += is_superfluous(entries, n_entries, i);
	CHECK(count == n_entries);
	CHECK(acl_domains_merged((const struct acl_domains *const *)sets, SETS) == n_superfluous);
	for (unsigned i = 0; i < HOSTS_MAX && rest.p != NULL; i++)
		check_host(sets, entries, n_entries, span_cut(&rest, '\n'));
	for (unsigned i = 0; i < SETS; i++)
		acl_domains_free(&sets[i]);
	return 0;
}
