/*
 * Values that are regular expressions (regex_list.h). -i and +i may stand between them and hold for
 * those that follow on the line.
 */
#include "acl/regex_list.h"
#include "acl/type.h"

static void *make(void)
{
	return acl_regexes_new();
}

static void release(void *data)
{
	struct acl_regexes *l = data;

	acl_regexes_free(&l);
}

static size_t count_values(const void *data)
{
	return acl_regexes_count(data);
}

/* What other dialects mean by an escaped letter and POSIX does not. */
static const struct {
	char letter;
	const char *instead;
} foreign[] = {
	{ 'd', "[0-9]" }, { 'D', "[^0-9]" },      { 'A', "^" },           { 'z', "$" },
	{ 'Z', "$" },     { 't', "[[:blank:]]" }, { 'h', "[[:blank:]]" },
};

static void warn_foreign(struct acl *a, struct acl_parse *p, struct span value)
{
	for (size_t i = 0; i + 1 < value.n; i++) {
		if (value.p[i] != '\\')
			continue;
		i++;
		for (size_t k = 0; k < ARRAY_LEN(foreign); k++)
			if (value.p[i] == foreign[k].letter)
				acl_report(p, a, CONF_WARNING,
				           "acl %s: in \"%.*s\", \"\\%c\" is just the letter %c; "
				           "perhaps"
				           " %s is meant",
				           a->name, SPAN_ARG(value), foreign[k].letter,
				           foreign[k].letter, foreign[k].instead);
	}
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	char why[160];

	if (span_eq(value, SPAN("-i")) || span_eq(value, SPAN("+i"))) {
		p->icase = value.p[0] == '-';
		return;
	}
	struct acl_regex *r = acl_regex_new(value, p->icase, why, sizeof(why));

	if (r == NULL) {
		acl_report(p, a, CONF_ERROR, "acl %s: bad regular expression \"%.*s\": %s", a->name,
		           SPAN_ARG(value), why);
		conf_as_squid(p->reader, "logs an error, leaves the expression out and starts");
		return;
	}
	warn_foreign(a, p, value);
	acl_regexes_add(a->data, &r);
}

static void finish(struct acl *a, struct acl_parse *p)
{
	(void)p;
	acl_regexes_finish(a->data);
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	switch (acl_regexes_match(a->data, s->text, &e->regex, NULL)) {
	case REGEX_YES:
		return ACL_YES;
	case REGEX_NO:
		return ACL_NO;
	case REGEX_LIMIT:
		break;
	}
	e->detail = "a regular expression took too much work";
	return ACL_UNDECIDED;
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	return arena_dup(a, s->text);
}

static struct span entry(const struct acl *acl, const struct acl_subject *s, struct acl_eval *e,
                         struct arena *a)
{
	const struct acl_regex *which;

	(void)acl_regexes_match(acl->data, s->text, &e->regex, &which);
	if (which == NULL)
		return SPAN_NULL;
	return arena_printf(a, "%s%.*s", acl_regex_is_icase(which) ? "-i " : "",
	                    SPAN_ARG(acl_regex_source(which)));
}

const struct acl_kind acl_kind_regexes = {
	.has_files = true,
	.words_are_regex = true,
	.make = make,
	.free = release,
	.parse = parse,
	.finish = finish,
	.count = count_values,
	.match = match,
	.print = print,
	.entry = entry,
};
