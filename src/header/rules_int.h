/*
 * What rules for fields are made of. Only files of src/header include this.
 */
#pragma once

#include "base/table.h"
#include "header/rules.h"
#include "log/value.h"

/* The rules for one name. */
struct header_set {
	struct table_node node;  /* by name, if the name is not known by number */
	struct header_set *next; /* in the order in which they were first named */
	char *name;
	struct conf_place place;
	bool denies;              /* some line of access does */
	bool is_live;             /* access has rules that are not only on trial */
	struct acl_rules *access; /* NULL: there is only a replacement, which then has no effect */
	char *replacement;        /* instead of a denied one; NULL: it is removed */
	unsigned list;
};

struct header_add {
	struct header_add *next; /* in the order of the file */
	char *name;
	struct log_value *value;
	struct acl_rules *terms; /* all must match; without any, they do */
	unsigned list;
};

struct header_rules {
	struct header_set *sets;
	struct header_set *known[HTTP_F_N]; /* NULL: none */
	struct header_set *other, *all;     /* NULL: none */
	struct table by_name;               /* names that are HTTP_F_OTHER */
	struct header_add *adds;
	unsigned n_lists;         /* list numbers given out, for header_pass */
	bool has_access;          /* some set has rules */
	bool removes;             /* ... of which one can decide; set at the end, as is_live */
	struct log_fields fields; /* by which the records for values are packed */
};

/* --- rules.c ---------------------------------------------------------------------------------- */
uint64_t header_name_hash(struct span name);
struct header_set *header_set_named(const struct header_rules *r, struct span name);
bool header_is_protected(enum http_field_id id);
