/*
 * Formats of access.log: what logformat says, compiled once into a list of operations over struct
 * log_rec, so that writing a line neither parses nor allocates.
 *
 * A format is immutable once it is bound, counted, and shared by the configuration and the log
 * thread; what changes from line to line is in struct log_state. doc/logformat.md is for users.
 */
#pragma once

#include "base/ip.h"
#include "log/fields.h"
#include "log/record.h"

struct log_format;
struct log_state;
struct log_line;

/* The widest a column can be made. */
#define LOG_WIDTH_MAX 4096

/* What is to be said about a format while it is read. */
struct log_findings {
	void (*tell)(void *arg, bool is_error, const char *text);
	void *arg;
	/* Codes that are always "-" here: told together by whoever reads the configuration. */
	void (*dash)(void *arg, const char *code, const char *why);
};

/*
 * Compile `text`. NULL: what is wrong with it was told. Squid's way of reading is followed: the
 * longest code that the letters begin with, whatever follows it.
 */
struct log_format *log_format_new(struct span name, struct span text,
                                  const struct log_findings *findings);
/* "squid", "common", "combined", "referrer", "useragent", "facts"; NULL: no such format. */
struct log_format *log_format_builtin(struct span name);
bool log_format_is_builtin(struct span name);

struct log_format *log_format_ref(struct log_format *f);
void log_format_unref(struct log_format **f);
const char *log_format_name(const struct log_format *f);

/* What the rest of the configuration says about the lines. */
struct log_format_conf {
	bool strip_query_terms, mime_headers;
	struct ip client_netmask;
};

/*
 * Settle what the format depends on. The fields that it prints are added to `needed`, which decides
 * where they lie in a record; so a record must be packed by the set that its format was bound to.
 * Once; for a format that several logs name, further calls with the same arguments do nothing.
 */
void log_format_bind(struct log_format *f, const struct log_format_conf *c,
                     struct log_fields *needed);
/* Whether lines of the same records would be the same: then a reload changes nothing. */
bool log_format_is_same(const struct log_format *a, const struct log_format *b);

/* --- lines ------------------------------------------------------------------------------------ */

/* For one log and thread: the number of the line, times in words. */
struct log_state *log_state_new(const struct log_format *f);
void log_state_free(struct log_state **s);

/*
 * Append a record's line with its newline. What does not fit is cut, l->is_cut is set, and the line
 * still ends with a newline if l holds at least one byte; then l->p may be set back and another
 * attempt made with more room: only log_state_next() counts lines.
 */
void log_format_line(const struct log_format *f, struct log_state *s, const struct log_rec *rec,
                     struct log_line *l);
void log_state_next(struct log_state *s);
