/*
 * The inside of struct proxy, for the files of this folder.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/lock.h"
#include "proxy/worker.h"

struct proxy {
	uint32_t magic;
	struct proxy_options options;
	struct snapshot *snapshot; /* newest; changed by the builder, under builder_lock */
	struct access_log *access_log;
	struct dns_shared *dns;
	struct client_db *clients;
	struct worker **workers;
	unsigned n_workers;
	int64_t started_wall_us;

	/* The builder thread: one reload at a time, a request during one causes another. */
	pthread_t builder;
	struct lock builder_lock; /* guards snapshot and the next two */
	pthread_cond_t builder_wake;
	bool wants_reload, builder_stops;
	bool has_builder;
	_Atomic unsigned generation; /* of the newest snapshot */
	_Atomic int64_t reloaded_us; /* wall clock of the last successful reload; 0: none */

	_Atomic unsigned workers_left; /* that have not drained yet */
	void (*drained)(void *);
	void *drained_arg;
};
