/*
 * All directives by name: the folders' rows, the language's own and Squid's others, where aliases
 * are names like any other. Immutable after conf_index_init().
 */
#pragma once

#include "conf/conf.h"

struct conf_index_entry {
	struct span name;
	const struct conf_directive *row;
	unsigned row_id; /* rows are numbered from 0 in the order of precedence of their tables */
	bool is_alias;
};

struct conf_index {
	struct conf_index_entry *entries; /* by name; each name once */
	size_t n;
	unsigned n_rows;
};

void conf_index_init(struct conf_index *x, const struct conf_directive *rows, size_t n);
void conf_index_fini(struct conf_index *x);
/* NULL if nobody knows the name. Case counts, as in Squid. */
const struct conf_index_entry *conf_index_find(const struct conf_index *x, struct span name);
/* The known name nearest to a mistyped one, or NULL. */
const struct conf_index_entry *conf_index_nearest(const struct conf_index *x, struct span name);
