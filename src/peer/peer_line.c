/*
 * The words of a cache_peer line. An option that is not known is an error, since it may be one that
 * limits what the peer is sent, misspelt; one whose subject is not built yet is one too.
 */
#include "peer/peer_conf.h"

#include "base/base64.h"
#include "http/uri.h"

struct option {
	struct span name; /* with "=" at its end: it takes a value */
	bool (*take)(struct conf_line *l, struct peer *p, struct span value);
	const char *unbuilt; /* what is missing; NULL: it works, or has nothing to do */
};

/* --- values ----------------------------------------------------------------------------------- */

/* A whole number of at least min. False: reported. */
static bool number(struct conf_line *l, struct span value, int64_t min, int64_t *n)
{
	if (conf_parse_int(value, n) && *n >= min && *n <= INT32_MAX)
		return true;
	conf_error_both(l, "cache_peer: \"%.*s\" is no number from %lld on", SPAN_ARG(value),
	                (long long)min);
	return false;
}

static bool take_weight(struct conf_line *l, struct peer *p, struct span value)
{
	int64_t n;

	if (!number(l, value, 0, &n))
		return false;
	p->weight = (unsigned)n;
	return true;
}

static bool take_max_conn(struct conf_line *l, struct peer *p, struct span value)
{
	int64_t n;

	if (!number(l, value, 0, &n))
		return false;
	p->max_conn = (unsigned)n;
	return true;
}

static bool take_fail_limit(struct conf_line *l, struct peer *p, struct span value)
{
	int64_t n;

	if (!number(l, value, 1, &n))
		return false;
	p->fail_limit = (unsigned)n;
	return true;
}

static bool take_connect_timeout(struct conf_line *l, struct peer *p, struct span value)
{
	int64_t seconds;

	if (!number(l, value, 1, &seconds))
		return false;
	p->connect_timeout_ms = seconds * 1000;
	return true;
}

static bool take_default(struct conf_line *l UNUSED, struct peer *p, struct span value UNUSED)
{
	p->is_default = true;
	return true;
}

static bool take_round_robin(struct conf_line *l UNUSED, struct peer *p, struct span value UNUSED)
{
	p->is_round_robin = true;
	return true;
}

static bool take_originserver(struct conf_line *l UNUSED, struct peer *p, struct span value UNUSED)
{
	p->is_originserver = true;
	return true;
}

static bool take_no_query(struct conf_line *l UNUSED, struct peer *p, struct span value UNUSED)
{
	p->is_not_queried = true;
	return true;
}

static bool take_name(struct conf_line *l, struct peer *p, struct span value)
{
	if (value.n == 0) {
		conf_error(l, "cache_peer: name= without a name");
		conf_as_squid(l->reader, CONF_SQUID_TAKES);
		return false;
	}
	free(p->name);
	p->name = span_strdup(value);
	return true;
}

/* A host in its one spelling, without a port. NULL: it is none. */
static char *host_text(struct span word, struct ip *ip, bool *is_ip)
{
	struct arena a;
	struct uri u;
	const char *detail;
	char *text = NULL;

	*is_ip = ip_parse(word, ip);
	if (*is_ip)
		return span_strdup(word);
	arena_init(&a);
	if (uri_parse_host(word, URI_HTTP, &a, &u, &detail) && !u.has_port) {
		text = span_strdup(u.host);
		*is_ip = u.host_is_ip;
		*ip = u.ip;
	}
	arena_fini(&a);
	return text;
}

static bool take_forceddomain(struct conf_line *l, struct peer *p, struct span value)
{
	struct ip ip;
	bool is_ip;

	free(p->forced_host);
	p->forced_host = host_text(value, &ip, &is_ip);
	if (p->forced_host == NULL)
		conf_error(l, "cache_peer: forceddomain=\"%.*s\" is no host name", SPAN_ARG(value));
	if (p->forced_host == NULL)
		conf_as_squid(l->reader, CONF_SQUID_TAKES);
	return p->forced_host != NULL;
}

/* --- login= ----------------------------------------------------------------------------------- */

static unsigned hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
	       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
	                              : 16;
}

/* %20 is a blank and %% a percent sign; what is neither stays. */
static size_t percent_decode(struct span s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		const bool has_two = s.p[i] == '%' && i + 2 < s.n;

		if (s.p[i] == '%' && i + 1 < s.n && s.p[i + 1] == '%') {
			out[n++] = '%';
			i++;
		} else if (has_two && hex_digit(s.p[i + 1]) < 16 && hex_digit(s.p[i + 2]) < 16) {
			out[n++] = (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return n;
}

static void set_credentials(struct peer *p, struct span value)
{
	static const char scheme[] = "Basic ";
	char *plain = check_malloc(value.n + 1);
	const size_t n = percent_decode(value, plain);
	const size_t room = sizeof(scheme) + BASE64_SIZE(n);

	free(p->credentials);
	p->credentials = check_malloc(room);
	memcpy(p->credentials, scheme, sizeof(scheme));
	base64_encode(span_of(plain, n), p->credentials + sizeof(scheme) - 1);
	explicit_bzero(plain, value.n);
	free(plain);
	p->login = PEER_LOGIN_FIXED;
}

static bool take_login(struct conf_line *l, struct peer *p, struct span value)
{
	static const struct {
		struct span word;
		enum peer_login login;
	} words[] = {
		{ { "PASS", 4 }, PEER_LOGIN_PASS },
		{ { "PASSTHRU", 8 }, PEER_LOGIN_PASSTHRU },
		{ { "PROXYPASS", 9 }, PEER_LOGIN_PROXYPASS },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (span_eq(value, words[i].word)) {
			p->login = words[i].login;
			return true;
		}
	if (span_starts(value, SPAN("NEGOTIATE")) || span_starts(value, SPAN("*"))) {
		conf_error(l, "cache_peer: this kind of login= is not built yet; use "
		              "login=USER:PASSWORD, PASS or PASSTHRU");
		conf_as_squid(l->reader, "applies it");
		return false;
	}
	if (span_find(value, ':') == value.n) {
		conf_error(l, "cache_peer: login= takes USER:PASSWORD, PASS or PASSTHRU");
		conf_as_squid(l->reader, "sends the word as it is");
		return false;
	}
	set_credentials(p, value);
	return true;
}

/* --- the line --------------------------------------------------------------------------------- */

#define NOTHING_TO_DO(text)                                                                        \
	{                                                                                          \
		SPAN(text), NULL, NULL                                                             \
	}
#define TAKES(text, fn)                                                                            \
	{                                                                                          \
		SPAN(text), fn, NULL                                                               \
	}
#define UNBUILT(text, what)                                                                        \
	{                                                                                          \
		SPAN(text), NULL, what                                                             \
	}

/*
 * The first that fits counts. What has nothing to do concerns what there is not: ICP, digests, a
 * cache.
 */
static const struct option options[] = {
	TAKES("default", take_default),
	TAKES("round-robin", take_round_robin),
	TAKES("weight=", take_weight),
	TAKES("no-query", take_no_query),
	TAKES("name=", take_name),
	TAKES("login=", take_login),
	TAKES("connect-timeout=", take_connect_timeout),
	TAKES("connect-fail-limit=", take_fail_limit),
	TAKES("max-conn=", take_max_conn),
	TAKES("originserver", take_originserver),
	TAKES("forceddomain=", take_forceddomain),
	NOTHING_TO_DO("proxy-only"),
	NOTHING_TO_DO("no-digest"),
	NOTHING_TO_DO("no-netdb-exchange"),
	NOTHING_TO_DO("no-delay"),
	NOTHING_TO_DO("no-tproxy"),
	NOTHING_TO_DO("background-ping"),
	NOTHING_TO_DO("closest-only"),
	NOTHING_TO_DO("allow-miss"),
	NOTHING_TO_DO("digest-url="),
	NOTHING_TO_DO("basetime="),
	NOTHING_TO_DO("ttl="),
	NOTHING_TO_DO("standby="),
	NOTHING_TO_DO("connection-auth="),
	NOTHING_TO_DO("connection-auth"),
	UNBUILT("weighted-round-robin", "choosing by round trip times"),
	UNBUILT("carp-key=", "choosing by CARP"),
	UNBUILT("carp", "choosing by CARP"),
	UNBUILT("userhash", "choosing by the user's name"),
	UNBUILT("sourcehash", "choosing by the client's address"),
	UNBUILT("htcp=", "HTCP"),
	UNBUILT("htcp-oldsquid", "HTCP"),
	UNBUILT("htcp", "HTCP"),
	UNBUILT("multicast-responder", "multicast"),
	UNBUILT("multicast-siblings", "multicast"),
	UNBUILT("auth-no-keytab", "login=NEGOTIATE"),
	UNBUILT("front-end-https=", "the field Front-End-Https"),
	UNBUILT("front-end-https", "the field Front-End-Https"),
	UNBUILT("tls-*", "TLS to peers"),
	UNBUILT("tls", "TLS to peers"),
	UNBUILT("ssl*", "TLS to peers"),
};

static const struct option *option_of(struct span word)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct span name = options[i].name;
		const char last = name.p[name.n - 1];

		if (last == '*'   ? span_starts(word, span_of(name.p, name.n - 1))
		    : last == '=' ? span_starts(word, name)
		                  : span_eq(word, name))
			return &options[i];
	}
	return NULL;
}

static const char *suggestion(struct span word)
{
	const char *names[ARRAY_LEN(options)];

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		names[i] = options[i].name.p;
	return conf_nearest(word, names, ARRAY_LEN(names));
}

static bool take_option(struct conf_line *l, struct peer *p, struct span word)
{
	const struct option *o = option_of(word);

	if (o == NULL) {
		const char *near = suggestion(word);

		/* Not the word itself: it may hold a password. */
		conf_error(l, "cache_peer: unknown option \"%.*s\"%s%s%s",
		           SPAN_ARG(span_of(word.p, span_find(word, '='))),
		           near != NULL ? "; did you mean " : "", near != NULL ? near : "",
		           near != NULL ? "?" : "");
		conf_as_squid(l->reader, "logs an error, leaves the option out and starts");
		return false;
	}
	if (o->unbuilt != NULL) {
		conf_error(l, "cache_peer: %.*s: %s is not built yet",
		           SPAN_ARG(span_of(word.p, span_find(word, '='))), o->unbuilt);
		conf_as_squid(l->reader, "applies it");
		return false;
	}
	if (o->take == NULL)
		return true;
	return o->take(l, p,
	               o->name.p[o->name.n - 1] == '=' ? span_skip(word, o->name.n) : SPAN_NULL);
}

static bool take_type(struct conf_line *l)
{
	struct span word;

	if (!conf_need_word(l, &word))
		return false;
	if (span_eq(word, SPAN("parent")))
		return true;
	if (span_eq(word, SPAN("sibling")) || span_eq(word, SPAN("multicast"))) {
		conf_error(l, "cache_peer: %.*s peers are not built yet; use parent",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, "applies it");
	} else {
		conf_error(l, "cache_peer: \"%.*s\" is no type of peer; use parent",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, "warns, takes the peer for a sibling and starts");
	}
	return false;
}

static bool take_port(struct conf_line *l, int64_t min, int64_t *port)
{
	struct span word;

	if (!conf_need_word(l, &word))
		return false;
	if (conf_parse_int(word, port) && *port >= min && *port <= UINT16_MAX)
		return true;
	conf_error_both(l, "cache_peer: \"%.*s\" is no port", SPAN_ARG(word));
	return false;
}

static bool take_line(struct conf_line *l, struct peer *p)
{
	struct span word;
	int64_t port, icp_port;
	bool ok = true;

	if (!conf_need_word(l, &word))
		return false;
	p->host = host_text(word, &p->ip, &p->has_ip);
	p->name = span_strdup(word);
	if (p->host == NULL) {
		conf_error(l, "cache_peer: \"%.*s\" is neither a host name nor an address",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, CONF_SQUID_TAKES);
		return false;
	}
	if (!take_type(l) || !take_port(l, 1, &port) || !take_port(l, 0, &icp_port))
		return false;
	p->port = (uint16_t)port;
	while (conf_word(l, &word))
		ok = take_option(l, p, word) && ok;
	/* Port 7 stands for "no ICP" in old files: the echo service. */
	if (ok && !p->is_not_queried && icp_port != 0 && icp_port != 7) {
		conf_error(l,
		           "cache_peer: ICP is not built yet, so the peer cannot be asked at "
		           "port %lld; write 0 instead, or add no-query",
		           (long long)icp_port);
		conf_as_squid(l->reader, "asks the peer by ICP");
		return false;
	}
	return ok;
}

static struct peer *find(struct peer *list, const char *name)
{
	while (list != NULL && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

void peer_conf_peer(struct conf_line *l, void *field)
{
	struct peer **at = field, *p = check_calloc(1, sizeof(*p));

	p->weight = 1;
	p->fail_limit = 10;
	p->connect_timeout_ms = -1;
	p->state = peer_state_new();
	if (!take_line(l, p))
		(void)conf_rest(l);
	if (p->name == NULL) {
		peers_free(&p);
		return;
	}
	/* One with errors stays, so that lines about it are not called wrong too. */
	if (find(*at, p->name) != NULL) {
		conf_error_both(
			l,
			"cache_peer: there is a peer called %s already; give this one another "
			"name=",
			p->name);
		peers_free(&p);
		return;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = p;
}

void peer_conf_access(struct conf_line *l, void *field)
{
	struct peer **list = field, *p;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	char *name = span_strdup(word);

	p = find(*list, name);
	free(name);
	if (p == NULL) {
		conf_error(l,
		           "cache_peer_access: no cache_peer \"%.*s\" is defined above this line",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, CONF_SQUID_SKIPS);
		(void)conf_rest(l);
		return;
	}
	acl_conf_rules(l, &p->access);
}
