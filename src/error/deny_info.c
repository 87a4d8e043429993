/*
 * Lines of deny_info: PAGE, CODE:PAGE, URL, 3xx:URL or TCP_RESET, and the acls that it is for.
 */
#include "error/deny_info.h"

#include "acl/decide.h"
#include "error/errorpage.h"

static const char accepted[] = "accepted are ERR_NAME, CODE:ERR_NAME with CODE 200-299 or 400-599, "
			       "a URL, 3xx:URL and TCP_RESET";

static bool is_url(struct span s)
{
	const size_t colon = span_find(s, ':');

	return colon != 0 && span_starts(span_skip(s, colon), SPAN("://"));
}

/* "404:" at the front of s, cut off; 0: there is none. */
static unsigned cut_status(struct span *s)
{
	uint64_t status;

	if (s->n < 5 || s->p[3] != ':' || !span_to_u64(span_of(s->p, 3), &status))
		return 0;
	*s = span_skip(*s, 4);
	return (unsigned)status;
}

/* A header field is made of it: RFC 9110 10.2.2. */
static bool is_location(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n != 0;
}

static bool is_hex(char c)
{
	c = ascii_lower(c);
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* A percent sign that begins neither a macro nor an encoded byte is left as it is. */
static void warn_of_macros(struct conf_line *l, struct span url)
{
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] != '%')
			continue;
		const struct span rest = span_skip(url, i + 1);

		if (rest.n >= 2 && is_hex(rest.p[0]) && is_hex(rest.p[1]))
			continue;
		if (rest.n == 0 || !errorpage_location_knows(rest.p[0])) {
			conf_warning(l,
			             "\"%.*s\" begins no macro of deny_info; write %%%% for a"
			             " percent sign",
			             (int)MIN(rest.n + 1, (size_t)2), rest.p - 1);
			conf_as_squid(l->reader, CONF_SQUID_STOPS);
		}
		i++;
	}
}

static bool parse_what(struct conf_line *l, struct span word, struct deny_info *d)
{
	struct span what = word;

	d->status = cut_status(&what);
	if (d->status == 0 && span_eq(what, SPAN("TCP_RESET"))) {
		d->kind = DENY_INFO_RESET;
		return true;
	}
	d->kind = is_url(what) ? DENY_INFO_REDIRECT : DENY_INFO_PAGE;
	const bool is_3xx = d->status >= 300 && d->status <= 399;
	const bool is_page_status =
		(d->status >= 200 && d->status <= 299) || (d->status >= 400 && d->status <= 599);
	const bool is_fit =
		d->kind == DENY_INFO_REDIRECT
			? (d->status == 0 || is_3xx) && is_location(what)
			: (d->status == 0 || is_page_status) && span_starts(what, SPAN("ERR_"));

	if (!is_fit) {
		conf_error(l, "\"%.*s\": %s", SPAN_ARG(word), accepted);
		return false;
	}
	if (d->kind == DENY_INFO_REDIRECT)
		warn_of_macros(l, what);
	d->what = span_strdup(what);
	return true;
}

static char *parse_acls(struct conf_line *l)
{
	struct span name;
	char *acls = NULL;
	size_t n = 0;

	while (conf_word(l, &name)) {
		acls = check_realloc(acls, n + name.n + 2);
		if (n != 0)
			acls[n++] = ' ';
		memcpy(acls + n, name.p, name.n);
		n += name.n;
		acls[n] = '\0';
	}
	return acls;
}

static void deny_info_free_one(struct deny_info *d)
{
	free((void *)(uintptr_t)d->place.file);
	free(d->what);
	free(d->acls);
	free(d);
}

void deny_info_conf(struct conf_line *l, void *field)
{
	struct deny_info **end = field, *d;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	d = check_calloc(1, sizeof(*d));
	d->place = (struct conf_place){ check_strdup(l->place.file), l->place.line };
	const bool is_good = parse_what(l, word, d);

	d->acls = parse_acls(l);
	if (is_good && d->acls == NULL)
		conf_error(l, "it names no acl, so nobody would be shown this; %s %s",
		           l->directive->name, l->directive->syntax);
	if (!is_good || d->acls == NULL) {
		deny_info_free_one(d);
		return;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = d;
}

void deny_info_free(struct deny_info **list)
{
	while (*list != NULL) {
		struct deny_info *d = *list;

		*list = d->next;
		deny_info_free_one(d);
	}
}

void deny_info_check(const struct deny_info *list, const struct errorpages *e,
                     const struct acl_conf *acls, struct conf_reader *r)
{
	for (const struct deny_info *d = list; d != NULL; d = d->next) {
		if (d->kind == DENY_INFO_PAGE && !errorpages_have(e, span_str(d->what)))
			conf_report(r, CONF_WARNING, d->place,
			            "deny_info: there is no page %s in error_directory; clients are"
			            " shown ERR_ACCESS_DENIED",
			            d->what);
		for (struct span rest = span_str(d->acls); rest.p != NULL;) {
			const struct span name = span_cut(&rest, ' ');

			if (!acl_conf_has(acls, name))
				conf_report(r, CONF_WARNING, d->place,
				            "deny_info: there is no acl \"%.*s\"", SPAN_ARG(name));
		}
	}
}

const struct deny_info *deny_info_find(const struct deny_info *list, const char *acl)
{
	if (acl == NULL)
		return NULL;
	for (const struct deny_info *d = list; d != NULL; d = d->next)
		for (struct span rest = span_str(d->acls); rest.p != NULL;)
			if (span_eq(span_cut(&rest, ' '), span_str(acl)))
				return d;
	return NULL;
}

unsigned deny_info_redirect_status(const struct deny_info *d, bool is_get_or_head, unsigned version)
{
	if (d->status != 0)
		return d->status;
	/* RFC 9110 15.4.3: with 302, clients may go on with GET. */
	return is_get_or_head || version < 11 ? 302 : 307;
}
