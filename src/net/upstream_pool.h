/*
 * Idle upstream connections of one worker, by what makes them interchangeable: destination, and
 * later source address, TLS settings, peer. Worker-local.
 */
#pragma once

#include "net/stream.h"

struct upstream_pool;

/* limits: connections per worker; idle and total life in ms (0: no limit of life). */
struct upstream_pool *upstream_pool_new(struct loop *l, unsigned max_idle);
void upstream_pool_free(struct upstream_pool **p); /* closes all */
void upstream_pool_set_limits(struct upstream_pool *p, int64_t idle_ms, int64_t life_ms);

/*
 * The connection most recently given under this key that has neither data nor a FIN waiting, or
 * NULL. The caller becomes its owner. *opened_ms: when it was opened, to be handed back with it.
 */
struct stream *upstream_pool_take(struct upstream_pool *p, struct span key, int64_t *opened_ms);
/* Is there a connection that upstream_pool_take() might find? */
bool upstream_pool_has(const struct upstream_pool *p, struct span key);
/* Give an idle connection; closed at once if the pool is full or something is wrong. Clears it. */
void upstream_pool_give(struct upstream_pool *p, struct span key, struct stream **s,
                        int64_t opened_ms);
/*
 * True if nothing came on an idle connection, neither bytes nor its end: both are unwelcome there.
 * What it reads to find out is lost, so a connection that is not quiet can only be closed.
 */
bool upstream_is_quiet(struct stream *s);
unsigned upstream_pool_count(const struct upstream_pool *p);
/* Close the least recently used ones (memory or descriptors are short). */
void upstream_pool_shrink(struct upstream_pool *p, unsigned to);
