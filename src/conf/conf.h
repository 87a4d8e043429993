/*
 * The squid.conf language: from text to located words, and from words to typed values.
 *
 * Pure but for reading the named files. What a directive means belongs to the folder whose subject
 * it is: a folder lists its directives in directives.tbl.h, each row naming a setter of its own.
 * The reader runs the setters in the order of the file and collects every finding, not only the first.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

struct conf_reader;

/* Where something was written. `file` is interned in the reader's arena. */
struct conf_place {
	const char *file; /* "squid.conf", or "(built in)" */
	unsigned line;
};

/* One logical line: continuation joined, macros replaced, comments gone. */
struct conf_line {
	struct conf_reader *reader;
	struct conf_place place;
	struct span name; /* the directive's name as written */
	struct span text; /* the whole joined line, for messages */
	struct span rest; /* not yet consumed words */
	const struct conf_directive *directive;
};

/*
 * The configuration structs that setters fill: one a folder. Who builds a snapshot provides them.
 * CONF_SECTION_acl is a struct acl_conf, and so on.
 */
enum conf_section {
	CONF_SECTION_none,
	CONF_SECTION_acl,    /* struct acl_conf */
	CONF_SECTION_net,    /* struct net_conf */
	CONF_SECTION_cache,  /* struct cache_conf */
	CONF_SECTION_log,    /* struct log_conf */
	CONF_SECTION_proxy,  /* struct proxy_conf */
	CONF_SECTION_process, /* struct process_conf */
	CONF_SECTION_N
};

/* What Cuttle does with a directive that it knows. */
enum conf_state {
	CONF_WORKS,
	CONF_ACCEPTED, /* no effect here, with a reason; a warning */
	CONF_OBSOLETE, /* no effect in today's Squid either; a warning with the replacement */
	CONF_UNBUILT,  /* Squid has it, Cuttle not yet; an error */
	CONF_REFUSED   /* will not be built, and ignoring it would weaken a policy; an error */
};

/*
 * Apply one line. `field` is the section's member that the row names. Findings are reported by
 * conf_error()/conf_warning(); the return value is not needed for that. Words left over when the
 * setter returns are reported by the reader.
 */
typedef void conf_setter_fn(struct conf_line *l, void *field);

struct conf_directive {
	const char *name;
	const char *aliases; /* separated by blanks; "" */
	const char *group;   /* Squid's group: "access", "network", ... */
	enum conf_state state;
	enum conf_section section;
	conf_setter_fn *set;  /* NULL unless CONF_WORKS */
	size_t offset;	      /* of the member within the section's struct */
	const char *def;      /* the line's rest that is applied if the file has no such line; "" for none */
	const char *syntax;
	const char *doc;      /* what it does; or why it is accepted, obsolete, unbuilt or refused */
};

/*
 * A row of directives.tbl.h. section: acl, net, ...; field: member of struct <section>_conf.
 *	DIRECTIVE(connect_timeout, "", timeout, net, conf_set_ms, connect_timeout_ms, "1 minute",
 *		  "TIME", "Time allowed for ...")
 */
#define CONF_ROW(name_, aliases_, group_, section_, setter_, field_, def_, syntax_, doc_)          \
	{ #name_, aliases_, #group_, CONF_WORKS, CONF_SECTION_##section_, setter_,                 \
	  offsetof(struct section_##_conf, field_), def_, syntax_, doc_ }

/* --- reading ----------------------------------------------------------------------------------- */

enum conf_severity { CONF_NOTE, CONF_WARNING, CONF_ERROR };

struct conf_finding {
	struct conf_finding *next; /* in the order of discovery */
	enum conf_severity severity;
	struct conf_place place;
	const char *text; /* a sentence: what was found, what is accepted */
};

/*
 * directives: n rows of all folders; sections: the structs. Nothing is read yet. The reader and all
 * that it hands out live until conf_reader_free(); what outlives it is copied by the setters.
 */
struct conf_reader *conf_reader_new(const struct conf_directive *directives, size_t n,
				    void *const sections[CONF_SECTION_N]);
void conf_reader_free(struct conf_reader **r);

/* Read a file with all it includes / a text as if it were a file called `name`. */
void conf_read_file(struct conf_reader *r, const char *path);
void conf_read_text(struct conf_reader *r, const char *name, struct span text);
/* Apply the defaults of directives that were not seen. Call once, after reading. */
void conf_finish(struct conf_reader *r);

const struct conf_finding *conf_findings(const struct conf_reader *r);
unsigned conf_count(const struct conf_reader *r, enum conf_severity s);
struct arena *conf_arena(struct conf_reader *r);
void *conf_section(const struct conf_reader *r, enum conf_section s);
/* Files read so far (configuration, includes, value lists), for the operator. NULL-terminated. */
const char *const *conf_files(const struct conf_reader *r);

/* --- for setters --------------------------------------------------------------------------------- */

/* The next word; false at the end of the line. Quoted mode is honoured. */
bool conf_word(struct conf_line *l, struct span *word);
/* Look at the next word without consuming it. */
bool conf_peek(struct conf_line *l, struct span *word);
/* The rest of the line as it is, trimmed; consumes it. */
struct span conf_rest(struct conf_line *l);

/*
 * Values of an acl and the like: words, where "path" in quotes stands for the lines of that file
 * (parameters("path") in quoted mode). place tells where the value really stands. regex: a backslash protects
 * the next byte, so that "\ " embeds a blank. A file that cannot be read is an error.
 */
struct conf_value {
	struct span text;
	struct conf_place place;
};
bool conf_value_next(struct conf_line *l, bool regex, struct conf_value *v);

/* Report a finding at the line's place. No full stop, no newline. */
void conf_error(struct conf_line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void conf_warning(struct conf_line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void conf_report(struct conf_reader *r, enum conf_severity s, struct conf_place at, const char *fmt,
		 ...) PRINTF_LIKE(4, 5);

/* Ready-made setters: the member's type is in the comment. All report what they refuse. */
conf_setter_fn conf_set_onoff;	  /* bool */
conf_setter_fn conf_set_int;	  /* int64_t; Squid's integers: decimal, 0x.., 0.. octal */
conf_setter_fn conf_set_unsigned; /* unsigned; negative refused */
conf_setter_fn conf_set_bytes;	  /* int64_t bytes; "none" and -1: INT64_MAX; unit missing: bytes with a warning */
conf_setter_fn conf_set_ms;	  /* int64_t milliseconds; a missing unit on a non-zero value is an error */
conf_setter_fn conf_set_string;	  /* char *, on the heap; "none": NULL */
conf_setter_fn conf_set_line;	  /* char *, on the heap: the rest of the line */
conf_setter_fn conf_set_percent;  /* unsigned */

/* The grammar behind them, for setters with more to parse. False: reported by nobody yet. */
bool conf_parse_bytes(struct span number, struct span unit, int64_t default_unit, int64_t *bytes) MUST_USE;
bool conf_parse_ms(struct span number, struct span unit, int64_t *ms) MUST_USE;
bool conf_parse_int(struct span word, int64_t *v) MUST_USE;

/* --- what is known of all of Squid's directives ------------------------------------------------ */

/* The rows of those that are not CONF_WORKS (squid.tbl.h); n is set. */
const struct conf_directive *conf_squid_directives(size_t *n);
const char *conf_state_text(enum conf_state s); /* "works", "accepted", ... */
