/*
 * Annotations: names with values that configuration and policy attach to a transaction or to a
 * client connection, for later rules, for the log and for what is sent on. A name may occur more
 * than once.
 *
 * Worker-local. The entries and their texts live in the arena that each call names; a list must not
 * outlive any of them.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

struct note {
	struct note *next; /* in the order in which they were added */
	struct span name, value;
};

struct notes {
	struct note *first;
};

/* One more; both texts are copied. */
void notes_add(struct notes *n, struct arena *a, struct span name, struct span value);
/* The only one of that name from now on. */
void notes_set(struct notes *n, struct arena *a, struct span name, struct span value);
/* The same notes in a list of their own; the texts are shared. */
struct notes *notes_copy(const struct notes *n, struct arena *a);
/* The first value of that name; SPAN_NULL: there is none. Case matters. */
struct span notes_find(const struct notes *n, struct span name);
