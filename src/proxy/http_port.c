/*
 * http_port lines: the address, and options of which each stands in the table below.
 */
#include "proxy/http_port.h"

static void http_port_free(struct http_port *p)
{
	free(p->name);
	free(p);
}

void http_ports_free(struct http_port **list)
{
	while (*list != NULL) {
		struct http_port *p = *list;

		*list = p->next;
		http_port_free(p);
	}
}

/* "3128", "127.0.0.1:3128", "[::1]:3128" */
static bool parse_address(struct span word, struct endpoint *at)
{
	struct span host = SPAN_NULL, port = word;
	uint64_t number;

	for (size_t i = word.n; i-- > 0;) {
		if (word.p[i] == ':') {
			host = span_of(word.p, i);
			port = span_skip(word, i + 1);
			break;
		}
	}
	if (!span_to_u64(port, &number) || number == 0 || number > 65535)
		return false;
	at->port = (uint16_t)number;
	if (host.p == NULL) {
		memset(&at->ip, 0, sizeof(at->ip)); /* [::] takes IPv4 as well */
		return true;
	}
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return ip_parse(span_of(host.p + 1, host.n - 2), &at->ip) && !ip_is_v4(&at->ip);
	return ip_parse(host, &at->ip) && ip_is_v4(&at->ip);
}

/* --- options ---------------------------------------------------------------------------------- */

enum port_option {
	PORT_NAME,
	PORT_KEEPALIVE,
	PORT_PMTU,
	PORT_CONNECTION_AUTH,
	PORT_NO_CONNECTION_AUTH,
	PORT_ACCEPTED, /* without effect */
	PORT_UNBUILT
};

/* In the order in which they are looked for; one that ends in '=' has a value. */
static const struct {
	const char *name;
	enum port_option option;
} port_options[] = {
	{ "name=", PORT_NAME },
	{ "tcpkeepalive", PORT_KEEPALIVE },
	{ "tcpkeepalive=", PORT_KEEPALIVE },
	{ "disable-pmtu-discovery=", PORT_PMTU },
	{ "connection-auth", PORT_CONNECTION_AUTH },
	{ "connection-auth=", PORT_CONNECTION_AUTH },
	{ "no-connection-auth", PORT_NO_CONNECTION_AUTH },
	{ "worker-queues", PORT_ACCEPTED },
	/* reverse proxy */
	{ "accel", PORT_UNBUILT },
	{ "act-as-origin", PORT_UNBUILT },
	{ "allow-direct", PORT_UNBUILT },
	{ "defaultsite=", PORT_UNBUILT },
	{ "ignore-cc", PORT_UNBUILT },
	{ "no-vhost", PORT_UNBUILT },
	{ "protocol=", PORT_UNBUILT },
	{ "vhost", PORT_UNBUILT },
	{ "vport", PORT_UNBUILT },
	{ "vport=", PORT_UNBUILT },
	/* interception, PROXY headers */
	{ "intercept", PORT_UNBUILT },
	{ "require-proxy-header", PORT_UNBUILT },
	{ "tproxy", PORT_UNBUILT },
	{ "transparent", PORT_UNBUILT },
	/* TLS */
	{ "cafile=", PORT_UNBUILT },
	{ "capath=", PORT_UNBUILT },
	{ "cert=", PORT_UNBUILT },
	{ "cipher=", PORT_UNBUILT },
	{ "clientca=", PORT_UNBUILT },
	{ "crlfile=", PORT_UNBUILT },
	{ "dhparams=", PORT_UNBUILT },
	{ "dynamic_cert_mem_cache_size=", PORT_UNBUILT },
	{ "generate-host-certificates", PORT_UNBUILT },
	{ "generate-host-certificates=", PORT_UNBUILT },
	{ "key=", PORT_UNBUILT },
	{ "options=", PORT_UNBUILT },
	{ "ssl-bump", PORT_UNBUILT },
	{ "sslBump", PORT_UNBUILT },
	{ "sslcontext=", PORT_UNBUILT },
	{ "sslflags=", PORT_UNBUILT },
	{ "tls-", PORT_UNBUILT },
	{ "version=", PORT_UNBUILT },
};

/* Whether the word is this option; *value is what follows a '='. */
static bool is_option(struct span word, const char *name, struct span *value)
{
	const size_t n = strlen(name);

	*value = span_skip(word, n);
	if (name[n - 1] == '=' || name[n - 1] == '-')
		return span_starts(word, span_str(name));
	return span_eq(word, span_str(name));
}

/*
 * IDLE,INTERVAL,TIMEOUT in seconds, of which the last ones may be missing; 0 leaves the system's.
 */
static bool set_keepalive(struct http_port *p, struct span value)
{
	int64_t v[3] = { 0, 0, 0 };

	p->keepalive.is_on = true;
	if (value.n == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(v) && value.p != NULL; i++)
		if (!conf_parse_int(span_cut(&value, ','), &v[i]) || v[i] < 0 || v[i] > INT16_MAX)
			return false;
	p->keepalive.idle_s = (int)v[0];
	p->keepalive.interval_s = (int)v[1];
	/* So many probes as it takes to wait that long. */
	if (v[1] > 0)
		p->keepalive.probes = (int)MIN((v[2] + v[1] - 1) / v[1], (int64_t)127);
	return value.p == NULL;
}

static bool set_pmtu(struct http_port *p, struct span value)
{
	p->has_pmtu_discovery = !span_eq(value, SPAN("always"));
	return !p->has_pmtu_discovery || span_eq(value, SPAN("off")) ||
	       span_eq(value, SPAN("transparent"));
}

static bool set_connection_auth(struct http_port *p, struct span value)
{
	p->has_connection_auth = !span_eq(value, SPAN("off"));
	return !p->has_connection_auth || value.n == 0 || span_eq(value, SPAN("on"));
}

/* Whether the option's value is understood; *accepted says what would be. */
static bool set_option(struct conf_line *l, struct http_port *p, enum port_option option,
                       struct span value, const char **accepted)
{
	switch (option) {
	case PORT_NAME:
		free(p->name);
		p->name = span_strdup(value);
		*accepted = "name=WORD";
		return value.n != 0;
	case PORT_KEEPALIVE:
		*accepted = "tcpkeepalive=IDLE,INTERVAL,TIMEOUT, in seconds";
		return set_keepalive(p, value);
	case PORT_PMTU:
		*accepted = "off, transparent or always";
		return set_pmtu(p, value);
	case PORT_CONNECTION_AUTH:
		*accepted = "on or off";
		return set_connection_auth(p, value);
	case PORT_NO_CONNECTION_AUTH:
		p->has_connection_auth = false;
		return true;
	case PORT_ACCEPTED:
		conf_warning(l, "the option worker-queues has no effect: there is one queue, of "
		                "which every worker takes");
		conf_as_squid(l->reader, "applies it");
		return true;
	case PORT_UNBUILT:
		break;
	}
	UNREACHABLE("option of a port");
}

/* Options that are not built, for one finding about all of a line. */
struct unbuilt {
	char names[160];
	size_t n;
	unsigned count;
};

static void add_unbuilt(struct unbuilt *u, struct span word)
{
	struct span value = word;
	const struct span name = span_cut(&value, '=');
	const size_t room = sizeof(u->names) - u->n;
	const int n = snprintf(u->names + u->n, room, "%s%.*s", u->count++ != 0 ? ", " : "",
	                       SPAN_ARG(name));

	/* What does not fit is left out; the line can be looked at. */
	if ((size_t)n < room)
		u->n += (size_t)n;
	else
		u->names[u->n] = '\0';
}

static void report_unbuilt(struct conf_line *l, const struct unbuilt *u)
{
	if (u->count == 0)
		return;
	conf_error(l, "the option%s %s exist%s in Squid, but not in Cuttle yet",
	           u->count == 1 ? "" : "s", u->names, u->count == 1 ? "s" : "");
	conf_as_squid(l->reader, "applies it");
}

static bool port_option(struct conf_line *l, struct http_port *p, struct span word,
                        struct unbuilt *u)
{
	struct span value = SPAN_NULL;
	const char *accepted = "";
	size_t i = 0;

	while (i < ARRAY_LEN(port_options) && !is_option(word, port_options[i].name, &value))
		i++;
	if (i == ARRAY_LEN(port_options)) {
		conf_error_both(l,
		                "unknown option \"%.*s\" (known: name=, tcpkeepalive=, "
		                "connection-auth=, disable-pmtu-discovery=)",
		                SPAN_ARG(word));
		return false;
	}
	if (port_options[i].option == PORT_UNBUILT) {
		add_unbuilt(u, word);
		return false;
	}
	if (set_option(l, p, port_options[i].option, value, &accepted))
		return true;
	conf_error_both(l, "\"%.*s\": accepted is %s", SPAN_ARG(word), accepted);
	return false;
}

/* --- the line --------------------------------------------------------------------------------- */

/* Parse the line behind the address; false: reported. */
static bool parse_line(struct conf_line *l, struct http_port *p, struct span address)
{
	struct unbuilt u = { .n = 0 };
	struct span word;
	bool ok = true;

	if (!parse_address(address, &p->at)) {
		conf_error_both(l,
		                "\"%.*s\" is no address to listen on (use PORT, 192.0.2.1:PORT or "
		                "[2001:db8::1]:PORT)",
		                SPAN_ARG(address));
		ok = false;
	}
	while (conf_word(l, &word))
		ok = port_option(l, p, word, &u) && ok;
	report_unbuilt(l, &u);
	return ok;
}

void proxy_conf_http_port(struct conf_line *l, void *field)
{
	struct http_port **list = field;
	struct span word;

	if (!conf_word(l, &word)) {
		conf_error_both(l, "an address is missing: [ADDRESS:]PORT");
		return;
	}
	struct http_port *p = check_calloc(1, sizeof(*p));

	p->place = l->place;
	p->name = span_strdup(word);
	p->has_pmtu_discovery = p->has_connection_auth = true;
	bool ok = parse_line(l, p, word);

	for (; ok && *list != NULL; list = &(*list)->next) {
		if ((*list)->at.port != p->at.port || !ip_eq(&(*list)->at.ip, &p->at.ip))
			continue;
		conf_error(l, "this address is listened on already, see line %u",
		           (*list)->place.line);
		conf_as_squid(l->reader, "starts, and cannot open the port a second time");
		ok = false;
		break;
	}
	if (ok)
		*list = p;
	else
		http_port_free(p);
}

void proxy_conf_accept_filter(struct conf_line *l, void *field)
{
	int64_t *defer_s = field;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	if (span_eq(word, SPAN("none"))) {
		*defer_s = 0;
	} else if (span_eq(word, SPAN("data"))) {
		*defer_s = 30;
	} else if (!span_starts(word, SPAN("data="))) {
		conf_warning(l,
		             "the filter \"%.*s\" is one of BSD's and has no effect; write data, "
		             "or data=SECONDS",
		             SPAN_ARG(word));
		conf_as_squid(l->reader, "complains when it opens the port, and goes on");
	} else if (!conf_parse_int(span_skip(word, 5), defer_s) || *defer_s < 1 ||
	           *defer_s > INT16_MAX) {
		*defer_s = 0;
		conf_error(l, "\"%.*s\": accepted is data, or data=SECONDS", SPAN_ARG(word));
		conf_as_squid(l->reader, "takes it for a number, maybe 0");
	}
}
