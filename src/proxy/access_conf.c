/*
 * Setters of the lists that are asked on the road of a request.
 */
#include "proxy/access_conf.h"

void access_conf_fini(struct access_conf *c)
{
	while (c->reply_limits != NULL) {
		struct reply_limit *l = c->reply_limits;

		c->reply_limits = l->next;
		acl_rules_free(&l->terms);
		free(l);
	}
	while (c->unsupported != NULL) {
		struct unsupported_rule *u = c->unsupported;

		c->unsupported = u->next;
		acl_rules_free(&u->terms);
		free(u);
	}
	acl_rules_free(&c->adapted_http_access);
	acl_rules_free(&c->miss_access);
	acl_rules_free(&c->http_reply_access);
}

/* "10 MB", "none"; the unit may be missing after 0, and means bytes elsewhere. */
static bool take_size(struct conf_line *l, int64_t *bytes)
{
	struct span number, unit = SPAN_NULL;

	if (!conf_need_word(l, &number))
		return false;
	if (conf_peek(l, &unit) && conf_is_byte_unit(unit))
		(void)conf_word(l, &unit);
	else
		unit = SPAN_NULL;
	if (conf_parse_bytes(number, unit, 1, bytes)) {
		if (unit.n == 0 && *bytes != 0 && *bytes != INT64_MAX)
			conf_warning(l, "no unit after %.*s: bytes are meant", SPAN_ARG(number));
		return true;
	}
	conf_error(l, "\"%.*s\" is no size (use %s)", SPAN_ARG(number), l->directive->syntax);
	return false;
}

void access_conf_reply_limit(struct conf_line *l, void *field)
{
	struct reply_limit **at = field;
	struct acl_rules *terms;
	int64_t bytes;

	if (!take_size(l, &bytes)) {
		(void)conf_rest(l);
		return;
	}
	terms = acl_conf_terms(l);
	if (terms == NULL)
		return;
	while (*at != NULL)
		at = &(*at)->next;
	*at = check_calloc(1, sizeof(**at));
	**at = (struct reply_limit){ NULL, bytes, terms };
}

void access_conf_unsupported(struct conf_line *l, void *field)
{
	struct unsupported_rule **at = field;
	struct span action;

	if (!conf_need_word(l, &action))
		return;
	const bool tunnels = span_eq(action, SPAN("tunnel"));

	if (!tunnels && !span_eq(action, SPAN("respond"))) {
		conf_error_both(l, "unknown action \"%.*s\" (use tunnel or respond)",
		                SPAN_ARG(action));
		(void)conf_rest(l);
		return;
	}
	struct acl_rules *terms = acl_conf_terms(l);

	if (terms == NULL)
		return;
	while (*at != NULL)
		at = &(*at)->next;
	*at = check_calloc(1, sizeof(**at));
	**at = (struct unsupported_rule){ NULL, tunnels, terms };
}
