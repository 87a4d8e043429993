/*
 * An intrusive doubly linked ring. The head is a struct list of its own; a member is embedded
 * in the object. A member that is on no list points to itself.
 */
#pragma once

#include "base/base.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(l)                                                                               \
	{                                                                                          \
		&(l), &(l)                                                                         \
	}

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

/* True if this member is on some list. */
static inline bool list_is_linked(const struct list *member)
{
	return member->next != member;
}

static inline void list_insert_after(struct list *where, struct list *m)
{
	m->next = where->next;
	m->prev = where;
	where->next->prev = m;
	where->next = m;
}

static inline void list_push_front(struct list *head, struct list *m)
{
	list_insert_after(head, m);
}

static inline void list_push_back(struct list *head, struct list *m)
{
	list_insert_after(head->prev, m);
}

/* Take a member off its list; harmless if it is on none. */
static inline void list_remove(struct list *m)
{
	m->next->prev = m->prev;
	m->prev->next = m->next;
	list_init(m);
}

/* First member, or NULL. */
static inline struct list *list_first(const struct list *head)
{
	return head->next == head ? NULL : head->next;
}

/* Take the first member off; NULL if there is none. */
static inline struct list *list_pop_front(struct list *head)
{
	struct list *const m = head->next;

	if (m == head)
		return NULL;
	/* By way of the head, so that an analyser sees that it leads to `m` no more. */
	head->next = m->next;
	m->next->prev = head;
	list_init(m);
	return m;
}

/* Move all of `from` to the back of `to`; `from` becomes empty. */
static inline void list_splice_back(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_for_each(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* The body may remove `it`. */
#define list_for_each_safe(it, head)                                                               \
	for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                  \
	     it = it##_next, it##_next = it->next)
