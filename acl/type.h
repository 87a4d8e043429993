/*
 * How an acl type is described. Only files of acl/ include this.
 *
 * A type is a row of the table in types.c and has two halves. Its subjects say what of a request is
 * looked at (the URL's host, each of its addresses) and which facts that takes; its kind says what
 * the values of the acl are (names, address ranges, regular expressions) and compares one subject
 * with them. doc/policy.md tells how to add one.
 *
 * struct acl and struct acl_set are immutable once acl_conf_finish() was called; struct acl_eval
 * lives on the stack of one decision.
 */
#pragma once

#include "acl/decide.h"
#include "acl/domain_set.h"
#include "acl/files.h"
#include "acl/regex.h"
#include "acl/tally.h"
#include "base/list.h"
#include "base/table.h"

/* What a subject is when its fact is ABSENT or FAILED. */
enum acl_lack {
	LACK_MISMATCH,   /* there is nothing to compare, so nothing matches */
	LACK_NONE_NAME,  /* compared as the name "none", as in Squid */
	LACK_NO_ADDRESS, /* compared as the address of all ones, as in Squid: only `all` matches */
	LACK_ZERO,       /* compared as the number 0 */
	LACK_UNDECIDED   /* neither a match nor a mismatch */
};

struct acl_read {
	enum fact fact;
	enum acl_lack absent, failed;
};

/* One thing that is compared. A kind reads the member that its types fill. */
struct acl_subject {
	struct span text;
	struct ip ip;
	unsigned number; /* a port, a status, ...; for time, the minute of the day */
	unsigned weekday;
	enum http_method method;
	uint64_t draw;
};

/* What an acl of type `has` asks for: bits 1 << PART_x. */
enum acl_part { PART_REQUEST, PART_RESPONSE, PART_ALE };

enum acl_got {
	GOT_VALUE,
	GOT_LAST, /* a value, and no more after it */
	GOT_END,
	GOT_NEED,
	GOT_UNDECIDED /* e->detail says why */
};

struct acl;
struct acl_parse;
struct acl_eval;

/* The i-th subject (from 0 on), or the end of them, or that a fact is needed (e->need is set). */
typedef enum acl_got acl_subject_fn(const struct acl *a, struct acl_eval *e, unsigned i,
                                    struct acl_subject *s);

struct acl_kind {
	bool words_are_regex; /* a backslash protects the next byte of a value */
	/*
	 * The values of a list file make a set of their own, which other configurations may share
	 * (files.h): parse, finish, match, entry and count are called with an acl that has only
	 * name, type and data. For kinds of which values mean the same in any order, but for -i.
	 */
	bool has_files;
	void *(*make)(void);
	void (*free)(void *data);
	/* Take one value; what is wrong with it is reported with acl_report(). */
	void (*parse)(struct acl *a, struct acl_parse *p, struct span value);
	/* Take the whole rest of a line instead, for what is no list of values. NULL: parse. */
	void (*parse_line)(struct acl *a, struct acl_parse *p, struct conf_line *l);
	void (*end_line)(struct acl *a, struct acl_parse *p); /* NULL: nothing to do */
	void (*finish)(struct acl *a, struct acl_parse *p);   /* NULL: nothing to do */
	/*
	 * Report on own values and those of the files together; after finish. NULL: nothing to say.
	 */
	void (*summarise)(const struct acl *a, struct acl_parse *p);
	size_t (*count)(const void *data); /* of values */
	enum acl_match (*match)(const struct acl *a, const struct acl_subject *s,
	                        struct acl_eval *e);
	/* For explain: the subject in words; in the arena. */
	struct span (*print)(const struct acl_subject *s, struct arena *a);
	/* For explain: the value that matched; SPAN_NULL if it cannot be told. NULL likewise. */
	struct span (*entry)(const struct acl *acl, const struct acl_subject *s, struct acl_eval *e,
	                     struct arena *a);
};

enum {
	TYPE_TAKES_N = 1,       /* -n: no lookups */
	TYPE_TAKES_I = 2,       /* -i and +i */
	TYPE_TAKES_M = 4,       /* -m and -m=BYTES: lists */
	TYPE_TAKES_NOTHING = 8, /* no values */
	TYPE_ASKS_WHETHER = 16  /* its facts may be missing anywhere: that is what it asks */
};

struct acl_type {
	const char *name;
	const struct acl_kind *kind; /* NULL: not built; then `note` says what is missing */
	acl_subject_fn *subject;     /* NULL: a group of other acls */
	unsigned flags;
	/* In the order in which they are asked for. The second only where -n does not forbid it. */
	struct acl_read reads[2];
	unsigned n_reads;
	const char *values;   /* what is accepted, for messages */
	const char *new_name; /* an old spelling: the type it stands for; NULL otherwise */
	const char *note;
	/* the field of the head that it looks at; NULL: none, or see struct acl */
	const char *field;
	const char *doc; /* a paragraph of the manual; NULL where kind is */
};

/* What a decision looks at comes first. */
struct acl {
	const struct acl_type *type;
	void *data;              /* the kind's: values of the lines themselves, or of a file */
	struct acl_file **files; /* values of list files; only if the kind has them */
	size_t n_files;
	bool has_own;                 /* data has values; set by acl_conf_finish() */
	struct acl_host_value *hosts; /* names among addresses, to be looked up (hosts.c) */
	size_t n_hosts;
	bool no_lookup; /* -n on any of its lines */
	bool is_builtin;
	bool has_errors; /* reported; the configuration will not be used */
	bool has_list;   /* values came, or would have come, from a file */
	bool is_empty;   /* it has no values; set by acl_conf_finish() */
	uint32_t slot;   /* where its hits are counted; set by acl_conf_count() */
	char *name;
	char *field;             /* req_header, rep_header: the field's name; NULL: see the type */
	char *separators;        /* -m on any of its lines: what separates elements; NULL: none */
	struct conf_place place; /* where it was first declared */
	struct table_node node;
	unsigned reads;     /* bits 1 << FACT_x; set by acl_conf_finish() */
	unsigned relies_on; /* those of them without which it makes no sense; likewise */
	unsigned height;    /* groups only: levels of groups below, plus one; 0: not yet computed */
	bool is_visiting;
};

struct acl_set {
	uint32_t magic;
	struct table by_name;
	struct acl **acls; /* in the order of declaration */
	size_t n, cap;
	char **files; /* names that places point to */
	size_t n_files;
	struct list rules;              /* struct acl_rules.in_set: told when the set goes away */
	struct acl_files *files_in_use; /* where compiled list files are found; borrowed; NULL */
	bool is_resolved, is_finished;
	bool names_purge;
	bool is_reporting;       /* while the rule of a report_only line is read */
	struct acl_tally *tally; /* NULL: nobody counts; borrowed */
	uint32_t *slots;         /* taken from it */
	size_t n_slots;
};
#define ACL_SET_MAGIC 0xac15e701

/* While one line (or the end of all lines) is worked on. */
struct acl_parse {
	struct conf_reader *reader; /* NULL for built-in acls */
	struct acl_set *set;
	struct conf_place place; /* of the value at hand */
	struct acl_file *file;   /* whose value it is; NULL: the line's own */
	bool icase;              /* -i is in force */
	bool starts_line;        /* no value of this line was seen yet */
	unsigned days;           /* time: those named and not yet used */
};

struct acl_term {
	const struct acl *acl;
	bool is_negated;
};

/* What a decision looks at comes first. */
struct acl_rule {
	uint32_t first, n; /* terms */
	bool is_allow;
	bool has_action; /* false: the acls at the end of a line, of which all must match */
	bool is_report_only;
	uint32_t slot; /* where its hits are counted; set by acl_conf_count() */
	struct conf_place place;
	struct span text;              /* after the directive; owned */
	struct span acls;              /* the part of it after the action */
	const struct acl_rules *rules; /* whose it is; set by acl_conf_finish() */
	/* The one above that leaves it nothing to decide; likewise; NULL: none. */
	const struct acl_rule *shadow;
};

struct acl_rules {
	uint32_t magic;
	struct list in_set;
	const struct acl_set *set; /* NULL once the set is gone */
	char *directive;
	char *label; /* the directive and what the list is about: "request_header_access Cookie" */
	struct acl_rule *rules;
	struct acl_term *terms;
	size_t n_rules, cap_rules, n_terms, cap_terms;
	unsigned reads; /* set by acl_conf_finish() */
	uint32_t slot;  /* for what no rule decides; set by acl_conf_count() */
};
#define ACL_RULES_MAGIC 0xac15e702

struct acl_observer;

#define ACL_HITS_MAX 64 /* further ones are not counted */

/* One decision under way. */
struct acl_eval {
	const struct facts *f;
	const struct acl_observer *observer; /* NULL in the live pass */
	enum fact need;
	const char *detail;
	const struct acl *last;
	struct acl_subject subject; /* of an acl that nobody observes */
	struct span url_decoded;    /* p is NULL until asked for */
	struct arena arena;
	bool has_arena;
	struct acl_regex_scratch regex;
	/* of the name compared last; host.p is NULL until one was */
	struct acl_domain_key host_key;
	bool is_reporting; /* a report_only rule is tried, which leaves nothing behind */
	/* Annotations made by this decision, on top of the facts'. */
	struct notes notes;
	bool has_notes;
	const struct acl_effect *effects;
	const struct acl_effect **effects_end;
	/* The value of a header compared last that had to be joined. */
	const struct http_head *joined_head;
	struct span joined_name, joined;
	/* The acls that have matched, to be counted with the verdict. */
	uint32_t hits[ACL_HITS_MAX];
	unsigned n_hits;
};

/*
 * Told of each rule that is tried, and of each comparison in it, in order; members of a group
 * before the group itself. subject is NULL if there was nothing to compare.
 */
struct acl_observer {
	void (*rule)(void *arg, struct acl_eval *e, const struct acl_rule *r);
	void (*compared)(void *arg, struct acl_eval *e, const struct acl *a,
	                 const struct acl_subject *subject, enum acl_match result, unsigned depth);
	void *arg;
};

/* --- types.c ---------------------------------------------------------------------------------- */
const struct acl_type *acl_type_of(struct span name); /* NULL: unknown */
const struct acl_type *acl_type_at(size_t i);         /* NULL: no more */
extern const struct acl_type acl_type_broken; /* stands in for what could not be understood */
/* The known name nearest to a misspelt one; NULL if none is near. */
const char *acl_type_suggest(struct span name);
bool fact_may_wait(enum fact f);
unsigned acl_reads_itself(const struct acl *a);
/* The field of the request (of the reply, if it reads FACT_REPLY) that a looks at; n is 0: none. */
struct span acl_field_of(const struct acl *a);

/* --- the kinds, each in its file -------------------------------------------------------------- */
extern const struct acl_kind acl_kind_addrs, acl_kind_domains, acl_kind_regexes, acl_kind_ports,
	acl_kind_methods, acl_kind_schemes, acl_kind_words, acl_kind_time, acl_kind_any_of,
	acl_kind_all_of, acl_kind_broken, acl_kind_nothing, acl_kind_headers, acl_kind_statuses,
	acl_kind_limit, acl_kind_random, acl_kind_hiers, acl_kind_initiators, acl_kind_errors,
	acl_kind_parts, acl_kind_marks, acl_kind_note, acl_kind_annotate_transaction,
	acl_kind_annotate_client;

/* What subjects ask of the kinds that name what is looked at. */
/* kind_headers.c: all fields of the acl's name, joined by ", "; SPAN_NULL: there is none. */
struct span acl_header_value(const struct acl *a, const struct http_head *h, struct acl_eval *e);
/* kind_note.c */
bool acl_note_is_named(const struct acl *a, struct span name);

/* --- subjects.c ------------------------------------------------------------------------------- */
acl_subject_fn acl_subject_src, acl_subject_dst, acl_subject_local, acl_subject_dst_name,
	acl_subject_src_name, acl_subject_port, acl_subject_port_name, acl_subject_scheme,
	acl_subject_method, acl_subject_url, acl_subject_url_path, acl_subject_none,
	acl_subject_status, acl_subject_browser, acl_subject_referer, acl_subject_request_mime,
	acl_subject_request_header, acl_subject_reply_mime, acl_subject_reply_header,
	acl_subject_clock, acl_subject_connections, acl_subject_draw, acl_subject_peer,
	acl_subject_hier, acl_subject_note, acl_subject_nothing, acl_subject_initiator,
	acl_subject_parts, acl_subject_mark, acl_subject_error, acl_subject_encrypted;

/* --- files.c ---------------------------------------------------------------------------------- */
/* Take the list file that comes next on the line. False: a value comes next, or the end. */
bool acl_file_next(struct conf_line *l, struct acl *a, struct acl_parse *p);
/* Something was reported about one of its lines. */
void acl_file_remember(struct acl_file *f, const struct acl_parse *p, enum conf_severity s,
                       const char *text);
struct conf_place acl_file_place(const struct acl_file *f, unsigned line);
/* The i-th of a->files, as its kind sees it. */
const struct acl *acl_file_values(const struct acl *a, size_t i);
void acl_files_release(struct acl *a);
size_t acl_count(const struct acl *a); /* values, own and of files */
/* Compare with own values and those of files, of which there are some. */
enum acl_match acl_files_match(const struct acl *a, const struct acl_subject *s,
                               struct acl_eval *e);
/* The value that matched; SPAN_NULL if it cannot be told. */
struct span acl_entry(const struct acl *a, const struct acl_subject *s, struct acl_eval *e,
                      struct arena *arena);

/* --- hosts.c ---------------------------------------------------------------------------------- */
void acl_host_add(struct acl *a, struct acl_parse *p, struct span name);
void acl_hosts_release(struct acl *a);
/* kind_addrs.c */
void acl_add_address(struct acl *a, const struct ip *ip);

/* --- group.c ---------------------------------------------------------------------------------- */
enum acl_match acl_group_match(const struct acl *a, struct acl_eval *e, unsigned depth);
/* Compute height and reads of everything; report cycles and too much depth, and cut them. */
void acl_groups_finish(struct acl_parse *p);

bool acl_group_names_address(const struct acl *a, const struct ip *ip);

/* --- naming.c --------------------------------------------------------------------------------- */
bool acl_names_address(const struct acl *a, const struct ip *ip);

/* --- set.c ------------------------------------------------------------------------------------ */
struct acl_set *acl_set_new(void);
void acl_set_free(struct acl_set **s);
struct acl *acl_set_find(const struct acl_set *s, struct span name); /* NULL: none */
struct acl *acl_set_add(struct acl_set *s, struct span name, const struct acl_type *t,
                        struct conf_place place);
/* A copy of the place that lives as long as the set. */
struct conf_place acl_set_place(struct acl_set *s, struct conf_place at);
const char *acl_set_suggest(const struct acl_set *s, struct span name);

/* --- lists.c ---------------------------------------------------------------------------------- */

/* What the lists of one directive may ask for. */
struct acl_list {
	const char *directive;
	unsigned lacks; /* facts that there are none of, as bits 1 << FACT_x */
	bool may_wait;
};

const struct acl_list *acl_list_of(struct span directive); /* never NULL */

/* --- shadows.c: find the rules that others above leave nothing to decide, and say so. --------- */
void acl_shadows_find(struct acl_parse *p, struct acl_rules *r);

/* --- decide.c --------------------------------------------------------------------------------- */
void acl_eval_init(struct acl_eval *e, const struct facts *f);
void acl_eval_fini(struct acl_eval *e);
struct arena *acl_eval_arena(struct acl_eval *e); /* made when first asked for */
struct span acl_eval_url(struct acl_eval *e);     /* the URL as url_regex sees it */
/* An annotation is made: for later terms of this decision, and among its effects. */
void acl_eval_annotate(struct acl_eval *e, const struct acl_effect *effect);
enum acl_match acl_match(const struct acl *a, struct acl_eval *e, unsigned depth);
enum acl_match acl_term_match(const struct acl_term *t, struct acl_eval *e);
enum verdict acl_decide_observed(const struct acl_rules *rules, struct acl_eval *e,
                                 enum verdict when_empty, struct trail *trail);

/* Report at p->place and remember in a (may be NULL) that it is not to be used, if an error. */
void acl_report(struct acl_parse *p, struct acl *a, enum conf_severity s, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
