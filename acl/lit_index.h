/*
 * Which of many short texts occur in a long one. Each is filed under a piece of it of up to four
 * bytes, and every such piece of the long text is looked up. Immutable after
 * acl_lit_index_finish(), shared.
 */
#pragma once

#include "acl/lits.h"

struct acl_lit_index;

struct acl_lit_index *acl_lit_index_new(void);
void acl_lit_index_free(struct acl_lit_index **x);
/*
 * What an owner requires: at least one set. Only one of them is filed, whose texts are rarest here.
 */
void acl_lit_index_add(struct acl_lit_index *x, const struct acl_lit_sets *sets, uint32_t owner);
void acl_lit_index_finish(struct acl_lit_index *x);

/*
 * Called for each text that occurs, with its owner and the number of its set; perhaps several
 * times.
 * True: stop.
 */
typedef bool acl_lit_found_fn(void *arg, uint32_t owner, unsigned set);
/* text in lower case, with ACL_LIT_START before and ACL_LIT_END after it. */
void acl_lit_index_search(const struct acl_lit_index *x, struct span text, acl_lit_found_fn *found,
                          void *arg);
