/*
 * The directive `acl`, the built-in acls, and what is to be done once all lines were read.
 */
#include <stdarg.h>

#include "acl/type.h"

static const struct {
	const char *name, *type, *values;
} builtins[] = {
	{ "all", "src", "all" },
	{ "manager", "url_regex", "^[^:]+://[^/]+/squid-internal-mgr/" },
	{ "localhost", "src", "127.0.0.1/32 ::1" },
	{ "to_localhost", "dst", "127.0.0.0/8 0.0.0.0/32 ::1/128 ::/128" },
	{ "to_linklocal", "dst", "169.254.0.0/16 fe80::/10" },
	{ "CONNECT", "method", "CONNECT" },
};

void acl_report(struct acl_parse *p, struct acl *a, enum conf_severity s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	CHECK(p->reader != NULL); /* the built-in ones are right */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (a != NULL && s == CONF_ERROR)
		a->has_errors = true;
	if (p->file != NULL)
		acl_file_remember(p->file, p, s, text);
	conf_report(p->reader, s, p->place, "%s", text);
}

void acl_conf_init(struct acl_conf *c)
{
	*c = (struct acl_conf){ .set = acl_set_new() };
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
		struct acl_parse p = { .set = c->set, .place = { "(built in)", 0 } };
		struct acl *a = acl_set_add(c->set, span_str(builtins[i].name),
		                            acl_type_of(span_str(builtins[i].type)), p.place);
		struct span rest = span_str(builtins[i].values);

		a->is_builtin = true;
		while (rest.p != NULL)
			a->type->kind->parse(a, &p, span_cut(&rest, ' '));
	}
}

void acl_conf_fini(struct acl_conf *c)
{
	acl_rules_free(&c->http_access);
	acl_set_free(&c->set);
}

/* --- one line --------------------------------------------------------------------------------- */

/* What a type takes, for a message. */
static const char *flags_text(const struct acl_type *t)
{
	switch (t->flags & (TYPE_TAKES_N | TYPE_TAKES_I | TYPE_TAKES_M)) {
	case TYPE_TAKES_N:
		return "-n";
	case TYPE_TAKES_I:
		return "-i and +i";
	case TYPE_TAKES_N | TYPE_TAKES_I:
		return "-n, -i and +i";
	case TYPE_TAKES_M:
		return "-m and -m=BYTES";
	}
	return "none";
}

static bool apply_flag(struct acl *a, struct acl_parse *p, char sign, char letter)
{
	if (letter == 'n' && sign == '-' && (a->type->flags & TYPE_TAKES_N) != 0)
		a->no_lookup = true; /* for all lines of this name, as in Squid */
	else if (letter == 'i' && (a->type->flags & TYPE_TAKES_I) != 0)
		p->icase = sign == '-';
	else
		return false;
	return true;
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* -m and -m=BYTES, which may stand in quotes. False: it is neither. */
static bool take_separators(struct conf_line *l, struct acl *a, struct acl_parse *p)
{
	struct span w, separators = SPAN(",");
	bool is_quoted;

	if ((a->type->flags & TYPE_TAKES_M) == 0 || !conf_peek(l, &w) ||
	    !span_starts(w, SPAN("-m")) || (w.n > 2 && w.p[2] != '='))
		return false;
	if (w.n == 2) {
		(void)conf_word(l, &w);
	} else {
		/* Behind the sign, since blanks may follow in quotes. */
		while (l->rest.n != 0 && l->rest.p[0] != '=')
			l->rest = span_skip(l->rest, 1);
		l->rest = span_skip(l->rest, 1);
		if (l->rest.n == 0 || l->rest.p[0] == ' ' || l->rest.p[0] == '\t' ||
		    !conf_word_or_quoted(l, &separators, &is_quoted) || separators.n == 0) {
			acl_report(p, a, CONF_ERROR, "acl %s: -m= lacks the bytes that separate",
			           a->name);
			return true;
		}
	}
	for (size_t i = 0; i < separators.n; i++)
		if (is_letter_or_digit(separators.p[i])) {
			acl_report(p, a, CONF_ERROR,
			           "acl %s: -m=%.*s: a letter or digit cannot separate", a->name,
			           SPAN_ARG(separators));
			return true;
		}
	free(a->separators);
	a->separators = span_strdup(separators);
	return true;
}

static void parse_flags(struct conf_line *l, struct acl *a, struct acl_parse *p)
{
	struct span w;

	while (conf_peek(l, &w) && w.n > 1 && (w.p[0] == '-' || w.p[0] == '+')) {
		bool is_known = true;

		if (take_separators(l, a, p))
			continue;
		(void)conf_word(l, &w);
		if (span_eq(w, SPAN("--")))
			return;
		/* One sign may stand before several letters. */
		for (size_t i = 1; i < w.n; i++)
			is_known = is_known && apply_flag(a, p, w.p[0], w.p[i]);
		if (!is_known)
			acl_report(p, a, CONF_ERROR,
			           "acl %s: unknown flag \"%.*s\"; type %s takes %s; a value that"
			           " starts with a sign goes after \"--\"",
			           a->name, SPAN_ARG(w), a->type->name, flags_text(a->type));
	}
}

/* Whether a word names a list; for the old grammar and the quoted one. */
static bool names_list(struct span text)
{
	while ((text = span_trim(text)).n != 0) {
		size_t n = 0;

		if (text.p[0] == '"' || text.p[0] == '\'' || span_starts(text, SPAN("parameters(")))
			return true;
		while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
			n += 1 + (text.p[n] == '\\');
		text = span_skip(text, n);
	}
	return false;
}

/* The rest of the line: list files as wholes where the kind allows for that, and values. */
static void parse_words(struct conf_line *l, struct acl *a, struct acl_parse *p)
{
	const struct acl_kind *kind = a->type->kind;
	struct conf_value v;

	for (;;) {
		while (acl_file_next(l, a, p))
			;
		if (!conf_value_next(l, kind->words_are_regex, &v))
			break;
		p->place = v.place;
		kind->parse(a, p, v.text);
		p->starts_line = false;
	}
}

static void parse_values(struct conf_line *l, struct acl *a, struct acl_parse *p)
{
	const unsigned errors = conf_count(l->reader, CONF_ERROR);
	const struct acl_kind *kind = a->type->kind;

	p->starts_line = true;
	if (kind->parse_line != NULL) {
		kind->parse_line(a, p, l);
	} else {
		a->has_list = a->has_list || names_list(l->rest);
		parse_words(l, a, p);
	}
	/* Also those that the reader reported: a list that could not be read. */
	a->has_errors = a->has_errors || conf_count(l->reader, CONF_ERROR) != errors;
	p->place = l->place;
	if (kind->end_line != NULL)
		kind->end_line(a, p);
}

/* The type of this line, or a stand-in for what was reported. */
static const struct acl_type *line_type(struct conf_line *l, struct span name, struct span word)
{
	const struct acl_type *t = acl_type_of(word);

	if (t != NULL && t->new_name != NULL) {
		conf_warning(l, "acl %.*s: type %s is called %s today", SPAN_ARG(name), t->name,
		             t->new_name);
		t = acl_type_of(span_str(t->new_name));
	}
	if (t != NULL && t->kind != NULL)
		return t;
	if (t != NULL) {
		conf_error(l, "acl %.*s: type %s: %s", SPAN_ARG(name), t->name, t->note);
		conf_as_squid(l->reader, "applies it, where its version has the type");
		return &acl_type_broken;
	}
	const char *near = acl_type_suggest(word);

	conf_error(l, "acl %.*s: unknown type \"%.*s\"%s%s%s", SPAN_ARG(name), SPAN_ARG(word),
	           near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	           near != NULL ? "?" : "");
	conf_as_squid(l->reader, CONF_SQUID_STOPS);
	return &acl_type_broken;
}

/* The acl that this line adds to; NULL after an error. */
static struct acl *line_acl(struct conf_line *l, struct acl_set *set, struct span name,
                            const struct acl_type *t)
{
	struct acl *a = acl_set_find(set, name);

	if (a == NULL)
		return acl_set_add(set, name, t, l->place);
	if (a->type != t && t != &acl_type_broken && a->type != &acl_type_broken) {
		conf_error_both(l,
		                "acl %s: type %s here, but it was declared with type %s at %s:%u",
		                a->name, t->name, a->type->name, a->place.file, a->place.line);
		return NULL;
	}
	if (a->is_builtin && a->place.line == 0)
		a->place = acl_set_place(set, l->place);
	return a->type == t ? a : NULL;
}

/* Every old squid.conf has this line; the built-in acl covers what it meant. */
static bool is_old_manager(struct conf_line *l, struct span name, struct span type)
{
	if (!span_eq(name, SPAN("manager")) || !span_eq(type, SPAN("proto")))
		return false;
	conf_warning(l, "acl manager: ignored: manager is built in and matches requests for"
	                " /squid-internal-mgr/");
	conf_as_squid(l->reader, CONF_SQUID_WARNS);
	return true;
}

void acl_conf_acl(struct conf_line *l, void *field)
{
	struct acl_set *set = *(struct acl_set **)field;
	struct acl_parse p = { .reader = l->reader, .set = set, .place = l->place };
	struct acl *a = NULL;
	struct span name, type;

	if (!conf_word(l, &name) || !conf_word(l, &type)) {
		conf_error_both(l, "acl: accepted is: acl NAME TYPE VALUE ...");
		return;
	}
	if (name.n == 0 || name.p[0] == '!')
		conf_error(l, "acl: a name cannot be empty or start with \"!\", which means "
		              "\"not\" in rules");
	else if (!is_old_manager(l, name, type))
		a = line_acl(l, set, name, line_type(l, name, type));
	if (a == NULL || a->type == &acl_type_broken) {
		(void)conf_rest(l);
		return;
	}
	parse_flags(l, a, &p);
	parse_values(l, a, &p);
}

/* --- when all lines were read ----------------------------------------------------------------- */

static void finish_acl(struct acl_parse *p, struct acl *a)
{
	p->place = a->place;
	const bool is_empty = acl_count(a) == 0 && !a->has_errors;

	a->is_empty = is_empty;

	/* Lists are made by programs, and one may well have nothing to list at the moment. */
	if (is_empty && a->has_list)
		acl_report(p, a, CONF_WARNING, "acl %s: its list is empty, so it never matches",
		           a->name);
	else if (is_empty)
		acl_report(p, a, CONF_ERROR,
		           "acl %s: it has no values, so it would never match; accepted are %s",
		           a->name, a->type->values);
	if (is_empty)
		conf_as_squid(p->reader, "warns, starts, and never matches");
	if (a->type->subject == acl_subject_none)
		acl_report(p, a, CONF_WARNING,
		           "acl %s: type %s never matches: a request whose URL has a user name is"
		           " refused before",
		           a->name, a->type->name);
	if (a->type->kind->finish != NULL)
		a->type->kind->finish(a, p);
	if (a->type->kind->summarise != NULL)
		a->type->kind->summarise(a, p);
	a->has_own = a->type->kind->count(a->data) != 0;
}

static void finish_rules(struct acl_rules *r)
{
	for (size_t i = 0; i < r->n_terms; i++)
		r->reads |= r->terms[i].acl->reads;
	for (size_t i = 0; i < r->n_rules; i++)
		r->rules[i].rules = r;
}

static bool decides_all(const struct acl_rule *r)
{
	return span_eq(r->acls, SPAN("all")) && !r->is_report_only;
}

/* Lines are often added at the end of a file, below the one that has the last word. */
static void warn_unreached(struct acl_parse *p, const struct acl_rules *r)
{
	size_t i = 0;

	while (i < r->n_rules && !decides_all(&r->rules[i]))
		i++;
	if (i + 1 >= r->n_rules)
		return;
	conf_report(p->reader, CONF_WARNING, r->rules[i + 1].place,
	            "%s: never reached%s: \"%s %.*s\" at line %u of %s decides every request",
	            r->directive, i + 2 < r->n_rules ? ", as all its lines below" : "",
	            r->directive, SPAN_ARG(r->rules[i].text), r->rules[i].place.line,
	            r->rules[i].place.file);
	conf_as_squid(p->reader, CONF_SQUID_SAME);
}

/* A list that ends with a denial of something allows all else: rarely what was meant. */
static void warn_open_end(struct acl_parse *p, const struct acl_rules *r)
{
	const struct acl_rule *last = r != NULL ? acl_rules_last(r) : NULL;

	if (last == NULL)
		return;
	for (size_t i = 0; i < r->n_rules; i++)
		if (decides_all(&r->rules[i]))
			return;
	if (last->is_allow)
		return;
	conf_report(
		p->reader, CONF_WARNING, last->place,
		"%s: the last line denies some requests, so all that no line matches are allowed;"
		" end with \"%s deny all\"",
		r->directive, r->directive);
	conf_as_squid(p->reader, CONF_SQUID_SAME);
}

/*
 * A fact that does not exist where the list is asked. In Squid the acl does not match there, and
 * only a log line says so. A rule that can then do less than it says is a warning, unless it was to
 * forbid, or to write a log, or holds for more requests than it says: then it is an error.
 */
static void check_lack(struct acl_parse *p, const struct acl_rules *r, const struct acl_rule *rule,
                       const struct acl_term *t, enum fact f)
{
	const bool is_group = t->acl->type->subject == NULL;
	const bool does_less = !t->is_negated && rule->is_allow && rule->has_action;
	const bool denies_more = t->is_negated && !rule->is_allow;
	const bool is_harmless = !is_group && (does_less || denies_more);

	conf_report(p->reader, is_harmless ? CONF_WARNING : CONF_ERROR, rule->place,
	            "%s: acl %s (type %s) looks at the %s, which there is none of when this list is"
	            " asked, so it never matches here%s",
	            r->directive, t->acl->name, t->acl->type->name, fact_text(f),
	            is_harmless        ? ""
	            : is_group         ? "; the rule would not do what it says"
	            : t->is_negated    ? "; after the ! the rule would hold for more than it says"
	            : rule->has_action ? "; the rule would never deny"
	                               : "; the line would have no effect");
	conf_as_squid(p->reader, "starts, and the acl does not match here");
}

/*
 * A lookup where nothing can wait. The reverse name of a URL's host that is an address is special:
 * in Squid, too, acls for names hold for names first, and only these few URLs miss something.
 */
static void check_wait(struct acl_parse *p, const struct acl_rules *r, const struct acl_rule *rule,
                       const struct acl_term *t, enum fact f)
{
	if (f == FACT_DST_NAME)
		conf_report(p->reader, CONF_WARNING, rule->place,
		            "%s: acl %s (type %s): this list cannot wait for a lookup, so the name"
		            " of a URL's host that is an address is not looked up here; say so by"
		            " -n",
		            r->directive, t->acl->name, t->acl->type->name);
	else
		conf_report(p->reader, CONF_ERROR, rule->place,
		            "%s: acl %s (type %s): this list cannot wait for a lookup (%s); use an"
		            " acl that looks at the request only",
		            r->directive, t->acl->name, t->acl->type->name, fact_text(f));
	conf_as_squid(p->reader,
	              "starts, and the acl does not match unless the answer is known already");
}

/*
 * A list that has become empty, by a download that failed perhaps, must not open what a rule with
 * it is to close. An allow that never holds closes more, and so does a deny with a negation.
 */
static void check_empty(struct acl_parse *p, const struct acl_rules *r, const struct acl_rule *rule,
                        const struct acl_term *t)
{
	static const char *const lists[] = { "http_access",           "adapted_http_access",
		                             "http_reply_access",     "miss_access",
		                             "request_header_access", "reply_header_access" };
	bool is_access = false;

	if (!t->acl->is_empty || !t->acl->has_list || t->is_negated != rule->is_allow)
		return;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		is_access |= strcmp(lists[i], r->directive) == 0;
	if (!is_access)
		return;
	conf_report(p->reader, CONF_ERROR, rule->place,
	            "%s: the list of acl %s is empty, so this line %s; fill the list, or delete "
	            "the line",
	            r->directive, t->acl->name,
	            t->is_negated ? "allows whatever the list is to keep out" : "never denies");
	conf_as_squid(p->reader, "starts, and the acl never matches");
}

static void check_term(struct acl_parse *p, const struct acl_rules *r, const struct acl_rule *rule,
                       const struct acl_term *t)
{
	const struct acl_list *list = acl_list_of(span_str(r->directive));

	check_empty(p, r, rule, t);
	for (enum fact f = 0; f < FACT_N; f++) {
		if ((t->acl->relies_on >> f & 1) == 0)
			continue;
		if ((list->lacks >> f & 1) != 0)
			check_lack(p, r, rule, t, f);
		else if (!list->may_wait && fact_may_wait(f))
			check_wait(p, r, rule, t, f);
		else
			continue;
		return; /* one finding for a term will do */
	}
}

static void finish_list(struct acl_parse *p, struct acl_rules *r)
{
	finish_rules(r);
	warn_unreached(p, r);
	acl_shadows_find(p, r);
	for (size_t i = 0; i < r->n_rules; i++)
		for (uint32_t k = 0; k < r->rules[i].n; k++)
			check_term(p, r, &r->rules[i], &r->terms[r->rules[i].first + k]);
}

void acl_conf_finish(struct acl_conf *c, struct conf_reader *reader)
{
	struct acl_parse p = { .reader = reader, .set = c->set };

	CHECK_OBJ(c->set, ACL_SET_MAGIC);
	CHECK(!c->set->is_finished);
	if (!c->set->is_resolved)
		acl_conf_resolve(c, reader, NULL, NULL);
	acl_groups_finish(&p);
	for (size_t i = 0; i < c->set->n; i++)
		finish_acl(&p, c->set->acls[i]);
	for (struct list *l = c->set->rules.next; l != &c->set->rules; l = l->next)
		finish_list(&p, CONTAINER_OF(l, struct acl_rules, in_set));
	warn_open_end(&p, c->http_access);
	c->set->is_finished = true;
}

void acl_conf_fields(const struct acl_conf *c, acl_field_fn *each, void *arg)
{
	for (size_t i = 0; i < c->set->n; i++) {
		const struct acl *a = c->set->acls[i];
		const struct span name = acl_field_of(a);

		if (name.n != 0)
			each(arg, (acl_reads_itself(a) & 1u << FACT_REPLY) != 0, name);
	}
}

bool acl_conf_has(const struct acl_conf *c, struct span name)
{
	return acl_set_find(c->set, name) != NULL;
}

void acl_conf_share(struct acl_conf *c, struct acl_files *in_use)
{
	c->set->files_in_use = in_use;
}

unsigned acl_conf_reads(const struct acl_conf *c)
{
	unsigned bits = 0;

	for (struct list *l = c->set->rules.next; l != &c->set->rules; l = l->next)
		bits |= CONTAINER_OF(l, struct acl_rules, in_set)->reads;
	return bits;
}

bool acl_conf_names_purge(const struct acl_conf *c)
{
	return c->set->names_purge;
}
