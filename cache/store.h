/*
 * The store: all cached objects of the process, in memory and on disk, and how requests find them.
 *
 * Objects in use and objects that cache_mem has room for are *resident*: in a sharded table, found
 * by one lookup without allocation. What the disks hold is found by the index. Shared by all
 * workers; each shard has its own lock.
 */
#pragma once

#include "cache/cache_conf.h"
#include "cache/cobj.h"
#include "cache/disk.h"
#include "loop/jobs.h"
#include "loop/op.h"

struct store;

/*
 * js: for the disks. Fails only for lack of memory: a directory that cannot be used is reported
 * (oplog) and left out. The index of each directory is loaded by a job (disk_is_loaded()); until
 * then a miss may be on disk, and is not stored twice.
 */
enum err store_new(struct store **out, const struct cache_conf *conf, struct jobs *js) MUST_USE;
/* A reload: new limits; directories that are new are opened, those that are gone are closed. */
void store_configure(struct store *s, const struct cache_conf *conf);
/* No worker runs any more: what jobs do for it comes to its end soon. Before jobs_stop(). */
void store_stop(struct store *s);
/*
 * No worker runs any more, and the jobs were stopped (jobs_stop()), but not freed; all objects are
 * unreferenced, all operations ended.
 * Writes what is not written yet, which blocks.
 */
void store_free(struct store **s);
/*
 * About twice a second, from one worker: the disks write and sync what is due, and it is seen which
 * of them has room.
 */
void store_tick(struct store *s);

enum store_found {
	STORE_NONE, /* nothing; the caller does not lead (see may_lead) */
	/* nothing; cobj is a new one in COBJ_WAITING, and the caller fills or releases it */
	STORE_LEADS,
	STORE_FOUND /* cobj, in any state but FAILED and RELEASED */
};

/*
 * Embedded in whoever asks; begins with the op (loop/op.h). cobj is counted and the caller's when
 * the operation is READY. Never OP_FAILED: a disk that cannot be read makes a miss, and is
 * reported.
 */
struct store_lookup {
	struct op op;
	/* set by the caller */
	struct store *store;
	struct span url;
	const struct http_head *request; /* selects among variants */
	bool may_lead;                   /* a miss makes the caller the leader of the others */
	bool may_join;                   /* one that is still being fetched will do */
	/* results */
	enum store_found found;
	struct cobj *cobj;
	bool is_resident;     /* it was in memory already (TCP_MEM_HIT, TCP_INM_HIT) */
	bool read_failed;     /* it was on disk and could not be read: TCP_SWAPFAIL_MISS */
	bool is_vary_miss;    /* the URI has variants, and none of them is for this request */
	struct cache_key key; /* private from here */
	struct cache_key loaded;
	unsigned n_loads;
	struct cobj *marker;
	struct store_wait *wait;
};

/* OP_READY at once in nearly all cases; OP_PENDING when the disk must be read. */
enum op_status store_lookup(struct store_lookup *q, struct loop *l, struct task *waiter);

/*
 * The leader's reply has come and may be stored: gives the object its head, its key (where the
 * reply has a Vary, that of the variant; the URI gets a marker), in the place of what was there.
 * Nobody sees it before cobj_show(). meta->salt and COBJ_MARKER are set here. reply: without
 * hop-by-hop fields, as it is to be kept. ERR_LIMIT, ERR_NOMEM: it is not for the store after all
 * (too large, no room); it is released. *buries: a disk was made to forget something, see struct
 * store_sync.
 */
enum err store_take_in(struct cobj *c, const struct http_head *request,
                       const struct http_head *reply, const struct cobj_meta *meta,
                       bool *buries) MUST_USE;

/*
 * Make an object without having been asked to lead, when the request is sent (a purge that comes
 * before its reply counts): as STORE_LEADS, in COBJ_WAITING, but nobody finds it before it is
 * FILLING; then it takes the place of the one before.
 */
struct cobj *store_begin(struct store *s, struct span url);
/*
 * It is made because `old` was found stale: the other variants of the URI stay what they are.
 * Before store_take_in().
 */
void store_succeeds(struct cobj *c, const struct cobj *old);

/*
 * `old`, which was found, must be asked about at its origin. STORE_LEADS: by the caller, for all
 * who want the same meanwhile; *out is a new one in COBJ_WAITING for what the origin says, whether
 * that is a 304 (store_renew()) or another reply (store_take_in()). STORE_FOUND: somebody does it,
 * and *out is his. STORE_NONE: the last answer was not for sharing, so each asks for himself.
 */
enum store_found store_validate(struct cobj *old, int64_t now_ms, struct cobj **out);
/*
 * A 304 has confirmed `old`: an object with this head and the same body takes its place; meta
 * counts but for salt and length of the body, so COBJ_IS_STALE in it marks what must be asked about
 * before it is used. *mine, in COBJ_WAITING, becomes that object, so that who waits for it has it;
 * NULL: a new one does. It is taken. On failure it has failed, and *out is `old` again, counted.
 * True: a disk was made to forget something.
 */
bool store_renew(struct cobj *old, struct cobj **mine, const struct http_head *head,
                 const struct cobj_meta *meta, struct cobj **out);

/*
 * This one is not to be found any more, in memory or on disk: what the origin says now is not for
 * the store, or its disk has damaged it. Other variants, and one that has taken its place, stay.
 * True: a disk was made to forget something.
 */
bool store_drop(struct cobj *c);

/*
 * Wait until what disks were made to forget by now stays so after a power loss; or after a kill
 * only, which is enough where a reply replaces another one (what a power loss brings back is
 * validated), and is what must be awaited before anybody is told of the new one. READY at once
 * where there is nothing to wait for. OP_FAILED: it could not be written.
 */
struct store_sync {
	struct op op;
	/* set by the caller */
	struct store *store;
	bool from_kill_only;
	/* private */
	struct task task;
	struct store_dir *dir; /* that is waited for; counted */
	unsigned next_dir;
	struct disk_sync disk;
	bool failed;
};
enum op_status store_sync(struct store_sync *q, struct loop *l, struct task *waiter);

/*
 * Forget. After the operation is READY nothing of it comes back, not after a crash or a power loss
 * either. n: how many there were.
 */
enum store_purge_lack {
	STORE_PURGE_WHOLE,
	STORE_PURGE_NOT_DURABLE, /* forgotten, but a disk could not write that down */
	STORE_PURGE_UNREAD,      /* some objects could not be read: these are not forgotten */
	STORE_PURGE_NOT_WALKED   /* no job was to be had: what is on disks only is not forgotten */
};
struct store_purge {
	struct op op;
	struct store *store;        /* set by the caller */
	uint64_t n;                 /* objects that were found; also of one that is cancelled */
	enum store_purge_lack lack; /* OP_FAILED: why */
	struct store_forgetting *forgetting; /* private */
};
/* What is forgotten, and what to do, for a human; ends with a newline. */
const char *store_purge_text(enum store_purge_lack lack);
/* OP_FAILED has been counted and reported. */
/* This URI with all its variants: also what is being taken in is not kept. */
enum op_status store_purge(struct store_purge *p, struct span url, struct loop *l,
                           struct task *waiter);
/* All whose URI begins so ("http://host/dir/"); reads the heads of all, by a job. */
enum op_status store_purge_prefix(struct store_purge *p, struct span prefix, struct loop *l,
                                  struct task *waiter);
enum op_status store_purge_host(struct store_purge *p, struct span host, struct loop *l,
                                struct task *waiter);

/* For the manager and for metrics. */
struct store_stats {
	uint64_t mem_objects, mem_bytes, mem_max_bytes, mem_hits, disk_hits, lookups, evicted;
	uint64_t in_transit;
	unsigned n_disks;
};
void store_stats(struct store *s, struct store_stats *out);
/* Show each directory, which stays open for the time of the call. */
typedef void store_disk_fn(void *arg, struct disk *d);
void store_each_disk(struct store *s, store_disk_fn *fn, void *arg);
