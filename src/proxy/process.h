/*
 * The inside of struct proxy, for the files of this folder.
 */
#pragma once

#include <stdatomic.h>

#include "acl/tally.h"
#include "base/lock.h"
#include "cache/store.h"
#include "loop/jobs.h"
#include "proxy/worker.h"

struct proxy {
	uint32_t magic;
	struct proxy_options options;
	struct snapshot *snapshot; /* newest; changed by a reload, under lock */
	struct access_log *access_log;
	struct dns_shared *dns;
	struct client_db *clients;
	struct store *store;     /* the cache */
	struct acl_tally *tally; /* hits of rules and acls, over all configurations */
	struct worker **workers;
	unsigned n_workers;
	unsigned n_shards; /* the workers that there are to be */
	int64_t started_wall_us;

	/* One reload at a time, as a job; a request during one causes another. */
	struct jobs *jobs;
	struct lock lock; /* guards snapshot and the next three */
	bool is_building, wants_reload, is_debug;
	_Atomic unsigned generation; /* snapshots that this process has used */
	_Atomic int64_t reloaded_us; /* wall clock of the last successful reload; 0: none */

	_Atomic unsigned workers_left; /* that have not drained yet */
	void (*drained)(void *);
	void *drained_arg;
};

/*
 * Open the store: as the user that the proxy will be from then on, since it is he who will write
 * there. Part of proxy_start(), for those who put a proxy together without threads.
 */
void proxy_open_store(struct proxy *p);
