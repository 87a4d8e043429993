/*
 * Readers for resolv.conf (resolv.conf(5)) and the hosts file (hosts(5)).
 *
 * The hosts file is turned into ready answers once, when it is read, so that a lookup is one probe
 * of a table. Immutable afterwards, hence shared without a lock.
 */
#include "net/dns_files.h"

#include "base/hash.h"
#include "base/table.h"
#include "net/dns_answer.h"

/* The caps that resolv.conf(5) gives. */
#define NDOTS_MAX    15U
#define TIMEOUT_MAX  30U
#define ATTEMPTS_MAX 5U

/* --- words ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The next word of a line; n == 0 at its end. */
static struct span next_word(struct span *line)
{
	size_t from = 0, to;

	while (from < line->n && is_blank(line->p[from]))
		from++;
	for (to = from; to < line->n && !is_blank(line->p[to]); to++)
		;
	const struct span word = span_of(line->p + from, to - from);

	*line = span_skip(*line, to);
	return word;
}

/* The next line of *text without its comment. */
static struct span next_line(struct span *text, const char *comment_starts)
{
	struct span line = span_cut(text, '\n');

	for (const char *c = comment_starts; *c != '\0'; c++)
		line.n = span_find(line, *c);
	return line;
}

bool dns_name_fold(struct span name, char out[DNS_NAME_MAX])
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n >= DNS_NAME_MAX || memchr(name.p, '\0', name.n) != NULL)
		return false;
	for (size_t i = 0; i < name.n; i++)
		out[i] = ascii_lower(name.p[i]);
	out[name.n] = '\0';
	return true;
}

/* An address in brackets, which must be IPv6. */
static bool parse_bracketed(struct span s, struct ip *ip)
{
	return s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']' &&
	       ip_parse(span_of(s.p + 1, s.n - 2), ip) && !ip_is_v4(ip);
}

bool dns_server_parse(struct span word, struct endpoint *e)
{
	struct endpoint got = { .port = DNS_PORT };
	uint64_t port;

	if (!ip_parse(word, &got.ip) && !parse_bracketed(word, &got.ip)) {
		const char *colon = memrchr(word.p, ':', word.n);

		if (colon == NULL)
			return false;
		const struct span host = span_of(word.p, (size_t)(colon - word.p));

		if (!span_to_u64(span_skip(word, host.n + 1), &port) || port == 0 ||
		    port > UINT16_MAX)
			return false;
		if (!parse_bracketed(host, &got.ip) &&
		    !(ip_parse(host, &got.ip) && ip_is_v4(&got.ip)))
			return false;
		got.port = (uint16_t)port;
	}
	*e = got;
	return true;
}

/* --- resolv.conf ------------------------------------------------------------------------------ */

static void add_search(struct dns_resolv *r, struct span word)
{
	/* "." is the root: it stands for the name as it is, which is tried anyway. */
	if (r->n_search < DNS_SEARCH_MAX && dns_name_fold(word, r->search[r->n_search]))
		r->n_search++;
}

static void set_option(unsigned *field, struct span digits, unsigned max)
{
	uint64_t v;

	if (span_to_u64(digits, &v))
		*field = (unsigned)MIN(v, (uint64_t)max);
}

static void read_option(struct dns_resolv *r, struct span word)
{
	if (span_starts(word, SPAN("ndots:")))
		set_option(&r->ndots, span_skip(word, 6), NDOTS_MAX);
	else if (span_starts(word, SPAN("timeout:")))
		set_option(&r->timeout_s, span_skip(word, 8), TIMEOUT_MAX);
	else if (span_starts(word, SPAN("attempts:")))
		set_option(&r->attempts, span_skip(word, 9), ATTEMPTS_MAX);
}

/* With a port as well, which others do not take: a resolver on an unusual port can be named. */
static void read_nameserver(struct dns_resolv *r, struct span word)
{
	if (r->n_servers < DNS_SERVERS_MAX && dns_server_parse(word, &r->servers[r->n_servers]))
		r->n_servers++;
}

void dns_resolv_parse(struct dns_resolv *r, struct span text)
{
	*r = (struct dns_resolv){ .ndots = 1 };
	while (text.p != NULL) {
		struct span line = next_line(&text, "#;"), word;
		const struct span keyword = next_word(&line);

		if (span_eq(keyword, SPAN("nameserver"))) {
			read_nameserver(r, next_word(&line));
		} else if (span_eq(keyword, SPAN("domain"))) {
			r->n_search = 0; /* the last of domain and search wins */
			add_search(r, next_word(&line));
		} else if (span_eq(keyword, SPAN("search"))) {
			r->n_search = 0;
			while ((word = next_word(&line)).n != 0)
				add_search(r, word);
		} else if (span_eq(keyword, SPAN("options"))) {
			while ((word = next_word(&line)).n != 0)
				read_option(r, word);
		}
	}
}

/* --- hosts file ------------------------------------------------------------------------------- */

/* A name and its addresses. */
struct host {
	struct table_node node;
	struct span name;
	struct dns_answer *answer[2]; /* of DNS_A and DNS_AAAA; NULL until the file is read */
	unsigned n;
	struct ip ips[DNS_IPS_MAX];
};

/* An address and its first name. */
struct reverse {
	struct table_node node;
	struct ip ip;
	struct dns_answer *answer;
};

struct dns_hosts {
	struct table names, addresses;
};

static struct host *find_name(const struct dns_hosts *h, struct span name)
{
	const uint64_t hash = hash_bytes(name);
	struct table_node *n = table_first(&h->names, hash);

	for (; n != NULL; n = table_next(n, hash)) {
		struct host *host = CONTAINER_OF(n, struct host, node);

		if (span_eq(host->name, name))
			return host;
	}
	return NULL;
}

static struct span ip_bytes(const struct ip *ip)
{
	return span_of((const char *)ip->b, sizeof(ip->b));
}

static struct reverse *find_address(const struct dns_hosts *h, const struct ip *ip)
{
	const uint64_t hash = hash_bytes(ip_bytes(ip));
	struct table_node *n = table_first(&h->addresses, hash);

	for (; n != NULL; n = table_next(n, hash)) {
		struct reverse *r = CONTAINER_OF(n, struct reverse, node);

		if (ip_eq(&r->ip, ip))
			return r;
	}
	return NULL;
}

static void add_name(struct dns_hosts *h, struct span name, const struct ip *ip)
{
	struct host *host = find_name(h, name);

	if (host == NULL) {
		host = check_calloc(1, sizeof(*host));
		host->name = span_of(span_strdup(name), name.n);
		table_insert(&h->names, &host->node, hash_bytes(name));
	}
	for (unsigned i = 0; i < host->n; i++)
		if (ip_eq(&host->ips[i], ip))
			return;
	if (host->n < DNS_IPS_MAX)
		host->ips[host->n++] = *ip;
}

static void add_address(struct dns_hosts *h, const struct ip *ip, struct span name)
{
	if (find_address(h, ip) != NULL)
		return;
	struct reverse *r = check_calloc(1, sizeof(*r));

	r->ip = *ip;
	r->answer = dns_answer_new(ERR_NONE, NULL, 0, name, INT64_MAX);
	table_insert(&h->addresses, &r->node, hash_bytes(ip_bytes(ip)));
}

static void read_host(struct dns_hosts *h, const struct ip *ip, struct span word,
                      struct span append)
{
	char name[DNS_NAME_MAX], both[2 * DNS_NAME_MAX];

	if (!dns_name_fold(word, name))
		return;
	add_name(h, span_str(name), ip);
	add_address(h, ip, span_str(name));
	if (append.n == 0 || append.n >= DNS_NAME_MAX || strchr(name, '.') != NULL)
		return;
	(void)snprintf(both, sizeof(both), "%s%.*s", name, SPAN_ARG(append));
	if (dns_name_fold(span_str(both), name))
		add_name(h, span_str(name), ip);
}

static struct dns_answer *answer_of(const struct host *host, bool v4)
{
	struct ip ips[DNS_IPS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < host->n; i++)
		if (ip_is_v4(&host->ips[i]) == v4)
			ips[n++] = host->ips[i];
	return dns_answer_new(n != 0 ? ERR_NONE : ERR_DNS_NODATA, ips, n, SPAN_NULL, INT64_MAX);
}

struct dns_hosts *dns_hosts_parse(struct span text, struct span append_domain)
{
	struct dns_hosts *h = check_calloc(1, sizeof(*h));

	table_init(&h->names);
	table_init(&h->addresses);
	while (text.p != NULL) {
		struct span line = next_line(&text, "#"), word;
		struct ip ip;

		if (!ip_parse(next_word(&line), &ip))
			continue;
		while ((word = next_word(&line)).n != 0)
			read_host(h, &ip, word, append_domain);
	}
	table_for_each(it, &h->names)
	{
		struct host *host = CONTAINER_OF(it, struct host, node);

		host->answer[DNS_A] = answer_of(host, true);
		host->answer[DNS_AAAA] = answer_of(host, false);
	}
	return h;
}

static void free_host(struct host *host)
{
	dns_answer_unref(&host->answer[DNS_A]);
	dns_answer_unref(&host->answer[DNS_AAAA]);
	free((char *)(uintptr_t)host->name.p);
	free(host);
}

void dns_hosts_free(struct dns_hosts **hp)
{
	struct dns_hosts *h = *hp;

	if (h == NULL)
		return;
	*hp = NULL;
	table_for_each(it, &h->names) free_host(CONTAINER_OF(it, struct host, node));
	table_for_each(it, &h->addresses)
	{
		struct reverse *r = CONTAINER_OF(it, struct reverse, node);

		dns_answer_unref(&r->answer);
		free(r);
	}
	table_fini(&h->names);
	table_fini(&h->addresses);
	free(h);
}

struct dns_answer *dns_hosts_find(const struct dns_hosts *h, struct span name, enum dns_kind kind)
{
	const struct host *host = find_name(h, name);

	CHECK(kind == DNS_A || kind == DNS_AAAA);
	return host != NULL ? host->answer[kind] : NULL;
}

struct dns_answer *dns_hosts_find_ip(const struct dns_hosts *h, const struct ip *ip)
{
	const struct reverse *r = find_address(h, ip);

	return r != NULL ? r->answer : NULL;
}
