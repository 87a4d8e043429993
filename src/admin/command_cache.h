/*
 * What the verbs of `cuttle cache` share. Private to command_cache*.c.
 */
#pragma once

#include "admin/progress.h"
#include "base/arena.h"
#include "cache/cache_conf.h"
#include "cache/disk_look.h"

struct snapshot;

/* Exit statuses: done, done but nothing found or something broken, not done. */
enum { CACHE_DONE = 0, CACHE_NOT_SO = 1, CACHE_FAILED = 2 };

struct cache_fault {
	const char *folder;
	char *file, *url, *what;
	uint64_t offset;
};

struct cache_command {
	const char *verb;
	struct span pattern; /* what is asked for; p is NULL: everything */
	const char *path;    /* the one folder; NULL: those of the configuration */
	const char *policy;
	bool is_json;
	struct snapshot *snapshot; /* NULL: none was asked for */
	struct cache_conf defaults;
	const struct cache_conf *conf; /* of the snapshot, or the defaults */
	int64_t now_s;
	struct disk_look **looks;
	size_t n_looks;
	const char *folder; /* whose objects are being shown, or told of */
	struct progress progress;
	struct arena arena;
	struct cache_fault *faults; /* the first of them */
	uint64_t n_faults, n_kept;
	uint64_t n; /* objects that were shown */
};

/* Whether somebody who asks can find it: not one whose marker is gone, or is another one by now. */
bool command_cache_is_reachable(struct cache_command *c, const struct disk_looked *o);
/* All objects of all folders; false: reported. */
bool command_cache_each(struct cache_command *c, enum disk_look_depth depth, disk_look_see_fn *see,
                        void *arg) MUST_USE;
/* What was found to be wrong on the way: nobody has asked, but it should be known. */
void command_cache_note_faults(const struct cache_command *c);
/* What came from outside, for a terminal. */
void command_cache_put_text(struct span s);
/* "2026-01-31 12:00:00", local time. */
const char *command_cache_time(int64_t s, char text[32]);
/* "host" of "http://host:80/path". */
struct span command_cache_host(struct span url);
/* Nothing was found by what was asked for: what may be wrong with that. */
void command_cache_note_nothing(const struct cache_command *c);
/* As it is in the index; in c->arena. */
struct span command_cache_url(struct cache_command *c, struct span url);

int command_cache_ls(struct cache_command *c);
int command_cache_show(struct cache_command *c);
int command_cache_verify(struct cache_command *c);
int command_cache_stats(struct cache_command *c);
int command_cache_purge(struct cache_command *c);
