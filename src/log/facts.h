/*
 * The log format "facts": what the decisions about a transaction were made from, one line each, so
 * that explain and replay can decide again. doc/facts.md describes the lines.
 *
 * Pure. The worker packs what policy knows (log_facts_pack()), the log thread adds what the record
 * says (log_facts_line()), and log_facts_read() makes of a line what acl_decide() takes.
 */
#pragma once

#include "acl/facts.h"
#include "base/arena.h"
#include "log/record.h"

#define LOG_FACTS_VERSION 1

/* Names of header fields in lower case, each once. Built while a configuration is read. */
struct log_names {
	char **v;
	size_t n;
};

/* False: it was there already. name is copied. */
bool log_names_add(struct log_names *s, struct span name);
bool log_names_has(const struct log_names *s, struct span name);
void log_names_fini(struct log_names *s);

/* What is recorded of heads: the fields that the policy's acls read. */
struct log_facts_fields {
	struct log_names request, reply;
};

/*
 * The facts as words, "src=... method=...", in the arena; SPAN_NULL if there is no memory for it.
 * Facts that nobody has looked for are left out.
 */
struct span log_facts_pack(const struct facts *f, const struct log_facts_fields *names,
                           struct arena *a);

/*
 * What a line says. Spans point into the line or the arena; facts point into it: it must not move.
 */
struct log_facts_record {
	struct facts facts;
	struct notes notes;
	int64_t time_us;  /* when the request began */
	int zone_minutes; /* local time's distance from UTC then */
	uint64_t id;
	struct span verdict;  /* of http_access: "allow", "deny"; empty: it was not asked */
	struct span rule;     /* "http_access deny bad"; empty: none */
	struct span place;    /* "squid.conf:12"; empty: none */
	struct span reported; /* the report_only rule that matched; empty: none */
	struct span shadow;   /* the verdict of a shadow policy; empty: there was none */
	struct span why, result, detail;
	unsigned status;
	bool is_cut;      /* something did not fit: what is not told is not known */
	struct span line; /* as it was read */
};

/*
 * Read a line (without its newline). False: *error says what is wrong with it. Unknown keys are
 * skipped. facts.clock is always there, from the time of the record if policy has not looked.
 */
bool log_facts_read(struct span line, struct arena *a, struct log_facts_record *out,
                    const char **error) MUST_USE;
/*
 * Whether the record tells about this field, by a value or by its absence. If not, nobody knows
 * what the request said.
 */
bool log_facts_tells(const struct log_facts_record *rec, bool is_reply, struct span name);

/*
 * The line of a record, without its newline: time and outcome, then the packed facts. zone_minutes:
 * of local time at rec->start_us.
 */
struct log_line;
void log_facts_line(struct log_line *l, const struct log_rec *rec, int zone_minutes);
