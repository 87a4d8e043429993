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
	http_ports_free(&c->ports);
	while (c->hostname_aliases != NULL) {
		struct name_list *n = c->hostname_aliases;

		c->hostname_aliases = n->next;
		free(n->name);
		free(n);
	}
	free(c->shadow.path);
	access_conf_fini(&c->access);
	note_conf_fini(&c->notes);
	acl_rules_free(&c->server_pconn_for_nonretriable);
	free(c->visible_hostname);
	free(c->unique_hostname);
	free(c->cache_mgr);
	proxy_conf_init(c);
}

static void check_host_name(struct conf_reader *r, const char *directive, const char *name)
{
	if (http_is_token(span_str(name)))
		return;
	conf_report(r, CONF_ERROR, conf_place_of(r, directive),
	            "%s: the host name \"%s\" cannot stand in a Via field: use letters, digits, "
	            "dots and hyphens",
	            directive, name);
	conf_as_squid(r, CONF_SQUID_TAKES);
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
	check_host_name(r, "visible_hostname", c->visible_hostname);
	if (strcmp(c->unique_hostname, c->visible_hostname) != 0)
		check_host_name(r, "unique_hostname", c->unique_hostname);
	if (c->client_request_buffer_max_bytes <= c->request_header_max_bytes) {
		const bool is_said = conf_is_seen(r, "client_request_buffer_max_size");

		conf_report(r, CONF_ERROR,
		            conf_place_of(r, is_said ? "client_request_buffer_max_size"
		                                     : "request_header_max_size"),
		            "client_request_buffer_max_size must be larger than "
		            "request_header_max_size");
		conf_as_squid(r, CONF_SQUID_STOPS);
	}
}

void proxy_conf_shadow(struct conf_line *l, void *field)
{
	struct shadow_conf *s = field;
	struct span path;

	if (!conf_need_word(l, &path))
		return;
	if (s->is_shadow) {
		conf_warning(l, "a shadow has no shadow: this line has no effect here");
		return;
	}
	if (s->path != NULL) {
		conf_error(l, "there is a shadow already, see line %u", s->place.line);
		return;
	}
	if (span_eq(path, SPAN("none")))
		return;
	s->path = span_strdup(path);
	s->place = l->place;
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
