/*
 * A cached object: a reply that the cache holds, or is taking in while others read along.
 *
 * One writer (the fill that brings the reply, on its worker), any number of readers on any worker.
 * The head is immutable from COBJ_FILLING on; the body only grows. What readers read stays where it
 * is until they let go of it: objects, bodies and segments are counted. Shared, guarded by the
 * object's lock, but for what is said to be immutable.
 *
 * States:	WAITING --> FILLING --> COMPLETE
 *		   |           `------> FAILED (the body was cut)
 *		   |--> COMPLETE (a 304: the body is that of the one before)
 *		   |--> RELEASED (not for sharing: whoever waited goes on by himself)
 *		   `--> FAILED (no reply came)
 */
#pragma once

#include <stdatomic.h>

#include "base/lock.h"
#include "base/why.h"
#include "cache/key.h"
#include "http/head.h"
#include "loop/loop.h"

enum cobj_state { COBJ_WAITING, COBJ_FILLING, COBJ_COMPLETE, COBJ_RELEASED, COBJ_FAILED };

#define COBJ_LENGTH_UNKNOWN UINT64_MAX

enum {
	COBJ_MARKER =
		1, /* no reply: the URI has variants; `vary` and `salt` say how to find them */
	COBJ_NEGATIVE = 2, /* an error that is kept for negative_ttl: TCP_NEGATIVE_HIT */
	COBJ_IS_STALE = 4  /* must be validated before it is used, whatever its times say */
};

/* What is kept beside the head; goes to the disk as it is told by doc/cache-format.md. */
struct cobj_meta {
	int64_t request_s, response_s; /* RFC 9111 4.2.3: wall clock when asked, when answered */
	uint64_t body_bytes;           /* COBJ_LENGTH_UNKNOWN while it is not known */
	uint64_t salt;  /* of a marker, or the one that a variant's key was made with */
	uint32_t ttl_s; /* COBJ_NEGATIVE: how long it is good */
	uint16_t status;
	uint16_t flags;
};

struct cobj_body; /* bytes in memory, places on disk, or both: counted, shared by renewed heads */
struct store;

struct cobj {
	uint32_t magic;
	_Atomic unsigned refs;
	struct store *store;
	struct lock lock;
	_Atomic enum cobj_state state; /* written under lock */

	/* Immutable from the start, but that a variant's key is set with its head. */
	struct cache_key key;
	struct span url; /* canonical: the request's URI, or its store id */

	/* Immutable from COBJ_FILLING on. */
	struct cobj_meta meta; /* body_bytes is set when it is COMPLETE, under lock */
	struct span variant;   /* the selecting values that this reply answers to; empty: no Vary */
	struct span vary;      /* of a marker: the names of the selecting fields, normalised */
	struct http_head head; /* without hop-by-hop fields; of a marker: empty */
	struct span head_text; /* the same, printed: what the disk keeps */
	void *texts;           /* one block that holds them and the fields; so head.arena is NULL */

	enum why why; /* COBJ_FAILED; under lock */

	/* Private to cache/. */
	struct cobj_body *body; /* NULL before FILLING */
	/* its place in the store's table; NULL: in none. Under lock */
	struct cobj_resident *resident;
	/* wakers of all that began to read before it was complete; under lock */
	struct list readers;
	/* woken when there is room, or nobody reads any more; under lock */
	struct cobj_waker *writer;
	unsigned n_readers;     /* under lock */
	struct cobj_hold *hold; /* while it is filled, what it has on a disk (hold.h); under lock */
	bool is_unwanted;       /* purged or replaced: not to be kept; under lock */
	_Atomic bool is_passing; /* in the table only as long as it is in use */
	struct cobj_fill *fill;  /* what the writer knows (fill.h); NULL when it is through */
	size_t texts_bytes;      /* taken from BUDGET_CACHE */
	uint64_t widened;        /* of the store's; by the writer */
};

/*
 * Whether it is the right one for this request: the selecting fields have the values that it has.
 */
bool cobj_answers(const struct cobj *c, const struct http_head *request);

/* COMPLETE, and no disk is needed to read its body. */
bool cobj_is_in_memory(const struct cobj *c);

/* c, which has its head, has been renewed from `old`: another head for the same body. */
bool cobj_is_renewal(const struct cobj *c, const struct cobj *old);

/* What a disk keeps of an object beside its body. */
struct cobj_parts {
	struct cache_key key;
	struct cobj_meta meta; /* body_bytes is known */
	struct span url, variant, vary, head_text;
};
/*
 * A COMPLETE object from what was kept; the texts are copied. *body (cache/body.h; NULL: none) is
 * taken, also on failure. ERR_NOMEM; ERR_SYNTAX: head_text is no head of a reply.
 */
enum err cobj_restore(struct cobj **out, const struct cobj_parts *parts,
                      struct cobj_body **body) MUST_USE;

struct cobj *cobj_ref(struct cobj *c);
/* Clears the pointer; NULL is harmless. From any thread. */
void cobj_unref(struct cobj **c);

static inline enum cobj_state cobj_state(const struct cobj *c)
{
	return atomic_load_explicit(&c->state, memory_order_acquire);
}

/* --- the writer: whoever was made the leader by store_lookup() -------------------------------- */

/*
 * The task that is scheduled when cobj_append() can go on, or when the last reader has left
 * (cobj_readers() is 0 then). On its own loop.
 */
void cobj_set_writer(struct cobj *c, struct loop *l, struct task *writer);
/*
 * The writer's struct goes before the object is finished, failed or released: never without this,
 * or one of those three.
 */
void cobj_clear_writer(struct cobj *c);
/* It was taken in (store_take_in()): readers may begin. COBJ_FILLING. */
void cobj_show(struct cobj *c);
/*
 * The next bytes of the body: as many are taken as there is room for; the writer's task is
 * scheduled when there is more. There is room as long as the bytes can be kept; where they can not
 * (too long for the memory, the disk refuses) the object is not kept in the end, nobody joins any
 * more, and the slowest reader sets the pace, but for one who is a window behind the others: he is
 * cut.
 */
size_t cobj_append(struct cobj *c, struct span bytes);
/*
 * The body is whole: COBJ_COMPLETE; it is kept if that is still possible. All that was given to
 * cobj_append() was taken.
 */
void cobj_finish(struct cobj *c);
/*
 * No reply came, or the body was cut: COBJ_FAILED. Nothing is kept. Those who waited had best fail
 * alike, not ask again one after the other.
 */
void cobj_fail(struct cobj *c, enum why why);
/* The reply is not for sharing: COBJ_RELEASED. Only while WAITING. */
void cobj_release(struct cobj *c);
/* For the writer, while FILLING: what comes may be of use for others later. */
bool cobj_may_be_kept(const struct cobj *c);
/*
 * How many read or wait for it at the moment (those who began before it was COMPLETE; the leader's
 * own txn counts if it reads).
 */
unsigned cobj_readers(struct cobj *c);

/* --- readers ---------------------------------------------------------------------------------- */

enum cobj_piece_kind {
	COBJ_PIECE_MEMORY, /* bytes */
	COBJ_PIECE_FILE,   /* n bytes at offset `at` of fd: verified, to be sent by sendfile */
	COBJ_PIECE_WAIT, /* not there yet: the reader's task is scheduled when it is worth a look */
	COBJ_PIECE_END,
	COBJ_PIECE_FAILED /* why */
};

struct cobj_piece {
	enum cobj_piece_kind kind;
	enum why why;
	struct span bytes; /* these, and fd: valid until the reader's next call */
	int fd;
	uint64_t at, n;
};

/*
 * Embedded in whoever reads; worker-local. For an object that is complete and in memory nothing is
 * allocated and no lock is taken.
 */
struct cobj_reader {
	struct cobj *cobj; /* counted */
	struct loop *loop;
	struct task *task;
	struct cobj_waker *waker; /* of one who began before it was COMPLETE; heap */
	struct cobj_load *load;   /* while it waits for the disk; heap */
	struct cobj_hold *hold;   /* what it reads from a disk, unless its waker has one */
	struct cobj_block *held;  /* what the last piece points to */
};

/* Takes a reference. task: scheduled at news; changes of state are news. */
void cobj_reader_init(struct cobj_reader *r, struct cobj *c, struct loop *l, struct task *task);
/* Harmless on a zeroed one. */
void cobj_reader_fini(struct cobj_reader *r);
/*
 * What can be had at `offset` of the body, at most max bytes. While WAITING: COBJ_PIECE_WAIT; the
 * state tells more (cobj_state()).
 */
void cobj_read(struct cobj_reader *r, uint64_t offset, uint64_t max, struct cobj_piece *piece);
