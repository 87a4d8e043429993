/*
 * Setters of the network side's directives that are not ready-made (see net/directives.tbl.h).
 */
#include "net/dns_files.h"
#include "net/net_conf.h"

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
			conf_error(l,
			           "\"%.*s\" is not a name server: use an address, or ADDRESS:PORT",
			           SPAN_ARG(word));
			conf_as_squid(l->reader, "leaves out the name server and starts");
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
		conf_error_both(l, "append_domain needs a domain with a leading dot, or none");
		return;
	}
	free(*domain);
	*domain = NULL;
	if (span_eq(word, SPAN("none")))
		return;
	if (word.p[0] != '.' || !dns_name_fold(word, name)) {
		conf_error_both(
			l, "append_domain \"%.*s\": a domain begins with a dot, as in .example.com",
			SPAN_ARG(word));
		return;
	}
	*domain = check_strdup(name);
}

void net_set_udp_address(struct conf_line *l, void *field)
{
	struct ip *ip = field;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	if (span_eq(word, SPAN("any_addr")) || span_eq(word, SPAN("no_addr"))) {
		*ip = (struct ip){ 0 };
	} else if (!ip_parse(word, ip)) {
		conf_error(l, "\"%.*s\" is no address (accepted: an IP address, any_addr, no_addr)",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, "looks the name up, and does not start if there is none");
	}
}
