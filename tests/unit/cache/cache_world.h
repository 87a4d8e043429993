/*
 * A store and a loop for tests, and the short forms of what requests do with them.
 */
#pragma once

#include "base/base.h"
#include "cache/store.h"

/* One store; its limits can be changed before world_open(). */
extern struct cache_conf world_conf;
extern struct store *world_store;
extern struct loop *world_loop;
extern struct jobs *world_jobs;

void world_defaults(void);
/* A cache_dir of that many bytes, in a fresh folder; until world_clean(). */
struct cache_dir *world_add_dir(uint64_t max_bytes);
void world_open(void);
/* All directories. */
void world_await_loaded(void);
void world_close(void);
/* Removes the folders. */
void world_clean(void);
/* The store is closed and opened again: what was only in memory is gone. */
void world_reopen(void);
/* Turns of the loop until the operation is not pending; what it became. */
enum op_status world_await(struct op *op);
extern struct task world_task;

/* A head of a request or of a reply from its text; lives until world_close(). */
const struct http_head *world_request(const char *fields);
const struct http_head *world_reply(const char *text);

/* May lead and join; the result is in *q. */
enum store_found world_lookup(struct store_lookup *q, const char *url, const char *fields);
/* The reply comes: ERR_NONE, or what store_take_in() said. length: as announced. */
enum err world_take_in(struct cobj *c, const char *fields, const char *reply, uint64_t length);
/* A whole fetch of n bytes, which are a function of seed. False: it was not taken in. */
bool world_fetch(const char *url, const char *fields, const char *reply, uint64_t seed, size_t n);
/* What a lookup finds, without leading. */
enum store_found world_has(const char *url, const char *fields);

/* Bytes [at, at + n) of the body with that seed. */
void world_bytes(uint64_t seed, uint64_t at, char *to, size_t n);
bool world_is(uint64_t seed, uint64_t at, struct span bytes);
/* A piece's bytes, from memory or its file, in the buffer. */
struct span world_piece(const struct cobj_piece *p, char *buf, size_t cap);
/* Reads it all from `at` and compares; how far it came. Ends at WAIT, END and FAILED. */
uint64_t world_read(struct cobj_reader *r, uint64_t at, uint64_t seed, struct cobj_piece *last);
