/*
 * Setters of the proxy core's directives.
 */
#include "proxy/proxy_conf.h"

#include <unistd.h>

void proxy_conf_init(struct proxy_conf *c)
{
	*c = (struct proxy_conf){ 0 };
}

void proxy_conf_fini(struct proxy_conf *c)
{
	while (c->ports != NULL) {
		struct http_port *p = c->ports;

		c->ports = p->next;
		free(p->name);
		free(p);
	}
	while (c->hostname_aliases != NULL) {
		struct name_list *n = c->hostname_aliases;

		c->hostname_aliases = n->next;
		free(n->name);
		free(n);
	}
	access_conf_fini(&c->access);
	acl_rules_free(&c->server_pconn_for_nonretriable);
	free(c->visible_hostname);
	free(c->unique_hostname);
	free(c->error_directory);
	free(c->err_html_text);
	free(c->err_page_stylesheet);
	free(c->cache_mgr);
	proxy_conf_init(c);
}

void proxy_conf_complete(struct proxy_conf *c, struct conf_reader *r)
{
	char name[256];

	if (c->visible_hostname == NULL) {
		if (gethostname(name, sizeof(name)) != 0 || name[0] == '\0')
			snprintf(name, sizeof(name), "localhost");
		name[sizeof(name) - 1] = '\0';
		c->visible_hostname = check_strdup(name);
	}
	if (c->unique_hostname == NULL)
		c->unique_hostname = check_strdup(c->visible_hostname);
	if (!http_is_token(span_str(c->visible_hostname)) ||
	    !http_is_token(span_str(c->unique_hostname)))
		conf_report(
			r, CONF_ERROR, (struct conf_place){ "visible_hostname", 0 },
			"the host name \"%s\" cannot stand in a Via field: use letters, digits, "
			"dots and hyphens",
			c->visible_hostname);
	if (c->client_request_buffer_max_bytes <= c->request_header_max_bytes)
		conf_report(r, CONF_ERROR,
		            (struct conf_place){ "client_request_buffer_max_size", 0 },
		            "client_request_buffer_max_size must be larger than "
		            "request_header_max_size");
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

static bool port_option(struct conf_line *l, struct http_port *p, struct span word)
{
	if (span_starts(word, SPAN("name="))) {
		free(p->name);
		p->name = span_strdup(span_skip(word, 5));
		return true;
	}
	if (span_eq(word, SPAN("no-connection-auth")) ||
	    span_eq(word, SPAN("connection-auth=off")) || span_starts(word, SPAN("tcpkeepalive")) ||
	    span_starts(word, SPAN("disable-pmtu-discovery=")) ||
	    span_eq(word, SPAN("connection-auth")) || span_eq(word, SPAN("connection-auth=on"))) {
		conf_warning(l, "the option \"%.*s\" has no effect yet", SPAN_ARG(word));
		return true;
	}
	static const char *const unbuilt[] = { "accel",
		                               "intercept",
		                               "transparent",
		                               "tproxy",
		                               "ssl-bump",
		                               "sslBump",
		                               "require-proxy-header",
		                               "vhost",
		                               "defaultsite=",
		                               "protocol=",
		                               "cert=",
		                               "tls-",
		                               "ssl" };

	for (size_t i = 0; i < ARRAY_LEN(unbuilt); i++) {
		if (span_starts(word, span_str(unbuilt[i]))) {
			conf_error(l, "the option \"%.*s\" exists in Squid, but not in Cuttle yet",
			           SPAN_ARG(word));
			conf_as_squid(l->reader, "applies it");
			return false;
		}
	}
	conf_error_both(l, "unknown option \"%.*s\" (known: name=)", SPAN_ARG(word));
	return false;
}

void proxy_conf_http_port(struct conf_line *l, void *field)
{
	struct http_port **list = field, *p;
	struct span word;

	if (!conf_word(l, &word)) {
		conf_error_both(l, "an address is missing: [ADDRESS:]PORT");
		return;
	}
	p = check_calloc(1, sizeof(*p));
	p->place = l->place;
	p->name = span_strdup(word);
	if (!parse_address(word, &p->at)) {
		conf_error_both(l,
		                "\"%.*s\" is no address to listen on (use PORT, 192.0.2.1:PORT or "
		                "[2001:db8::1]:PORT)",
		                SPAN_ARG(word));
		goto refused;
	}
	while (conf_word(l, &word))
		if (!port_option(l, p, word))
			goto refused;
	for (; *list != NULL; list = &(*list)->next) {
		if ((*list)->at.port == p->at.port && ip_eq(&(*list)->at.ip, &p->at.ip)) {
			conf_error(l, "this address is listened on already, see line %u",
			           (*list)->place.line);
			conf_as_squid(l->reader, "starts, and cannot open the port a second time");
			goto refused;
		}
	}
	*list = p;
	return;
refused:
	while (conf_word(l, &word))
		;
	free(p->name);
	free(p);
}

void proxy_conf_names(struct conf_line *l, void *field)
{
	struct name_list **list = field;
	struct span word;

	while (conf_word(l, &word)) {
		struct name_list *n = check_calloc(1, sizeof(*n));

		n->name = span_strdup(word);
		n->next = *list;
		*list = n;
	}
}
