/*
 * Setters of the directives about heads.
 */
#include "header/header_conf.h"

#include "log/access_log.h"

void header_conf_init(struct header_conf *c)
{
	*c = (struct header_conf){ 0 };
}

void header_conf_fini(struct header_conf *c)
{
	while (c->upgrades != NULL) {
		struct upgrade_rules *u = c->upgrades;

		c->upgrades = u->next;
		free(u->protocol);
		acl_rules_free(&u->rules);
		free(u);
	}
	header_rules_free(&c->request_rules);
	header_rules_free(&c->reply_rules);
	acl_rules_free(&c->follow_x_forwarded_for);
	header_conf_init(c);
}

void header_conf_finish(struct header_conf *c, struct log_conf *log, struct conf_reader *r)
{
	const struct log_format_conf formats = log_conf_formats(log);

	header_rules_finish(c->request_rules, r);
	header_rules_finish(c->reply_rules, r);
	header_rules_bind(c->request_rules, &formats);
	header_rules_bind(c->reply_rules, &formats);
}

static bool set_choice(struct conf_line *l, const char *const *names, size_t n, unsigned *choice)
{
	struct span word;

	if (conf_word(l, &word)) {
		for (size_t i = 0; i < n; i++) {
			if (span_eq_nocase(word, span_str(names[i]))) {
				*choice = (unsigned)i;
				return true;
			}
		}
		conf_error(l, "unknown value \"%.*s\" (use %s)", SPAN_ARG(word),
		           l->directive->syntax);
		conf_as_squid(l->reader, CONF_SQUID_TAKES);
	} else {
		conf_error_both(l, "a value is missing (use %s)", l->directive->syntax);
	}
	return false;
}

void header_conf_forwarded_for(struct conf_line *l, void *field)
{
	static const char *const names[] = { "on", "off", "transparent", "delete", "truncate" };
	enum forwarded_for *f = field;
	unsigned choice;

	if (set_choice(l, names, ARRAY_LEN(names), &choice))
		*f = (enum forwarded_for)choice;
}

void header_conf_upgrades(struct conf_line *l, void *field)
{
	struct upgrade_rules **at = field;
	struct span word;

	if (!conf_word(l, &word)) {
		conf_error_both(l, "a protocol is missing (use %s)", l->directive->syntax);
		return;
	}
	const bool is_other = span_eq(word, SPAN("OTHER"));

	while (*at != NULL && (*at)->next != NULL)
		at = &(*at)->next;
	const char *p = *at != NULL ? (*at)->protocol : NULL;

	if (*at != NULL && (is_other ? p != NULL : p == NULL || !span_eq_nocase(span_str(p), word)))
		at = &(*at)->next;
	if (*at == NULL) {
		*at = check_calloc(1, sizeof(**at));
		(*at)->protocol = is_other ? NULL : span_strdup(word);
	}
	acl_conf_rules(l, &(*at)->rules);
}
