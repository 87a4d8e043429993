/*
 * Rules of refresh_pattern: reading, and finding the first that matches.
 */
#include "cache/refresh.h"

#include "acl/regex_list.h"
#include "base/arena.h"

#define YEAR_S (INT64_C(365) * 24 * 3600)

struct refresh_rules {
	struct refresh_rule *v;
	size_t n, cap;
	uint32_t options;
	struct acl_regexes *regexes; /* in the order of v */
};

struct refresh_rules *refresh_rules_new(void)
{
	struct refresh_rules *r = check_calloc(1, sizeof(*r));

	r->regexes = acl_regexes_new();
	return r;
}

void refresh_rules_free(struct refresh_rules **rp)
{
	struct refresh_rules *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	acl_regexes_free(&r->regexes);
	free(r->v);
	free(r);
}

void refresh_rules_add(struct refresh_rules *r, const struct refresh_rule *rule,
                       struct acl_regex **regex)
{
	if (r->n == r->cap) {
		r->cap = r->cap != 0 ? r->cap * 2 : 8;
		r->v = check_realloc(r->v, r->cap * sizeof(r->v[0]));
	}
	r->v[r->n++] = *rule;
	r->options |= rule->options;
	acl_regexes_add(r->regexes, regex);
}

void refresh_rules_finish(struct refresh_rules *r)
{
	acl_regexes_finish(r->regexes);
}

const struct refresh_rule *refresh_find(const struct refresh_rules *r, struct span url,
                                        struct acl_regex_scratch *scratch)
{
	static const struct refresh_rule otherwise = {
		.min_s = 0, .percent = 20, .max_s = INT64_C(4320) * 60, .max_stale_s = -1
	};
	size_t which;

	if (r == NULL || !acl_regexes_first(r->regexes, url, scratch, &which))
		return &otherwise;
	return &r->v[which];
}

/* --- reading ---------------------------------------------------------------------------------- */

struct option {
	struct span name;
	uint32_t bit; /* 0: obsolete */
	const char *risk;
};

static const struct option options[] = {
	{ SPAN("override-expire"), REFRESH_OVERRIDE_EXPIRE, NULL },
	{ SPAN("override-lastmod"), REFRESH_OVERRIDE_LASTMOD, NULL },
	{ SPAN("reload-into-ims"), REFRESH_RELOAD_INTO_IMS, NULL },
	{ SPAN("ignore-reload"), REFRESH_IGNORE_RELOAD, NULL },
	{ SPAN("ignore-no-store"), REFRESH_IGNORE_NO_STORE,
	  "what was meant for one user may be sent to another" },
	{ SPAN("ignore-private"), REFRESH_IGNORE_PRIVATE,
	  "what was meant for one user may be sent to another" },
	{ SPAN("refresh-ims"), REFRESH_REFRESH_IMS, NULL },
	{ SPAN("store-stale"), REFRESH_STORE_STALE, NULL },
	{ SPAN("ignore-no-cache"), 0, NULL },
	{ SPAN("ignore-must-revalidate"), 0, NULL },
	{ SPAN("ignore-auth"), 0, NULL },
};

struct span refresh_rule_text(const struct refresh_rule *r, struct arena *a)
{
	struct span text = arena_printf(a, "%lld %lld%% %lld", (long long)r->min_s / 60,
	                                (long long)r->percent, (long long)r->max_s / 60);

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if ((r->options & options[i].bit) != 0)
			text = arena_printf(a, "%.*s %.*s", SPAN_ARG(text),
			                    SPAN_ARG(options[i].name));
	return r->max_stale_s < 0 ? text
	                          : arena_printf(a, "%.*s max-stale=%lld", SPAN_ARG(text),
	                                         (long long)r->max_stale_s);
}

static void take_option(struct conf_line *l, struct refresh_rule *rule, struct span word)
{
	const char *names[ARRAY_LEN(options) + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(options); i++) {
		names[i] = options[i].name.p;
		if (!span_eq(word, options[i].name))
			continue;
		if (options[i].bit == 0) {
			conf_warning(l, "the option %.*s means nothing any more", SPAN_ARG(word));
			conf_as_squid(l->reader, CONF_SQUID_WARNS);
		} else if (options[i].risk != NULL) {
			conf_warning(l, "%.*s: %s", SPAN_ARG(word), options[i].risk);
			conf_as_squid(l->reader, CONF_SQUID_WARNS);
		}
		rule->options |= options[i].bit;
		return;
	}
	if (span_starts(word, SPAN("max-stale="))) {
		if (conf_parse_int(span_skip(word, strlen("max-stale=")), &rule->max_stale_s))
			return;
		conf_error_both(l, "\"%.*s\": expected a number of seconds", SPAN_ARG(word));
		return;
	}
	names[i] = "max-stale=";
	const char *near = conf_nearest(word, names, ARRAY_LEN(names));

	conf_warning(l, "unknown option \"%.*s\" is left out%s%s%s", SPAN_ARG(word),
	             near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	             near != NULL ? "?" : "");
	conf_as_squid(l->reader, CONF_SQUID_WARNS);
}

/* Minutes as seconds. Squid bends what is beyond a year, or negative, likewise. */
static bool take_minutes(struct conf_line *l, const char *what, int64_t *seconds)
{
	struct span word;
	int64_t v;

	if (!conf_need_word(l, &word))
		return false;
	if (!conf_parse_int(word, &v)) {
		conf_error_both(l, "\"%.*s\": expected %s as a number of minutes", SPAN_ARG(word),
		                what);
		return false;
	}
	if (v > YEAR_S / 60) {
		conf_warning(l, "%s of more than a year counts as a year", what);
		conf_as_squid(l->reader, CONF_SQUID_WARNS);
	} else if (v < 0) {
		conf_warning(l, "%s is negative and counts as 0", what);
		conf_as_squid(l->reader, CONF_SQUID_WARNS);
	}
	*seconds = v < 0 ? 0 : MIN(v, YEAR_S / 60) * 60;
	return true;
}

static bool take_percent(struct conf_line *l, int64_t *percent)
{
	struct span word, number;
	int64_t v;

	if (!conf_need_word(l, &word))
		return false;
	number = word.n != 0 && word.p[word.n - 1] == '%' ? span_of(word.p, word.n - 1) : word;
	if (conf_parse_int(number, &v) && v >= 0 && v <= INT32_MAX) {
		*percent = v;
		return true;
	}
	conf_error_both(l, "\"%.*s\": expected a percentage, as in 20%%", SPAN_ARG(word));
	return false;
}

/* -i and +i, then the expression. NULL: reported. */
static struct acl_regex *take_regex(struct conf_line *l)
{
	struct conf_value v;
	struct span word;
	bool icase = false;
	char why[256];

	while (conf_peek(l, &word) && (span_eq(word, SPAN("-i")) || span_eq(word, SPAN("+i")))) {
		icase = word.p[0] == '-';
		(void)conf_word(l, &word);
	}
	if (conf_peek(l, &word) && word.n != 0 && (word.p[0] == '"' || word.p[0] == '\'')) {
		conf_error(l, "an expression must not be in quotes here");
		return NULL;
	}
	if (!conf_value_next(l, true, &v)) {
		conf_error_both(l, "expected %s", l->directive->syntax);
		return NULL;
	}
	struct acl_regex *regex = acl_regex_new(v.text, icase, why, sizeof(why));

	if (regex == NULL)
		conf_error_both(l, "\"%.*s\": %s", SPAN_ARG(v.text), why);
	return regex;
}

void refresh_conf_pattern(struct conf_line *l, void *field)
{
	struct refresh_rules **rules = field;
	struct refresh_rule rule = { .max_stale_s = -1 };
	struct acl_regex *regex = take_regex(l);
	struct span word;

	if (regex == NULL || !take_minutes(l, "the minimum", &rule.min_s) ||
	    !take_percent(l, &rule.percent) || !take_minutes(l, "the maximum", &rule.max_s)) {
		(void)conf_rest(l);
		acl_regex_free(&regex);
		return;
	}
	while (conf_word(l, &word))
		take_option(l, &rule, word);
	rule.place = l->place;
	rule.regex = acl_regex_source(regex);
	rule.is_icase = acl_regex_is_icase(regex);
	if (*rules == NULL)
		*rules = refresh_rules_new();
	refresh_rules_add(*rules, &rule, &regex);
}
