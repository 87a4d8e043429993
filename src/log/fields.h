/*
 * What the formats in use want of a transaction beyond the plain members of struct log_rec: header
 * fields, notes, names. A configuration gathers the set; the worker packs just those, in the set's
 * order, into one text of the record, and formats take them out by their number.
 *
 * The set is immutable after loading.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

enum log_field_kind {
	LOG_FIELD_REQUEST,     /* of that name; values of several joined by ", " */
	LOG_FIELD_REPLY,       /* the same */
	LOG_FIELD_ALL_REQUEST, /* "Name: value\r\n" for each */
	LOG_FIELD_ALL_REPLY,   /* the same after the status line, and an empty line */
	LOG_FIELD_NOTE,        /* of that name; values joined by "," */
	LOG_FIELD_ALL_NOTES,   /* "name: value\r\n" for each */
	LOG_FIELD_CLIENT_NAME, /* by reverse lookup, if it came in time */
	LOG_FIELD_CLIENT_MARK, /* as 0x..., if policy asked for it */
	/* No texts of their own, and no members of the set, but other parts of the record: */
	LOG_FIELD_RULE,   /* log_rec.rule, rule_place, for allowed requests too */
	LOG_FIELD_FACTS,  /* log_rec.facts */
	LOG_FIELD_SOURCE, /* log_rec.source */
	LOG_FIELD_TIMES   /* log_rec.peer_us, server_us */
};

struct log_field {
	enum log_field_kind kind;
	char *name; /* as written; NULL unless the kind has one */
};

struct log_fields {
	struct log_field *v;
	size_t n;
	unsigned kinds; /* bits 1 << enum log_field_kind: which there are */
};

/*
 * The number of that field, which is added if it is new. name is copied; empty for kinds without.
 */
size_t log_fields_need(struct log_fields *f, enum log_field_kind kind, struct span name);
void log_fields_fini(struct log_fields *f);
static inline bool log_fields_want(const struct log_fields *f, enum log_field_kind kind)
{
	return (f->kinds & (1u << kind)) != 0;
}

/* Whether only the first field of this name counts, because the others would be no list. */
bool log_fields_is_single(struct span name);

/*
 * Packing: one call of log_pack_put() for each member of the set, in its order, with SPAN_NULL for
 * what is absent. The texts are copied; what is too long for a record is cut.
 */
struct log_pack {
	char *p;
	size_t n, cap;
};
/* False: there is no memory; nothing may be put then. */
bool log_pack_begin(struct log_pack *k, struct arena *a, size_t texts_bytes, size_t n_texts);
void log_pack_put(struct log_pack *k, struct span text);
struct span log_pack_end(const struct log_pack *k);

/* The i-th text of a packed record; SPAN_NULL: absent, or not packed. */
struct span log_pack_get(struct span packed, size_t i);
