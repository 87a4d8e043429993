/*
 * Annotations: a list, since there are few.
 */
#include "acl/notes.h"

void notes_add(struct notes *n, struct arena *a, struct span name, struct span value)
{
	struct note *one = arena_alloc(a, sizeof(*one)), **at = &n->first;

	*one = (struct note){ NULL, arena_dup(a, name), arena_dup(a, value) };
	while (*at != NULL)
		at = &(*at)->next;
	*at = one;
}

void notes_set(struct notes *n, struct arena *a, struct span name, struct span value)
{
	struct note **at = &n->first;

	while (*at != NULL) {
		if (span_eq((*at)->name, name))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	notes_add(n, a, name, value);
}

struct notes *notes_copy(const struct notes *n, struct arena *a)
{
	struct notes *copy = ARENA_NEW(a, struct notes);
	struct note **at = &copy->first;

	for (const struct note *i = n->first; i != NULL; i = i->next) {
		*at = ARENA_NEW(a, struct note);
		**at = (struct note){ NULL, i->name, i->value };
		at = &(*at)->next;
	}
	return copy;
}

struct span notes_find(const struct notes *n, struct span name)
{
	for (const struct note *i = n->first; i != NULL; i = i->next)
		if (span_eq(i->name, name))
			return i->value;
	return SPAN_NULL;
}
