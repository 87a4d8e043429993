/*
 * Findings: what is to be said about a configuration, in the order in which it is read, wherever in
 * the reading, or after it, each was found.
 *
 * For that, the reader notes which lines of which file it has passed. A finding belongs where its
 * place is in that order; one in a list file, where the list was named; one about a whole file, at
 * the end.
 */
#include "conf/conf_int.h"
#include "conf/mask.h"

#include <stdarg.h>

#define SHOWN_MAX 64u /* bytes of a line that findings quote */

void conf_findings_init(struct conf_reader *r)
{
	r->findings_end = &r->findings;
}

void conf_findings_fini(struct conf_reader *r)
{
	free(r->stretches);
	r->stretches = NULL;
}

/* --- order ------------------------------------------------------------------------------------ */

#define AT_THE_END UINT64_MAX

static uint64_t position(size_t stretch, unsigned line)
{
	return (uint64_t)stretch << 32 | line;
}

uint64_t conf_position(const struct conf_reader *r)
{
	if (r->source == NULL || r->n_stretches == 0)
		return AT_THE_END;
	return position(r->n_stretches - 1, r->stretches[r->n_stretches - 1].last);
}

void conf_position_pass(struct conf_reader *r, struct conf_place at)
{
	struct conf_stretch *s = r->n_stretches != 0 ? &r->stretches[r->n_stretches - 1] : NULL;

	if (s != NULL && s->file == at.file && s->last + 1 == at.line) {
		s->last = at.line;
		return;
	}
	/* The room follows from their number: it doubles at each power of two. */
	if ((r->n_stretches & (r->n_stretches - 1)) == 0)
		r->stretches = check_realloc(r->stretches, MAX(r->n_stretches * 2, (size_t)1) *
		                                                   sizeof(r->stretches[0]));
	CHECK(r->stretches != NULL);
	r->stretches[r->n_stretches++] = (struct conf_stretch){ at.file, at.line, at.line };
}

/* Mostly the very same text, but who keeps places beyond the reader has a copy. */
static bool is_same_file(const char *a, const char *b)
{
	return a == b || strcmp(a, b) == 0;
}

/* Where the place comes in the order of reading. */
static uint64_t position_of(const struct conf_reader *r, struct conf_place at)
{
	/* From the end, since most findings are about the line that is being read. */
	for (size_t i = r->n_stretches; i-- > 0;) {
		const struct conf_stretch *s = &r->stretches[i];

		if (is_same_file(s->file, at.file) && s->first <= at.line && at.line <= s->last)
			return position(i, at.line);
	}
	for (const struct conf_file *f = r->files; f != NULL; f = f->next)
		if (!f->is_source && is_same_file(f->path, at.file))
			return f->position;
	return conf_position(r);
}

static int compare(const void *va, const void *vb)
{
	const struct conf_finding *const *a = va, *const *b = vb;

	if ((*a)->position != (*b)->position)
		return (*a)->position < (*b)->position ? -1 : 1;
	return ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

static void sort(struct conf_reader *r)
{
	size_t n = 0;

	for (struct conf_finding *f = r->findings; f != NULL; f = f->next)
		n++;
	if (n < 2)
		return;
	struct conf_finding **all = check_calloc(n, sizeof(all[0]));

	n = 0;
	for (struct conf_finding *f = r->findings; f != NULL; f = f->next)
		all[n++] = f;
	qsort(all, n, sizeof(all[0]), compare);
	r->findings_end = &r->findings;
	for (size_t i = 0; i < n; i++) {
		*r->findings_end = all[i];
		r->findings_end = &all[i]->next;
	}
	*r->findings_end = NULL;
	free(all);
}

const struct conf_finding *conf_findings(struct conf_reader *r)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	if (!r->is_sorted)
		sort(r);
	r->is_sorted = true;
	return r->findings;
}

/* --- reporting -------------------------------------------------------------------------------- */

/* Bytes from a file go to terminals and logs: control bytes do not pass. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			*text = *text == '\t' ? ' ' : '?';
}

static const char *keep_text(struct conf_reader *r, const char *text)
{
	char *copy = arena_alloc(&r->arena, strlen(text) + 1);

	memcpy(copy, text, strlen(text) + 1);
	make_printable(copy);
	return copy;
}

struct conf_finding *conf_finding_add(struct conf_reader *r, enum conf_severity s,
                                      struct conf_place at, const char *text)
{
	r->newest = NULL;
	r->counts[s]++;
	if (r->kept[s] == CONF_FINDINGS_MAX)
		return NULL;
	r->kept[s]++;
	struct conf_finding *f = ARENA_NEW(&r->arena, struct conf_finding);

	*f = (struct conf_finding){ .severity = s,
		                    .place = at,
		                    .text = keep_text(r, text),
		                    .row = r->row,
		                    .position = position_of(r, at),
		                    .number = r->n_findings++ };
	*r->findings_end = f;
	r->findings_end = &f->next;
	r->is_sorted = false;
	r->newest = f;
	return f;
}

const struct conf_directive *conf_finding_directive(const struct conf_reader *r,
                                                    const struct conf_finding *f)
{
	if (f->row != NULL)
		return f->row;
	for (const struct conf_applied *a = r->applied; a != NULL; a = a->next) {
		if (a->place.line != f->place.line || !is_same_file(a->place.file, f->place.file))
			continue;
		size_t n = 0;

		while (n < a->text.n && !conf_is_blank(a->text.p[n]))
			n++;
		const struct conf_index_entry *e =
			conf_index_find(&r->index, span_of(a->text.p, n));

		return e != NULL ? e->row : NULL;
	}
	return NULL;
}

/* A prefix and the text behind it, cut to what a finding may have. */
static void write_text(char text[CONF_FINDING_MAX], const char *prefix, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void write_text(char text[CONF_FINDING_MAX], const char *prefix, const char *fmt, va_list ap)
{
	const size_t n = strlen(prefix); /* below the room: prefixes are cut */

	memcpy(text, prefix, n);
	const int more = vsnprintf(text + n, CONF_FINDING_MAX - n, fmt, ap);

	if (more >= (int)(CONF_FINDING_MAX - n))
		memcpy(text + CONF_FINDING_MAX - 4, "...", 4);
}

static void report_v(struct conf_reader *r, enum conf_severity s, struct conf_place at,
                     const char *prefix, const char *fmt, va_list ap)
	__attribute__((format(printf, 5, 0)));
static void report_v(struct conf_reader *r, enum conf_severity s, struct conf_place at,
                     const char *prefix, const char *fmt, va_list ap)
{
	char text[CONF_FINDING_MAX];

	write_text(text, prefix, fmt, ap);
	(void)conf_finding_add(r, s, at, text);
}

/* "the line": with its secrets masked, cut to what fits a terminal. */
static void quote_line(struct conf_line *l, char prefix[SHOWN_MAX + 16])
{
	/* Only as much as can be seen, lest a thousand findings copy a line of a megabyte each. */
	const struct span begin = span_of(l->text.p, MIN(l->text.n, 4 * SHOWN_MAX));
	const struct span text = conf_mask(&l->reader->arena, begin);
	const bool is_cut = text.n > SHOWN_MAX;

	snprintf(prefix, SHOWN_MAX + 16, "\"%.*s%s\": ", (int)(is_cut ? SHOWN_MAX : text.n), text.p,
	         is_cut ? "..." : "");
}

void conf_error(struct conf_line *l, const char *fmt, ...)
{
	char prefix[SHOWN_MAX + 16];
	va_list ap;

	quote_line(l, prefix);
	va_start(ap, fmt);
	report_v(l->reader, CONF_ERROR, l->place, prefix, fmt, ap);
	va_end(ap);
}

void conf_error_both(struct conf_line *l, const char *fmt, ...)
{
	char prefix[SHOWN_MAX + 16];
	va_list ap;

	quote_line(l, prefix);
	va_start(ap, fmt);
	report_v(l->reader, CONF_ERROR, l->place, prefix, fmt, ap);
	va_end(ap);
	conf_as_squid(l->reader, CONF_SQUID_STOPS);
}

void conf_warning(struct conf_line *l, const char *fmt, ...)
{
	char prefix[SHOWN_MAX + 16];
	va_list ap;

	quote_line(l, prefix);
	va_start(ap, fmt);
	report_v(l->reader, CONF_WARNING, l->place, prefix, fmt, ap);
	va_end(ap);
}

void conf_report(struct conf_reader *r, enum conf_severity s, struct conf_place at, const char *fmt,
                 ...)
{
	va_list ap;

	CHECK_OBJ(r, CONF_READER_MAGIC);
	va_start(ap, fmt);
	report_v(r, s, at, "", fmt, ap);
	va_end(ap);
}

unsigned conf_count(const struct conf_reader *r, enum conf_severity s)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	return r->counts[s];
}

const char *conf_line_text(struct conf_place at, char text[CONF_LINE_TEXT_MAX])
{
	text[0] = '\0';
	if (at.line != 0)
		snprintf(text, CONF_LINE_TEXT_MAX, ":%u", at.line);
	return text;
}

void conf_findings_end(struct conf_reader *r)
{
	unsigned n = 0;

	for (size_t s = 0; s < ARRAY_LEN(r->counts); s++)
		n += r->counts[s] - r->kept[s];
	if (n != 0)
		conf_report(r, CONF_NOTE, (struct conf_place){ "(all files)", 0 },
		            "%u more findings are not listed", n);
}

/* --- as Squid --------------------------------------------------------------------------------- */

void conf_want_squid(struct conf_reader *r)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	r->wants_squid = true;
}

void conf_as_squid(struct conf_reader *r, const char *fmt, ...)
{
	char text[CONF_FINDING_MAX];
	va_list ap;

	CHECK_OBJ(r, CONF_READER_MAGIC);
	if (!r->wants_squid || r->newest == NULL)
		return;
	va_start(ap, fmt);
	write_text(text, "", fmt, ap);
	va_end(ap);
	r->newest->as_squid = keep_text(r, text);
}

void conf_difference(struct conf_reader *r, struct conf_place at, const char *fmt, ...)
{
	va_list ap;

	CHECK_OBJ(r, CONF_READER_MAGIC);
	r->newest = NULL; /* so that what Squid does is not hung upon what was said before */
	if (!r->wants_squid)
		return;
	va_start(ap, fmt);
	report_v(r, CONF_DIFFERENCE, at, "", fmt, ap);
	va_end(ap);
}
