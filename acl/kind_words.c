/*
 * Values that are words out of short lists: names of ports (case matters), URL schemes (case does
 * not) and request methods (a bit each for the known ones; case matters, as in requests).
 */
#include "acl/type.h"

struct words {
	char **w;
	size_t n, cap;
	uint32_t methods; /* 1 << HTTP_GET and so on */
};

static void *make(void)
{
	return check_calloc(1, sizeof(struct words));
}

static void release(void *data)
{
	struct words *s = data;

	for (size_t i = 0; i < s->n; i++)
		free(s->w[i]);
	free(s->w);
	free(s);
}

static size_t count_values(const void *data)
{
	const struct words *s = data;

	return s->n + (size_t)__builtin_popcount(s->methods);
}

static void add(struct words *s, struct span value)
{
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 4;
		s->w = check_realloc(s->w, s->cap * sizeof(char *));
	}
	s->w[s->n++] = span_strdup(value);
}

static bool has(const struct words *s, struct span text, bool nocase)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct span w = span_str(s->w[i]);

		if (nocase ? span_eq_nocase(w, text) : span_eq(w, text))
			return true;
	}
	return false;
}

static struct span print_text(const struct acl_subject *s, struct arena *a)
{
	return arena_dup(a, s->text);
}

/* --- names of ports --------------------------------------------------------------------------- */

static void parse_word(struct acl *a, struct acl_parse *p, struct span value)
{
	(void)p;
	add(a->data, value);
}

static enum acl_match match_word(const struct acl *a, const struct acl_subject *s,
                                 struct acl_eval *e)
{
	(void)e;
	return has(a->data, s->text, false) ? ACL_YES : ACL_NO;
}

const struct acl_kind acl_kind_words = {
	.make = make,
	.free = release,
	.parse = parse_word,
	.count = count_values,
	.match = match_word,
	.print = print_text,
	.entry = NULL,
};

/* --- schemes ---------------------------------------------------------------------------------- */

static void parse_scheme(struct acl *a, struct acl_parse *p, struct span value)
{
	static const char known[] =
		" http https ftp urn coap coaps whois wais gopher icp htcp icy tls"
		" icap cache_object ";
	char padded[24];
	const int n = snprintf(padded, sizeof(padded), " %.*s ", (int)MIN(value.n, 20u), value.p);

	for (int i = 0; i < n; i++)
		padded[i] = ascii_lower(padded[i]);
	if (value.n > 20 || strstr(known, padded) == NULL) {
		acl_report(p, a, CONF_WARNING,
		           "acl %s: \"%.*s\" is no URL scheme that occurs: accepted are HTTP, "
		           "HTTPS, FTP,"
		           " URN and others",
		           a->name, SPAN_ARG(value));
		conf_as_squid(p->reader, "warns and leaves it out");
	}
	add(a->data, value);
}

static enum acl_match match_scheme(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	(void)e;
	return has(a->data, s->text, true) ? ACL_YES : ACL_NO;
}

const struct acl_kind acl_kind_schemes = {
	.make = make,
	.free = release,
	.parse = parse_scheme,
	.count = count_values,
	.match = match_scheme,
	.print = print_text,
	.entry = NULL,
};

/* --- methods ---------------------------------------------------------------------------------- */

static void parse_method(struct acl *a, struct acl_parse *p, struct span value)
{
	struct words *s = a->data;
	char upper[32];
	enum http_method m = http_method_of(value);

	if (m == HTTP_OTHER && span_to_cstr(value, upper, sizeof(upper))) {
		for (char *c = upper; *c != '\0'; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 0x20);
		m = http_method_of(span_str(upper));
		if (m != HTTP_OTHER)
			acl_report(p, a, CONF_WARNING,
			           "acl %s: methods are written in upper case: \"%.*s\" is taken "
			           "for %s",
			           a->name, SPAN_ARG(value), upper);
	}
	if (m == HTTP_OTHER && !http_is_token(value)) {
		acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\" is no method: accepted are %s",
		           a->name, SPAN_ARG(value), a->type->values);
		conf_as_squid(p->reader, CONF_SQUID_TAKES);
		return;
	}
	if (m == HTTP_PURGE)
		p->set->names_purge = true;
	if (m == HTTP_OTHER)
		add(s, value);
	else
		s->methods |= 1u << m;
}

static enum acl_match match_method(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	const struct words *w = a->data;

	(void)e;
	if (s->method != HTTP_OTHER)
		return (w->methods >> s->method & 1) != 0 ? ACL_YES : ACL_NO;
	return w->n != 0 && has(w, s->text, false) ? ACL_YES : ACL_NO;
}

const struct acl_kind acl_kind_methods = {
	.make = make,
	.free = release,
	.parse = parse_method,
	.count = count_values,
	.match = match_method,
	.print = print_text,
	.entry = NULL,
};
