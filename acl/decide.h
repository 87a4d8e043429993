/*
 * Decisions: an ordered list of rules over facts. Pure: the same rules and facts give the same
 * verdict, live, in explain and in replay.
 */
#pragma once

#include "acl/facts.h"
#include "conf/conf.h"

struct acl_set;   /* the named acls of one configuration; immutable after loading, shared */
struct acl_rules; /* the lines of one directive; immutable after loading, shared */
struct acl_rule;

enum verdict {
	VERDICT_ALLOW,
	VERDICT_DENY,
	VERDICT_CHALLENGE, /* deny, and the client should say who it is */
	VERDICT_UNDECIDED, /* something failed: trail->detail says what; treated as a denial */
	VERDICT_NEED       /* trail->need says which fact; find it and ask again */
};

/* What an acl says of a request. */
enum acl_match { ACL_NO, ACL_YES, ACL_NEED, ACL_UNDECIDED };

/*
 * What an annotate_transaction or annotate_client did while a decision was under way. Nothing has
 * happened yet: acl_effects_apply() does it, once, when the verdict is known. Where the verdict is
 * NEED there are none: the decision will be made again.
 */
struct acl_effect {
	const struct acl_effect *next; /* in the order in which the terms were tried */
	struct span name, value;
	bool on_client; /* for later requests of the connection as well */
	bool is_append; /* key+=value: one more; key=value: instead of all of that name */
};

/* Why it was decided so. Points into the rules; valid as long as they are. */
struct trail {
	enum fact need;              /* VERDICT_NEED only */
	const struct acl_rule *rule; /* NULL: no rule matched, the implicit end decided */
	const char *directive;       /* "http_access" */
	struct conf_place place;     /* of the rule; of the last rule for the implicit end */
	const char *last_acl;        /* name of the last acl evaluated (deny_info); NULL if none */
	const char *detail;          /* static; for VERDICT_UNDECIDED */
	const struct acl_effect *effects; /* in facts.arena; NULL: none */
	const struct acl_rule *reported;  /* the first report_only rule that matched; NULL: none */
};

/*
 * rules may be NULL (directive never used): then `when_empty` is the verdict.
 * First matching rule wins; if none matches, the opposite of the last rule's action.
 */
enum verdict acl_decide(const struct acl_rules *rules, const struct facts *f,
                        enum verdict when_empty, struct trail *trail);

/* Change the notes of a transaction; with only_client, do just those meant for its connection. */
void acl_effects_apply(const struct acl_effect *e, struct notes *n, struct arena *a,
                       bool only_client);

/* The rule as it was written after the directive: "deny CONNECT !SSL_ports". */
struct span acl_rule_text(const struct acl_rule *r);
/* Where it was written. */
struct conf_place acl_rule_place(const struct acl_rule *r);

/*
 * Does one of the rule's acls name this address: a dst acl, not negated, perhaps within a group,
 * with a value that holds it and is no wider than a /8 of IPv4 or a /7 of IPv6?
 */
bool acl_rule_names_address(const struct acl_rule *r, const struct ip *ip);

/* The last rule that can decide; NULL: all of them only report. */
const struct acl_rule *acl_rules_last(const struct acl_rules *rules);

/* The facts that these rules may ask for, as bits 1 << FACT_x. NULL: none. */
unsigned acl_rules_reads(const struct acl_rules *rules);
/* True for facts that take an operation to find: a list that cannot wait must not read them. */
bool fact_may_wait(enum fact f);

/* --- configuration ---------------------------------------------------------------------------- */

struct acl_conf {
	struct acl_set *set;
	struct acl_rules *http_access;
};

void acl_conf_init(struct acl_conf *c); /* with the built-in acls */
/* Rules of other folders may be freed before or after, but not decide anything afterwards. */
void acl_conf_fini(struct acl_conf *c);

/*
 * List files are taken from those in use if they have not changed (files.h); before any line is
 * read.
 */
struct acl_files;
void acl_conf_share(struct acl_conf *c, struct acl_files *in_use);

/*
 * A host's name among the values of src, dst or localip. ips are the resolver's, on the heap, and
 * freed by who asked; why is static, and NULL if there is at least one.
 */
struct acl_host {
	const char *name; /* in lower case, without final dot */
	struct ip *ips;
	unsigned n;
	const char *why;
	struct acl *owner; /* acl's own */
};
typedef void acl_resolve_fn(void *arg, struct acl_host *hosts, size_t n);
/*
 * Have the names among the values looked up, once all lines were read and before acl_conf_finish(),
 * which otherwise reports them as errors. resolve may take long; NULL: nobody can.
 */
void acl_conf_resolve(struct acl_conf *c, struct conf_reader *r, acl_resolve_fn *resolve,
                      void *arg);

/*
 * Once all lines were read, after conf_finish(): completes the acls and reports empty ones, circles
 * and overlaps. Before it, nothing may be decided; after it, no line may be added.
 */
void acl_conf_finish(struct acl_conf *c, struct conf_reader *r);
/*
 * Tell `each` of the fields of requests and replies that acls of this configuration look at,
 * perhaps more than once: what a record must hold for a decision to be made again.
 */
typedef void acl_field_fn(void *arg, bool is_reply, struct span name);
void acl_conf_fields(const struct acl_conf *c, acl_field_fn *each, void *arg);
/* Is there an acl of that name? */
bool acl_conf_has(const struct acl_conf *c, struct span name);
/*
 * Count hits in this tally from now on; before anybody decides. Rules with the same directive, text
 * and file as in another configuration that counts there go on where those are, acls likewise by
 * name and type. The tally outlives the configuration. Call it after acl_conf_finish().
 */
struct acl_tally;
void acl_conf_count(struct acl_conf *c, struct acl_tally *t);

struct acl_hits {
	uint64_t n;
	int64_t last_s; /* wall clock; 0: never */
};

/* A rule (text and place are set) or an acl (type is set) and what it has done. */
struct acl_tally_row {
	/* of a rule, with the field or peer it is about; of an acl: its name */
	const char *directive;
	const char *type; /* of an acl; NULL: a rule */
	struct span text; /* n is 0: what no rule of the list has decided */
	struct conf_place place;
	bool is_report_only;
	const struct acl_rule *shadow; /* NULL: none */
	struct acl_hits hits;
};

/* Each list's rules in order, then the acls. Nothing if nobody counts. */
typedef void acl_tally_fn(void *arg, const struct acl_tally_row *row);
void acl_conf_each_hit(const struct acl_conf *c, acl_tally_fn *each, void *arg);
/* The facts that any rule of the configuration may ask for, as bits 1 << FACT_x. */
unsigned acl_conf_reads(const struct acl_conf *c);
/* True if an acl names the method PURGE, which turns that method on. */
bool acl_conf_names_purge(const struct acl_conf *c);

/* A section of the manual about the types of acls. */
void acl_print_manual(FILE *out);

/* Setters. A rules directive of any folder uses acl_conf_rules with a struct acl_rules * member. */
conf_setter_fn acl_conf_acl;         /* the directive `acl` */
conf_setter_fn acl_conf_rules;       /* "allow|deny [!]acl ..." */
conf_setter_fn acl_conf_report_only; /* the directive `report_only`: a rule of another directive */

/*
 * The [!]acl ... at the end of a line (access_log, tcp_outgoing_address): all must match. An
 * empty list always matches; returns NULL after an error was reported. The caller frees it.
 */
struct acl_rules *acl_conf_terms(struct conf_line *l);
void acl_rules_free(struct acl_rules **r);
