/*
 * What the files of src/conf share: the reader, its files, the lines of a continued line.
 *
 * A reader belongs to one thread; nothing of it is shared.
 */
#pragma once

#include "conf/conf.h"
#include "conf/index.h"

#define CONF_DEPTH_MAX    16 /* of include in include, as Squid's; of parameters() likewise */
#define CONF_FILE_MAX     (1u << 30) /* bytes; a device given as a list would never end */
#define CONF_FINDINGS_MAX 10000      /* kept of each severity; all are counted */
#define CONF_FINDING_MAX  1000       /* bytes of a finding's text */

/* Some editors begin a UTF-8 file with it. */
#define CONF_BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A file read once and kept until the reader goes, so that values are spans of it. */
struct conf_file {
	struct conf_file *next; /* newest first */
	const char *path;
	char *bytes; /* on the heap */
	size_t n;
	bool is_folder;
	/* bytes are there; false: not read, or its failure was reported with each use */
	bool is_usable;
	bool is_source;    /* lines of it are configuration, of which spans are kept */
	bool is_kept;      /* values of it are spans that somebody may keep */
	int fd;            /* open, and not yet read; -1 */
	uint64_t position; /* where it was named first */
	int errnum;        /* why it is not usable */
	const char *why;
	struct conf_stamp stamp;
};

/* A physical line of a continued one: where in the joined text it begins. */
struct conf_piece {
	size_t offset;
	unsigned line;
};

/* A file of values under way. */
struct conf_list {
	const char *at, *end;
	const char *file;
	struct conf_file *source;
	unsigned line;       /* of the last line handed out */
	bool is_unread;      /* open only; then at and end are not set */
	bool is_quoted_mode; /* from parameters(): lines are words */
	struct span rest;    /* then: of the current line */
	struct conf_list *outer;
};

/* A text that is being read, line by line. */
struct conf_source {
	struct conf_reader *reader;
	const struct conf_file *file; /* NULL: a text of the caller's */
	const char *at, *end;
	struct conf_place place;    /* of the physical line read last */
	struct conf_branch *branch; /* innermost if; NULL: none */
	struct conf_source *outer;  /* who included it */
};

struct conf_macro {
	struct conf_macro *next;
	struct span name, value;
};

/* Lines that were read one after another: `first` to `last` of a file. */
struct conf_stretch {
	const char *file;
	unsigned first, last;
};

struct conf_applied {
	struct conf_applied *next;
	struct conf_place place;
	struct span text;
};

/* What the reader remembers about a row. */
struct conf_row_state {
	bool is_seen;
	struct conf_place place;      /* of the last line */
	unsigned n_more;              /* lines after the first, for what is said once */
	struct conf_finding *finding; /* of the first; NULL: none */
};

#define CONF_READER_MAGIC 0xc04f7ead

struct conf_reader {
	uint32_t magic;
	struct arena arena;
	struct conf_index index;
	struct conf_row_state *row_states; /* by row_id */
	const struct conf_directive *rows;
	size_t n_rows;
	void *sections[CONF_SECTION_N];

	struct conf_finding *findings, **findings_end;
	struct conf_finding *newest; /* for conf_as_squid(); NULL: it was not kept */
	unsigned counts[CONF_ERROR + 1], kept[CONF_ERROR + 1], n_findings;
	struct conf_stretch *stretches; /* lines passed, in order; on the heap */
	size_t n_stretches;
	bool is_sorted, wants_squid;
	struct conf_applied *applied, **applied_end;
	const struct conf_directive *row; /* whose line is being read; NULL: none */

	struct conf_file *files;
	const char **file_names; /* NULL-terminated, on the heap */
	size_t n_file_names;
	conf_open_fn *open_file;
	void *open_arg;
	bool is_without_files;
	conf_progress_fn *progress; /* NULL: nobody waits */
	void *progress_arg;
	unsigned n_values; /* of lists, handed out */

	struct conf_macro *macros;
	const char *main_name;      /* what was read first; NULL: nothing */
	struct conf_source *source; /* innermost text under way; NULL: none */
	unsigned depth;             /* of sources */
	bool is_quoted_mode;
};

/* --- findings (finding.c) --------------------------------------------------------------------- */

void conf_findings_init(struct conf_reader *r);
void conf_findings_fini(struct conf_reader *r);
/* NULL: there are too many, it is only counted. */
struct conf_finding *conf_finding_add(struct conf_reader *r, enum conf_severity s,
                                      struct conf_place at, const char *text);
/* Tell how many were not kept. */
void conf_findings_end(struct conf_reader *r);
/* This physical line is being read. */
void conf_position_pass(struct conf_reader *r, struct conf_place at);
/* Of the line that is being read. */
uint64_t conf_position(const struct conf_reader *r);

/* Files: read whole or taken from those read before. Never NULL; look at is_usable. */
struct conf_file *conf_file_load(struct conf_reader *r, const char *path);
/* In two steps. Open: fd or is_usable is set, or neither. */
struct conf_file *conf_file_open(struct conf_reader *r, const char *path);
void conf_file_read(struct conf_file *f);
/* Forget its bytes, unless somebody may keep spans of them. */
void conf_file_drop(struct conf_file *f);
void conf_files_fini(struct conf_reader *r);
/* Why a file is not usable, as part of a sentence. */
const char *conf_file_why(const struct conf_file *f);

/*
 * The next logical line of a text, its name still unset; false at the end. Reports what is wrong
 * with the text's lines.
 */
bool conf_line_next(struct conf_source *s, struct conf_line *l);
/* The physical line on which a byte of the line stands. */
unsigned conf_line_number(const struct conf_line *l, const char *at);

/* True if the line was if, else or endif, which is dealt with. */
bool conf_condition(struct conf_source *s, struct conf_line *l);
/* Whether lines are applied here. */
bool conf_condition_is_active(const struct conf_source *s);
/* At the end of the text: whatever is still open is an error. */
void conf_condition_end(struct conf_source *s);

/* Read a file as the innermost source; the place is blamed for what cannot be read. */
bool conf_source_include(struct conf_reader *r, struct conf_place from, const char *path);

/* A path or name that lives as long as the reader. */
const char *conf_intern(struct conf_reader *r, struct span name);

/* --- words (word.c) --------------------------------------------------------------------------- */

enum conf_word_result { CONF_WORD_OK, CONF_WORD_END, CONF_WORD_BAD };

static inline bool conf_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Cut the next word off *rest in quoted mode; the word may live in the arena. CONF_WORD_BAD: *why
 * says what is wrong, *rest is empty.
 */
enum conf_word_result conf_word_in_quoted_mode(struct arena *a, struct span *rest,
                                               struct span *word, const char **why);
/* Whether the next thing is parameters("path") in quoted mode; then it is cut off and the path
 * returned. */
enum conf_word_result conf_word_parameters(struct arena *a, struct span *rest, struct span *path,
                                           const char **why);
/* Tell what holds here and not in Squid without any line that says so (squid.c). */
void conf_default_differences(struct conf_reader *r);

/* Setter of the language's own include. */
conf_setter_fn conf_set_include;
