/*
 * The squid.conf language: from text to located words, and from words to typed values.
 *
 * Pure but for reading the named files. What a directive means belongs to the folder whose subject
 * it is: a folder lists its directives in directives.tbl.h, each row naming a setter of its own.
 * The reader runs the setters in the order of the file and collects every finding, not only the
 * first.
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
	struct conf_place place; /* of its first physical line */
	struct span name;        /* the directive's name as written */
	struct span text;        /* the whole joined line, for messages */
	struct span rest;        /* not yet consumed words */
	const struct conf_directive *directive;
	/* src/conf's own: the physical lines of a continued one, and the value list being read. */
	const struct conf_piece *pieces; /* NULL: one physical line */
	size_t n_pieces;
	struct conf_list *list; /* NULL: none */
};

/*
 * The configuration structs that setters fill: one a folder. Who builds a snapshot provides them.
 * CONF_SECTION_acl is a struct acl_conf, and so on.
 */
enum conf_section {
	CONF_SECTION_none,
	CONF_SECTION_acl,     /* struct acl_conf */
	CONF_SECTION_net,     /* struct net_conf */
	CONF_SECTION_cache,   /* struct cache_conf */
	CONF_SECTION_header,  /* struct header_conf */
	CONF_SECTION_error,   /* struct error_conf */
	CONF_SECTION_log,     /* struct log_conf */
	CONF_SECTION_peer,    /* struct peer_conf */
	CONF_SECTION_proxy,   /* struct proxy_conf */
	CONF_SECTION_process, /* struct process_conf */
	CONF_SECTION_N
};

/* What Cuttle does with a directive that it knows. */
enum conf_state {
	CONF_WORKS,
	CONF_ACCEPTED, /* no effect here, with a reason; a warning */
	CONF_OBSOLETE, /* no effect in today's Squid either; a warning with the replacement */
	CONF_UNBUILT,  /* Squid has it, Cuttle not yet; an error */
	CONF_UNBUILT_HARMLESS, /* the same, but what may pass does not depend on it; a warning */
	CONF_REFUSED /* will not be built, and ignoring it would weaken a policy; an error */
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
	conf_setter_fn *set; /* NULL unless CONF_WORKS */
	size_t offset;       /* of the member within the section's struct */
	/*
	 * the line's rest that is applied if the file has no such line; "" for none;
	 * what begins with '[' is only for documents
	 */
	const char *def;
	const char *syntax;
	const char *doc; /* what it does; or why it is accepted, obsolete, unbuilt or refused */
};

/*
 * A row of directives.tbl.h. section: acl, net, ...; field: member of struct <section>_conf.
 *	DIRECTIVE(connect_timeout, "", timeout, net, conf_set_ms, connect_timeout_ms, "1 minute",
 *		  "TIME", "Time allowed for ...")
 */
#define CONF_ROW(name_, aliases_, group_, section_, setter_, field_, def_, syntax_, doc_)          \
	{                                                                                          \
#name_, aliases_, #group_, CONF_WORKS, CONF_SECTION_##section_, setter_,           \
			offsetof(struct section_##_conf, field_), def_, syntax_, doc_              \
	}

/*
 * A row without a setter. state: ACCEPTED, OBSOLETE, UNBUILT, UNBUILT_HARMLESS or REFUSED; doc says
 * why, or what to write instead. A line of an unbuilt or refused directive that only states def
 * passes with a note.
 */
#define CONF_ROW_WITHOUT(name_, aliases_, group_, state_, def_, syntax_, doc_)                     \
	{                                                                                          \
		name_, aliases_, group_, CONF_##state_, CONF_SECTION_none, NULL, 0, def_, syntax_, \
			doc_                                                                       \
	}

/* --- reading ---------------------------------------------------------------------------------- */

enum conf_severity {
	CONF_DIFFERENCE, /* told only if conf_want_squid() was called: Squid reads it differently */
	CONF_NOTE,
	CONF_WARNING,
	CONF_ERROR
};

struct conf_finding {
	struct conf_finding *next; /* in the order of the lines that are read */
	enum conf_severity severity;
	struct conf_place place;
	const char *text; /* a sentence: what was found, what is accepted */
	const char *
		as_squid; /* what Squid does: "stops with ..."; NULL: not asked for, or not known */
	/* src/conf's own: */
	const struct conf_directive *row; /* whose line was being read; NULL: none */
	uint64_t position;                /* of the place in the order of reading */
	unsigned number;                  /* in the order of discovery */
};

/* ":12", for after the file's name; "" if the whole file is meant (line 0). In text. */
#define CONF_LINE_TEXT_MAX 12
const char *conf_line_text(struct conf_place at, char text[CONF_LINE_TEXT_MAX]);

/*
 * directives: n rows of all folders; sections: the structs. Nothing is read yet. The reader and all
 * that it hands out live until conf_reader_free(); what outlives it is copied by the setters.
 * The language's own directives (include, ...) and Squid's others (squid.tbl.h) are known beside
 * the rows given; where a name occurs twice, the row that works wins, then the one given here.
 */
struct conf_reader *conf_reader_new(const struct conf_directive *directives, size_t n,
                                    void *const sections[CONF_SECTION_N]);
void conf_reader_free(struct conf_reader **r);

/*
 * How files are opened: an fd for reading, or -1 with *errnum set. Without a call: open(2). For
 * whoever has given up the right to read them himself. A path is handed over as written,
 * NUL-terminated.
 */
typedef int conf_open_fn(void *arg, const char *path, int *errnum);
void conf_set_open(struct conf_reader *r, conf_open_fn *open_file, void *arg);
/*
 * Told now and then what is being read, and how many lines of it (0: not lines); NULL: that is
 * over. For who waits.
 */
typedef void conf_progress_fn(void *arg, const char *what, unsigned lines);
void conf_set_progress(struct conf_reader *r, conf_progress_fn *fn, void *arg);
/* From now on findings tell what Squid does, and differences are findings too. */
void conf_want_squid(struct conf_reader *r);
/*
 * From now on the reader touches no file: includes and list files are errors. For fuzzing and
 * tests.
 */
void conf_forbid_files(struct conf_reader *r);
/*
 * Give ${name} another value. Preset: service_name squid, process_name squid-1, process_number 1.
 */
void conf_set_macro(struct conf_reader *r, const char *name, const char *value);

/*
 * Read a file with all it includes / a text as if it were a file called `name`. False: the file
 * itself cannot be read, which was reported.
 */
bool conf_read_file(struct conf_reader *r, const char *path);
void conf_read_text(struct conf_reader *r, const char *name, struct span text);
/*
 * Apply the defaults of directives that were not seen ('\n' in a default separates lines). Call
 * once, after reading.
 */
void conf_finish(struct conf_reader *r);

/*
 * Forget the contents of list files. For whoever keeps the reader for its places and dump after all
 * setters have taken what they need; values handed out become invalid.
 */
void conf_drop_lists(struct conf_reader *r);

/* All of them, sorted by place as the files are read; those about no line come last. */
const struct conf_finding *conf_findings(struct conf_reader *r);
unsigned conf_count(const struct conf_reader *r, enum conf_severity s);
/* The directive that a finding is about, by one of its lines or by its place; NULL: none. */
const struct conf_directive *conf_finding_directive(const struct conf_reader *r,
                                                    const struct conf_finding *f);
/* Whether a line of this directive was read, right or wrong. */
bool conf_is_seen(const struct conf_reader *r, const char *name);
/* The last line of this directive; without one, the file that was read first, as a whole. */
struct conf_place conf_place_of(const struct conf_reader *r, const char *name);
void *conf_section(const struct conf_reader *r, enum conf_section s);
/* The row of a directive by any of its names; NULL: there is none. */
const struct conf_directive *conf_directive_of(const struct conf_reader *r, struct span name);
/* Files read so far (configuration, includes, value lists), for the operator. NULL-terminated. */
const char *const *conf_files(const struct conf_reader *r);

/*
 * The lines that setters were run for, in order, those of conf_finish() last, as a text that can be
 * read again: "#line" comments keep the places, secrets are masked (mask.h). NUL-terminated, on the
 * heap.
 */
char *conf_dump(const struct conf_reader *r);
/* The same with its secrets: for the next process that is to read it, and for nobody's eyes. */
char *conf_dump_whole(const struct conf_reader *r);

/* --- for setters ------------------------------------------------------------------------------ */

/* The next word; false at the end of the line. Quoted mode is honoured. */
bool conf_word(struct conf_line *l, struct span *word);
/* Look at the next word without consuming it. */
bool conf_peek(struct conf_line *l, struct span *word);
/* The rest of the line as it is, comments included, trimmed; consumes it. */
struct span conf_rest(struct conf_line *l);
/*
 * The next word, which may be "quoted" or 'quoted' whatever the mode; *is_quoted tells. For the
 * values of request_header_add, note and the like. False also for bad quoting, which is reported.
 */
bool conf_word_or_quoted(struct conf_line *l, struct span *word, bool *is_quoted);
/* The next word, or an error that names the directive's syntax. */
bool conf_need_word(struct conf_line *l, struct span *word) MUST_USE;

/*
 * Values of an acl and the like: words, where "path" in quotes stands for the lines of that file
 * (parameters("path") in quoted mode). place tells where the value really stands. regex: a
 * backslash protects the next byte, so that "\ " embeds a blank. A file that cannot be read is an
 * error.
 */
struct conf_value {
	struct span text;
	struct conf_place place;
};
bool conf_value_next(struct conf_line *l, bool regex, struct conf_value *v);

/*
 * For who keeps what he made of a list file, to use it again while the file stays the same. Before
 * each conf_value_next(), conf_list_open() tells whether a list file comes next; it is open then,
 * but not read, and stamp tells it from others. Either conf_list_skip() leaves it out, or
 * conf_list_read() reads it (false: that was reported, and it is left out); after that,
 * conf_list_skip() or conf_list_value() until that is false. Values are valid until the next call.
 */
struct conf_stamp {
	uint64_t device, inode, size;
	int64_t modified_ns, changed_ns;
	/*
	 * false: no ordinary file, or changed so lately that it could be changed again without a
	 * trace
	 */
	bool is_sure;
};
struct conf_list_file {
	const char *path; /* interned */
	struct conf_stamp stamp;
	bool is_quoted_mode; /* named by parameters(): its lines are words */
	uint64_t hash;       /* of its bytes; set by conf_list_read() */
	bool is_nested;      /* its values name other files; set by conf_list_value() */
};
bool conf_list_open(struct conf_line *l, bool regex, struct conf_list_file *f);
bool conf_list_read(struct conf_line *l, struct conf_list_file *f) MUST_USE;
bool conf_list_value(struct conf_line *l, struct conf_list_file *f, struct conf_value *v);
void conf_list_skip(struct conf_line *l);

/* Report a finding at the line's place. No full stop, no newline. */
void conf_error(struct conf_line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void conf_warning(struct conf_line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An error with which Squid does not start either. */
void conf_error_both(struct conf_line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void conf_report(struct conf_reader *r, enum conf_severity s, struct conf_place at, const char *fmt,
                 ...) PRINTF_LIKE(4, 5);

/*
 * What Squid would have done, for -k parse --as-squid: a sentence about the newest finding, without
 * its subject, as far as it is known. Does nothing if nobody asked. Where Squid differs and nothing
 * else is to be said, conf_difference() tells what holds here, and conf_as_squid() goes after it.
 */
void conf_as_squid(struct conf_reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
void conf_difference(struct conf_reader *r, struct conf_place at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
#define CONF_SQUID_STOPS "does not start"
#define CONF_SQUID_SKIPS "logs an error, leaves the line out and starts"
#define CONF_SQUID_TAKES "takes it without a word"
#define CONF_SQUID_SAME  "means the same by it, without a word"
#define CONF_SQUID_WARNS "warns too"

/* Ready-made setters: the member's type is in the comment. All report what they refuse. */
conf_setter_fn conf_set_onoff; /* bool */
conf_setter_fn conf_set_int;   /* int64_t; Squid's integers: decimal, 0x.., 0.. octal */
conf_setter_fn
	/* int64_t bytes; "none" and -1: INT64_MAX; unit missing: bytes with a warning */
	conf_set_bytes;
conf_setter_fn
	conf_set_ms; /* int64_t milliseconds; a missing unit on a non-zero value is an error */
conf_setter_fn conf_set_string;  /* char *, on the heap; "none": NULL */
conf_setter_fn conf_set_line;    /* char *, on the heap: the rest of the line */
conf_setter_fn conf_set_percent; /* unsigned */

/*
 * The grammar behind them, for setters with more to parse. False: reported by nobody yet. unit may
 * be empty (then bytes count in default_unit; ms only 0). Bytes: "none" and -1 are INT64_MAX.
 */
bool conf_parse_bytes(struct span number, struct span unit, int64_t default_unit,
                      int64_t *bytes) MUST_USE;
bool conf_parse_ms(struct span number, struct span unit, int64_t *ms) MUST_USE;
bool conf_parse_int(struct span word, int64_t *v) MUST_USE;
/* A size glued to its unit, as in buffer-size=64KB: the unit is mandatory, except for 0. */
bool conf_parse_glued_bytes(struct span word, int64_t *bytes) MUST_USE;
/* Whether the word is one of the units of sizes (of times). */
bool conf_is_byte_unit(struct span word);
bool conf_is_time_unit(struct span word);

/* The name nearest to a mistyped word, for "did you mean"; NULL if none is near. */
const char *conf_nearest(struct span word, const char *const *names, size_t n);

/* --- what is known of all of Squid's directives ----------------------------------------------- */

/* The rows of those that are not CONF_WORKS (squid.tbl.h); n is set. */
const struct conf_directive *conf_squid_directives(size_t *n);
/*
 * The rows of the language itself: include, if, else, endif, configuration_includes_quoted_values.
 */
const struct conf_directive *conf_language_directives(size_t *n);
const char *conf_state_text(enum conf_state s); /* "works", "accepted", ... */

/*
 * What is wrong with the folders' rows: a name twice, a row of squid.tbl.h for a name that a folder
 * has, a working row without setter or sentence. Each is told to `report`; returns their number.
 */
unsigned conf_check_rows(const struct conf_directive *rows, size_t n,
                         void (*report)(void *arg, const char *text), void *arg);
