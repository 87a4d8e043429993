/*
 * Replaying a trace of requests against policies of replacement: what cache_replay.c, the policies
 * it compares with and Cuttle's own (the code of cache/evict.c) share.
 */
#pragma once

#include "base/base.h"

/* Objects have numbers from 0; an object has one size. */
struct replay_trace {
	char name[64];
	uint32_t *requests; /* numbers of objects */
	size_t n_requests;
	uint64_t *sizes;
	uint32_t n_objects;
	uint64_t footprint; /* bytes of all objects */
};

struct replay_figures {
	uint64_t written_bytes, admitted_bytes; /* of those that write; else 0 */
};

/*
 * One request: true if it is a hit; a miss is admitted. Never called with more than the capacity.
 */
typedef bool replay_get_fn(void *policy, uint32_t object);

struct replay_policy {
	const char *name;
	void *(*new)(const struct replay_trace *t, uint64_t capacity);
	replay_get_fn *get;
	void (*figures)(void *policy, struct replay_figures *out); /* NULL: writes nothing */
	void (*free)(void *policy);
};

extern const struct replay_policy replay_lru, replay_gdsf, replay_s3fifo; /* replay_peers.c */
extern const struct replay_policy replay_memory, replay_disk;             /* replay_ours.c */

static inline uint64_t replay_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}
