/*
 * The reader: takes logical lines one by one, finds their directive's row, and runs its setter.
 */
#include "conf/conf_int.h"

/* --- life ------------------------------------------------------------------------------------- */

struct conf_reader *conf_reader_new(const struct conf_directive *directives, size_t n,
                                    void *const sections[CONF_SECTION_N])
{
	struct conf_reader *r;

	OBJ_NEW(r, CONF_READER_MAGIC);
	arena_init(&r->arena);
	conf_index_init(&r->index, directives, n);
	r->rows = directives;
	r->n_rows = n;
	r->row_states = check_calloc(r->index.n_rows, sizeof(r->row_states[0]));
	for (size_t i = 0; sections != NULL && i < CONF_SECTION_N; i++)
		r->sections[i] = sections[i];
	conf_findings_init(r);
	r->applied_end = &r->applied;
	/* What Squid's first worker calls itself, so that paths made from these stay the same. */
	conf_set_macro(r, "service_name", "squid");
	conf_set_macro(r, "process_name", "squid-1");
	conf_set_macro(r, "process_number", "1");
	return r;
}

void conf_reader_free(struct conf_reader **r)
{
	if (*r == NULL)
		return;
	CHECK_OBJ(*r, CONF_READER_MAGIC);
	conf_files_fini(*r);
	conf_findings_fini(*r);
	conf_index_fini(&(*r)->index);
	free((*r)->row_states);
	arena_fini(&(*r)->arena);
	OBJ_FREE(*r, CONF_READER_MAGIC);
}

void *conf_section(const struct conf_reader *r, enum conf_section s)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	return r->sections[s];
}

const struct conf_directive *conf_directive_of(const struct conf_reader *r, struct span name)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	const struct conf_index_entry *e = conf_index_find(&r->index, name);

	return e != NULL ? e->row : NULL;
}

const char *conf_intern(struct conf_reader *r, struct span name)
{
	if (r->source != NULL && span_eq(span_str(r->source->place.file), name))
		return r->source->place.file;
	return arena_dup(&r->arena, name).p;
}

bool conf_is_seen(const struct conf_reader *r, const char *name)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	const struct conf_index_entry *e = conf_index_find(&r->index, span_str(name));

	return e != NULL && r->row_states[e->row_id].is_seen;
}

struct conf_place conf_place_of(const struct conf_reader *r, const char *name)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	const struct conf_index_entry *e = conf_index_find(&r->index, span_str(name));

	if (e != NULL && r->row_states[e->row_id].is_seen)
		return r->row_states[e->row_id].place;
	return (struct conf_place){ r->main_name != NULL ? r->main_name : "(built in)", 0 };
}

/* --- directives that do nothing here ---------------------------------------------------------- */

/* Whether the line's words are those of the row's default, so that it changes nothing. */
static bool states_default(const struct conf_line *l)
{
	struct conf_line given = *l, stated = *l;
	struct span a, b;

	stated.rest = span_str(l->directive->def);
	if (stated.rest.n == 0)
		return false;
	for (;;) {
		const bool has_a = conf_peek(&given, &a), has_b = conf_peek(&stated, &b);

		if (!has_a || !has_b)
			return has_a == has_b;
		if (!span_eq(a, b))
			return false;
		/* Peeked, so these come without findings. */
		(void)conf_word(&given, &a);
		(void)conf_word(&stated, &b);
	}
}

/* The row's sentence, which becomes a part of one. */
static struct span sentence(const struct conf_directive *d)
{
	const struct span s = span_str(d->doc);

	return span_of(s.p, s.n - (s.n != 0 && s.p[s.n - 1] == '.'));
}

/* What Squid does with a line of a directive that has no effect here. */
static const char *state_as_squid(const struct conf_directive *d)
{
	const bool is_obsolete = strcmp(d->group, "obsolete") == 0;

	if (strcmp(d->group, "removed") == 0)
		return strstr(d->name, "dns") != NULL
		               ? "does not know it any more, and does not start"
		               : "applies it up to version 6, and does not know it since version 7";
	if (strcmp(d->name, "ignore_ims_on_miss") == 0)
		return "logs an error that it is obsolete, but still applies it, as the opposite "
		       "of "
		       "cache_miss_revalidate";
	switch (d->state) {
	case CONF_WORKS:
	case CONF_ACCEPTED:
		return "applies it";
	case CONF_OBSOLETE:
		return "logs an error that it is obsolete, leaves the line out and starts";
	case CONF_UNBUILT:
	case CONF_UNBUILT_HARMLESS:
		return is_obsolete ? "logs an error that it is obsolete, but still applies it"
		                   : "applies it";
	case CONF_REFUSED:
		return is_obsolete
		               ? "logs an error that it is obsolete and starts without the line, "
		                 "so that what it restricted is open"
		               : "applies it";
	}
	UNREACHABLE("state of a directive");
}

/* Warnings are said once for each directive; further lines are counted and told by conf_finish().
 */
static void warn_once(struct conf_line *l, struct conf_row_state *state, const char *what,
                      const char *end)
{
	char text[CONF_FINDING_MAX];

	if (state->finding != NULL) {
		state->n_more++;
		return;
	}
	snprintf(text, sizeof(text), "%.*s %s%.*s%s", SPAN_ARG(l->name), what,
	         SPAN_ARG(sentence(l->directive)), end);
	state->finding = conf_finding_add(l->reader, CONF_WARNING, l->place, text);
	conf_as_squid(l->reader, "%s", state_as_squid(l->directive));
}

/* Each line is an error of its own, but the sentence stands at the first. `remedy` follows it. */
static void refuse(struct conf_line *l, struct conf_row_state *state, const char *what,
                   const char *intro, const char *remedy)
{
	const struct conf_place first = state->finding != NULL ? state->finding->place : l->place;
	const bool is_here = strcmp(first.file, l->place.file) == 0;
	char text[CONF_FINDING_MAX];

	if (state->finding != NULL)
		snprintf(text, sizeof(text), "%.*s %s (see line %u%s%s)", SPAN_ARG(l->name), what,
		         first.line, is_here ? "" : " of ", is_here ? "" : first.file);
	else
		snprintf(text, sizeof(text), "%.*s %s%s%.*s%s", SPAN_ARG(l->name), what, intro,
		         SPAN_ARG(sentence(l->directive)), remedy);
	struct conf_finding *f = conf_finding_add(l->reader, CONF_ERROR, l->place, text);

	conf_as_squid(l->reader, "%s", state_as_squid(l->directive));
	if (state->finding == NULL)
		state->finding = f;
}

static void note_default(struct conf_line *l)
{
	conf_report(l->reader, CONF_NOTE, l->place,
	            "%.*s only states the default, which holds here too", SPAN_ARG(l->name));
	conf_as_squid(l->reader, CONF_SQUID_SAME);
}

static void report_without_setter(struct conf_line *l, struct conf_row_state *state)
{
	const bool is_default = states_default(l);

	switch (l->directive->state) {
	case CONF_WORKS:
		return;
	case CONF_ACCEPTED:
		warn_once(l, state, "is accepted and has no effect: ", "");
		return;
	case CONF_OBSOLETE:
		warn_once(l, state, "is obsolete and has no effect: ", "");
		return;
	case CONF_UNBUILT_HARMLESS:
		if (is_default)
			note_default(l);
		else
			warn_once(l, state,
			          "is known to Squid, but Cuttle does not have it yet (in Squid: ",
			          "); what may pass does not depend on it");
		return;
	case CONF_UNBUILT:
		if (is_default)
			note_default(l);
		else
			refuse(l, state, "is known to Squid, but Cuttle does not have it yet",
			       " (in Squid: ", "); remove the line if you can do without");
		return;
	case CONF_REFUSED:
		if (is_default)
			note_default(l);
		else
			refuse(l, state, "is refused", ": ", "");
		return;
	}
	UNREACHABLE("state of a directive");
}

static void report_repeats(struct conf_reader *r)
{
	for (unsigned i = 0; i < r->index.n_rows; i++) {
		const struct conf_row_state *s = &r->row_states[i];

		if (s->finding == NULL || s->n_more == 0)
			continue;
		s->finding->text =
			arena_printf(&r->arena, "%s (and %u more line%s)", s->finding->text,
		                     s->n_more, s->n_more == 1 ? "" : "s")
				.p;
	}
}

/* --- applying lines --------------------------------------------------------------------------- */

static void remember_applied(struct conf_line *l)
{
	struct conf_reader *r = l->reader;
	struct conf_applied *a = ARENA_NEW(&r->arena, struct conf_applied);

	*a = (struct conf_applied){ NULL, l->place, l->text };
	*r->applied_end = a;
	r->applied_end = &a->next;
}

/* Squid takes no notice of words that it does not expect; whoever wrote them expected something. */
static void check_leftover(struct conf_line *l, unsigned errors_before)
{
	struct span word;

	if (conf_count(l->reader, CONF_ERROR) != errors_before)
		return;
	if (l->list != NULL)
		conf_warning(l, "not all values of the list %s are used", l->list->file);
	else if (conf_word(l, &word))
		conf_warning(
			l,
			"what begins with \"%.*s\" is ignored, as Squid does; the syntax is: %s %s",
			SPAN_ARG(word), l->directive->name, l->directive->syntax);
	else
		return;
	conf_as_squid(l->reader, "ignores it too, without a word");
}

static void run_setter(struct conf_line *l)
{
	const struct conf_directive *d = l->directive;
	char *section = l->reader->sections[d->section];
	const unsigned errors = conf_count(l->reader, CONF_ERROR);

	/* What is included is remembered line by line instead. */
	if (d->set != conf_set_include)
		remember_applied(l);
	d->set(l, section != NULL ? section + d->offset : NULL);
	check_leftover(l, errors);
}

static void report_unknown(struct conf_line *l)
{
	const struct conf_index_entry *near = conf_index_nearest(&l->reader->index, l->name);

	if (near != NULL)
		conf_error(l, "there is no directive \"%.*s\"; did you mean \"%.*s\"?",
		           SPAN_ARG(l->name), SPAN_ARG(near->name));
	else
		conf_error(l, "there is no directive \"%.*s\"", SPAN_ARG(l->name));
	conf_as_squid(l->reader, "logs an error, reads on and then does not start");
}

static void apply(struct conf_line *l)
{
	const struct conf_index_entry *e = conf_index_find(&l->reader->index, l->name);

	if (e == NULL) {
		report_unknown(l);
		return;
	}
	struct conf_row_state *state = &l->reader->row_states[e->row_id];

	l->directive = l->reader->row = e->row;
	state->is_seen = true;
	state->place = l->place;
	if (e->row->state == CONF_WORKS && e->row->set != NULL)
		run_setter(l);
	else
		report_without_setter(l, state);
	l->reader->row = NULL;
}

static void split_name(struct conf_line *l)
{
	struct span rest = l->text;

	while (rest.n != 0 && !conf_is_blank(rest.p[0]))
		rest = span_skip(rest, 1);
	l->name = span_of(l->text.p, l->text.n - rest.n);
	l->rest = span_trim(rest);
}

/* --- texts ------------------------------------------------------------------------------------ */

static void read_lines(struct conf_source *s)
{
	struct conf_line l;

	while (conf_line_next(s, &l)) {
		split_name(&l);
		if (l.name.n == 0 || conf_condition(s, &l))
			continue;
		if (conf_condition_is_active(s))
			apply(&l);
	}
	conf_condition_end(s);
}

static bool is_being_read(const struct conf_reader *r, const struct conf_file *f)
{
	for (const struct conf_source *s = r->source; s != NULL; s = s->outer)
		if (s->file == f || (s->file != NULL && s->file->stamp.device == f->stamp.device &&
		                     s->file->stamp.inode == f->stamp.inode))
			return true;
	return false;
}

/* Read a text or file as the innermost source. */
static void read_source(struct conf_reader *r, const struct conf_file *f, struct conf_place from,
                        const char *name, struct span text)
{
	struct conf_source s = { .reader = r, .file = f, .outer = r->source };

	if (r->depth > CONF_DEPTH_MAX) {
		conf_report(r, CONF_ERROR, from, "%s: includes are nested more than %d deep", name,
		            CONF_DEPTH_MAX);
		conf_as_squid(r, CONF_SQUID_STOPS);
		return;
	}
	if (span_starts(text, SPAN(CONF_BYTE_ORDER_MARK))) {
		text = span_skip(text, strlen(CONF_BYTE_ORDER_MARK));
		conf_difference(r, (struct conf_place){ name, 1 },
		                "the byte order mark at the beginning of the file is skipped");
		conf_as_squid(r, "takes it for a part of the first word");
	}
	if (r->main_name == NULL)
		r->main_name = name;
	s.at = text.p;
	s.end = text.p + text.n;
	s.place = (struct conf_place){ name, 0 };
	r->source = &s;
	r->depth++;
	read_lines(&s);
	r->depth--;
	r->source = s.outer;
}

bool conf_source_include(struct conf_reader *r, struct conf_place from, const char *path)
{
	struct conf_file *f = conf_file_load(r, path);

	f->is_source = true;
	if (!f->is_usable) {
		conf_report(r, CONF_ERROR, from, "cannot read %s: %s", path, conf_file_why(f));
		conf_as_squid(r, f->is_folder ? "reads nothing, and starts" : CONF_SQUID_STOPS);
	} else if (is_being_read(r, f)) {
		conf_report(r, CONF_ERROR, from, "%s includes itself", path);
		conf_as_squid(r, CONF_SQUID_STOPS);
	} else {
		read_source(r, f, from, f->path, span_of(f->bytes, f->n));
	}
	return f->is_usable;
}

bool conf_read_file(struct conf_reader *r, const char *path)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	return conf_source_include(r, (struct conf_place){ conf_intern(r, span_str(path)), 0 },
	                           path);
}

void conf_read_text(struct conf_reader *r, const char *name, struct span text)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	const char *kept = conf_intern(r, span_str(name));

	read_source(r, NULL, (struct conf_place){ kept, 0 }, kept, arena_dup(&r->arena, text));
}

/* --- defaults --------------------------------------------------------------------------------- */

static void apply_built_in(struct conf_reader *r, const struct conf_directive *d, struct span rest)
{
	struct conf_line l = { .reader = r, .place = { "(built in)", 0 }, .directive = d };

	l.text = arena_printf(&r->arena, "%s %.*s", d->name, SPAN_ARG(rest));
	split_name(&l);
	run_setter(&l);
}

static void apply_default(struct conf_reader *r, const struct conf_directive *d)
{
	struct span rest = span_str(d->def);

	while (rest.p != NULL)
		apply_built_in(r, d, span_cut(&rest, '\n'));
}

/* Defaults are written plainly; a line says so, for who reads the dump. */
static void leave_quoted_mode(struct conf_reader *r)
{
	const struct span name = SPAN("configuration_includes_quoted_values");

	if (r->is_quoted_mode)
		apply_built_in(r, conf_index_find(&r->index, name)->row, SPAN("off"));
}

void conf_finish(struct conf_reader *r)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	leave_quoted_mode(r);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct conf_directive *d = &r->rows[i];
		const struct conf_index_entry *e = conf_index_find(&r->index, span_str(d->name));

		/* A row whose name belongs to another row has no defaults. */
		if (d->state == CONF_WORKS && d->set != NULL && d->def[0] != '\0' &&
		    d->def[0] != '[' && e->row == d && !r->row_states[e->row_id].is_seen)
			apply_default(r, d);
	}
	report_repeats(r);
	conf_default_differences(r);
	conf_findings_end(r);
}

/* --- the language's own directives ------------------------------------------------------------ */

static void set_quoted_mode(struct conf_line *l, UNUSED void *field)
{
	bool is_on = l->reader->is_quoted_mode;

	conf_set_onoff(l, &is_on);
	l->reader->is_quoted_mode = is_on;
}

/* Never run: conf_condition() is asked first. */
static void set_nothing(UNUSED struct conf_line *l, UNUSED void *field)
{
	UNREACHABLE("a condition came to a setter");
}

const struct conf_directive *conf_language_directives(size_t *n)
{
	static const struct conf_directive rows[] = {
		{ "include", "", "syntax", CONF_WORKS, CONF_SECTION_none, conf_set_include, 0, "",
		  "FILE...",
		  "Reads the named files at this place. A name may be a pattern (*, ?, [...]), "
		  "which must "
		  "match something. Relative names start from the folder in which the program "
		  "runs. "
		  "Files may include others to a depth of 16." },
		{ "if", "", "syntax", CONF_WORKS, CONF_SECTION_none, set_nothing, 0, "",
		  "true|false|NUMBER = NUMBER",
		  "The lines down to else or endif are read if the condition holds. Conditions "
		  "nest; "
		  "one within lines that are not read is not looked at." },
		{ "else", "", "syntax", CONF_WORKS, CONF_SECTION_none, set_nothing, 0, "", "",
		  "The lines down to endif are read if the condition of the if does not hold." },
		{ "endif", "", "syntax", CONF_WORKS, CONF_SECTION_none, set_nothing, 0, "", "",
		  "Ends an if." },
		{ "configuration_includes_quoted_values", "", "syntax", CONF_WORKS,
		  CONF_SECTION_none, set_quoted_mode, 0, "off", "on|off",
		  "From this line on, \"...\" and '...' enclose one word, and "
		  "parameters(\"/file\") "
		  "stands for the words of a file. Regular expressions cannot be written then." },
	};

	*n = ARRAY_LEN(rows);
	return rows;
}
