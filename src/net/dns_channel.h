/*
 * The transport of queries: a c-ares channel on a loop. Worker-local, internal to the resolver.
 *
 * c-ares retransmits, changes servers, goes over to TCP for truncated replies and checks that a
 * reply belongs to its question. It never hears of search lists, files or caches.
 */
#pragma once

#include "loop/loop.h"
#include "net/dns_setup.h"

struct dns_channel;
struct dns_channel_query;

/*
 * The end of a query: ERR_NONE and the message, or ERR_DNS_*. May be called within
 * dns_channel_query(), so it must do no more than take note.
 */
typedef void dns_channel_fn(void *arg, enum err err, struct span message);

enum err dns_channel_new(struct dns_channel **out, struct loop *l,
                         const struct dns_setup *s) MUST_USE;
/* Queries under way end without a word to those who asked. */
void dns_channel_free(struct dns_channel **c);
/* It is freed, by itself, when nothing is under way any more. The caller forgets it. */
void dns_channel_retire(struct dns_channel **c, struct list *retired);
/* All that were retired to this list and still live. */
void dns_channel_free_all(struct list *retired);

/* *handle is valid until fn is called (NULL afterwards) and serves to drop the query. */
void dns_channel_query(struct dns_channel *c, const char *name, enum dns_kind kind,
                       dns_channel_fn *fn, void *arg, struct dns_channel_query **handle);
/* fn will not be called. Clears the handle; NULL is harmless. */
void dns_channel_drop(struct dns_channel_query **handle);
/* Queries asked so far. */
unsigned dns_channel_asked(const struct dns_channel *c);
