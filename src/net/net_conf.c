/*
 * Settings of the network side: defaults, and the setters that are not ready-made.
 */
#include "net/net_conf.h"

#include "net/dns_files.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS	  (60 * MINUTE_MS)

void net_conf_init(struct net_conf *c)
{
	*c = (struct net_conf){
		.dns = {
			.hosts_file = check_strdup("/etc/hosts"),
			.allow_underscore = true,
			.ignore_unknown = true,
			.timeout_ms = 30 * SECOND_MS,
			.retransmit_ms = 5 * SECOND_MS,
			.packet_max = INT64_MAX,
			.positive_ttl_ms = 6 * HOUR_MS,
			.negative_ttl_ms = MINUTE_MS,
			.ipcache_size = 1024,
			.ipcache_low = 90,
			.ipcache_high = 95,
		},
		.connect_timeout_ms = MINUTE_MS,
		.forward_timeout_ms = 4 * MINUTE_MS,
		.peer_connect_timeout_ms = 30 * SECOND_MS,
		.happy_eyeballs_connect_timeout = 250,
		.forward_max_tries = 25,
		.server_idle_pconn_timeout_ms = MINUTE_MS,
		.server_persistent_connections = true,
	};
}

void net_conf_fini(struct net_conf *c)
{
	free(c->dns.nameservers);
	free(c->dns.hosts_file);
	free(c->dns.append_domain);
	*c = (struct net_conf){ 0 };
}

/* Every line adds to those before it. */
void net_set_nameservers(struct conf_line *l, void *field)
{
	struct dns_conf *c = field;
	struct endpoint e;
	struct span word;

	while (conf_word(l, &word)) {
		if (span_eq(word, SPAN("none")))
			continue;
		if (!dns_server_parse(word, &e)) {
			conf_error(l, "\"%.*s\" is not a name server: use an address, or ADDRESS:PORT",
				   SPAN_ARG(word));
			continue;
		}
		c->nameservers = check_realloc(c->nameservers,
					       (c->n_nameservers + 1) * sizeof(*c->nameservers));
		c->nameservers[c->n_nameservers++] = e;
	}
}

void net_set_append_domain(struct conf_line *l, void *field)
{
	char **domain = field, name[DNS_NAME_MAX];
	struct span word;

	if (!conf_word(l, &word)) {
		conf_error(l, "append_domain needs a domain with a leading dot, or none");
		return;
	}
	free(*domain);
	*domain = NULL;
	if (span_eq(word, SPAN("none")))
		return;
	if (word.p[0] != '.' || !dns_name_fold(word, name)) {
		conf_error(l, "append_domain \"%.*s\": a domain begins with a dot, as in .example.com",
			   SPAN_ARG(word));
		return;
	}
	*domain = check_strdup(name);
}

void net_set_ignore_unknown(struct conf_line *l, void *field)
{
	bool *on = field;

	conf_set_onoff(l, on);
	if (!*on)
		conf_warning(l, "ignore_unknown_nameservers stays on: replies of servers that were not "
				"asked are never believed");
	*on = true;
}
