/*
 * Putting the resolver's settings together. Runs on whoever builds a configuration, since it reads
 * files; what it makes is immutable.
 */
#include "net/dns_setup.h"

#include "base/oplog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX   (256U << 20)
#define TRIES_MAX        10
#define PACKET_BYTES_MIN 512

/* The file's bytes on the heap; SPAN_NULL and a warning if it cannot be read. */
static struct span read_file(const char *path)
{
	struct stat st;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX) {
		oplog(OPLOG_WARNING, "%s is not used: %s", path,
		      fd < 0 ? err_text(err_from_errno(errno))
		             : "not a plain file of reasonable size");
		if (fd >= 0)
			close(fd);
		return SPAN_NULL;
	}
	const size_t cap = (size_t)st.st_size + 1;
	char *text = check_malloc(cap);
	size_t n = 0;
	ssize_t r;

	while (n < cap && (r = read(fd, text + n, cap - n)) > 0)
		n += (size_t)r;
	close(fd);
	return span_of(text, n);
}

static void free_text(struct span text)
{
	free((char *)(uintptr_t)text.p);
}

static void use_resolv_conf(struct dns_setup *s, const struct dns_conf *c)
{
	struct dns_resolv *r = check_calloc(1, sizeof(*r));
	const struct span text = read_file(c->resolv_conf);

	dns_resolv_parse(r, text);
	free_text(text);
	s->n_servers = r->n_servers;
	s->servers = check_calloc(MAX(r->n_servers, 1U), sizeof(*s->servers));
	memcpy(s->servers, r->servers, r->n_servers * sizeof(*s->servers));
	if (r->timeout_s != 0)
		s->retransmit_ms = MIN(s->retransmit_ms, (int64_t)r->timeout_s * 1000);
	if (r->attempts != 0)
		s->tries = (int)r->attempts;
	if (!c->defnames && r->n_search != 0 && r->ndots > 1)
		oplog(OPLOG_NOTICE,
		      "%s has a search list with ndots:%u, as in a pod, which is not used: "
		      "\"dns_defnames on\" would complete names by it",
		      c->resolv_conf, r->ndots);
	/* dns_defnames: without it a name is not completed, so that it means the same to everybody
	 * (doc/decisions/0009-search-list.md). */
	if (c->defnames && r->n_search != 0)
		s->resolv = r;
	else
		free(r);
}

static void use_localhost(struct dns_setup *s)
{
	oplog(OPLOG_WARNING,
	      "no name server found in dns_nameservers or resolv.conf: trying 127.0.0.1");
	s->n_servers = 1;
	free(s->servers);
	s->servers = check_calloc(1, sizeof(*s->servers));
	s->servers[0] = (struct endpoint){ ip_from_v4(INADDR_LOOPBACK), DNS_PORT };
}

/* As many rounds, each twice as long as the one before, as the whole time allows. */
static int rounds_within(const struct dns_setup *s)
{
	int64_t round_ms = s->retransmit_ms * s->n_servers, total_ms = 0;
	int n = 0;

	for (; n < TRIES_MAX && total_ms < s->timeout_ms; n++) {
		total_ms += round_ms;
		round_ms *= 2;
	}
	return MAX(n, 1);
}

struct dns_setup *dns_setup_new(const struct dns_conf *c)
{
	struct dns_setup *s = check_calloc(1, sizeof(*s));

	atomic_init(&s->refs, 1);
	/* Bounded, so that sums of them do not overflow: a day. */
	s->timeout_ms = MIN(MAX(c->timeout_ms, (int64_t)1), (int64_t)86400000);
	s->retransmit_ms = MIN(MAX(c->retransmit_ms, (int64_t)1), s->timeout_ms);
	s->positive_ttl_ms = MAX(c->positive_ttl_ms, c->negative_ttl_ms);
	s->negative_ttl_ms = c->negative_ttl_ms;
	s->from = !ip_is_any(&c->udp_outgoing) ? c->udp_outgoing : c->udp_incoming;
	s->packet_max = c->packet_max <= 0 || c->packet_max == INT64_MAX
	                        ? 0
	                        : (int)MAX(MIN(c->packet_max, (int64_t)UINT16_MAX),
	                                   (int64_t)PACKET_BYTES_MIN);
	s->check_names = c->check_hostnames;
	s->allow_underscore = c->allow_underscore;
	s->append_domain = c->append_domain != NULL ? check_strdup(c->append_domain) : NULL;
	if (c->n_nameservers != 0) {
		if (c->defnames)
			oplog(OPLOG_WARNING, "\"dns_defnames on\" has no effect: dns_nameservers "
			                     "is set, and so the "
			                     "search list of resolv.conf is not read");
		s->n_servers = c->n_nameservers;
		s->servers = check_calloc(s->n_servers, sizeof(*s->servers));
		memcpy(s->servers, c->nameservers, s->n_servers * sizeof(*s->servers));
	} else {
		use_resolv_conf(s, c);
	}
	if (s->n_servers == 0)
		use_localhost(s);
	if (s->tries == 0)
		s->tries = rounds_within(s);
	if (c->hosts_file != NULL) {
		const struct span text = read_file(c->hosts_file);

		s->hosts = dns_hosts_parse(
			text, s->append_domain != NULL ? span_str(s->append_domain) : SPAN_NULL);
		free_text(text);
	}
	return s;
}

struct dns_setup *dns_setup_ref(struct dns_setup *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void dns_setup_unref(struct dns_setup **sp)
{
	struct dns_setup *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	/* Pairs with the same operation of the other holders. */
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(s->servers);
	free(s->resolv);
	free(s->append_domain);
	dns_hosts_free(&s->hosts);
	free(s);
}

static unsigned dots(const char *name)
{
	unsigned n = 0;

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

static bool join(const char *name, const char *suffix, char out[DNS_NAME_MAX])
{
	const int n = snprintf(out, DNS_NAME_MAX, "%s.%s", name, suffix);

	return n > 0 && n < DNS_NAME_MAX;
}

bool dns_setup_candidate(const struct dns_setup *s, const char *name, unsigned i,
                         char out[DNS_NAME_MAX])
{
	const unsigned n_dots = dots(name);

	if (n_dots == 0 && s->append_domain != NULL)
		return i == 0 && join(name, s->append_domain + 1, out);
	if (s->resolv == NULL) {
		memcpy(out, name, strlen(name) + 1);
		return i == 0;
	}
	/* resolv.conf(5): with at least ndots dots the name as it is comes first, else last. */
	const unsigned n_search = s->resolv->n_search;
	const unsigned as_it_is = n_dots >= s->resolv->ndots ? 0 : n_search;

	if (i > n_search)
		return false;
	if (i == as_it_is) {
		memcpy(out, name, strlen(name) + 1);
		return true;
	}
	const unsigned at = i - (i > as_it_is);

	if (join(name, s->resolv->search[at], out))
		return true;
	/* Too long with this domain; the next one may be shorter. */
	return dns_setup_candidate(s, name, i + 1, out);
}

static bool is_label_byte(char c, bool underscore)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       (c == '_' && underscore);
}

bool dns_setup_accepts(const struct dns_setup *s, const char *name)
{
	struct span rest = span_str(name);

	while (s->check_names && rest.p != NULL) {
		const struct span label = span_cut(&rest, '.');

		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_label_byte(label.p[i], s->allow_underscore))
				return false;
	}
	return true;
}
