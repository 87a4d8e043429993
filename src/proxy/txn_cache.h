/*
 * What a transaction has to do with the cache: whether it asks at all, what it found, what its
 * fetch is to fill. In its arena; worker-local.
 */
#pragma once

#include "cache/freshness.h"
#include "cache/status_field.h"
#include "cache/store.h"
#include "proxy/body.h"
#include "proxy/machine.h"

struct txn_cache {
	struct store_lookup lookup;
	struct cobj *hit;  /* what it may be answered from; counted */
	struct cobj *old;  /* what is being validated, or replaced by a reload; counted */
	struct cobj *mine; /* what its fetch is to fill; others wait for it if it leads; counted */
	struct cobj_reader waiter;  /* for a hit whose head is still to come */
	struct body_object object;  /* of `source` */
	struct body_source source;  /* the hit's body, or the parts of it that are sent */
	struct freshness freshness; /* of `hit`, then of `old` */
	struct http_head *head;     /* of the reply where it is not that of `hit`; NULL mostly */
	enum status_field_fwd fwd;  /* why it goes, or went, to the origin */
	struct store_sync burial;   /* of what this reply replaces */
	int64_t asked_s;            /* wall clock when the request was sent on */
	bool is_validating;         /* `old` may be used if the origin says so */
	bool is_fetched;            /* the hit is what this transaction has fetched itself */
	bool buries;                /* a disk was made to forget something: `burial` comes next */
	bool is_collapsed;          /* it waited for what another one fetched */
	bool goes_alone;            /* it has waited for others once: no more */
	bool looked_again;          /* what it had found could not be read */
	bool was_read;              /* from a cache_dir: head, body or both */
	bool wants_whole;           /* a range is asked for, the whole is fetched */
};

struct txn;

/* May this request be answered from the cache, or its reply be stored, as far as its head tells? */
bool txn_cache_is_for(const struct txn *t);
/* Is `mine` awaited by others, so that the fetch goes on even if this client leaves? */
bool txn_cache_is_awaited(const struct txn *t);
/*
 * The request is about to be sent on: from now on a purge or an invalidation concerns its reply,
 * too, which will be older than that. So `mine` is begun here, if nobody waits for it yet, and not
 * when the reply is there.
 */
void txn_cache_asks(struct txn *t);
/* The fetch will bring nothing that can be stored: whoever waits for it is told. */
void txn_cache_fail(struct txn *t, enum why why);
/* What it brings is not for others: whoever waits for it goes on by himself. */
void txn_cache_release(struct txn *t);
/*
 * Others have what they waited for; has the client left meanwhile? Then the transaction has failed.
 */
bool txn_cache_was_left(struct txn *t);
/*
 * The origin cannot be reached, or says that it has failed: may the stored reply answer all the
 * same? Then it is what is served.
 */
bool txn_cache_saves(struct txn *t);
bool txn_cache_saves_from(struct txn *t, unsigned status);
/* An ending that another request to the same place would most likely meet too. */
bool txn_cache_is_origins_fault(enum why why);
/* Judge `hit` by the clock and by what the request says. */
void txn_cache_check(struct txn *t);
/* The reply's Cache-Status (RFC 9211). */
void txn_cache_add_status(struct txn *t, struct http_head *h);
/* What the reply to a HEAD tells about what is stored. */
void txn_cache_learn(struct txn *t, const struct http_head *reply);
/* Conditions and ranges of a head that goes out: ours, or the client's. */
void txn_cache_adapt_request(struct txn *t, struct http_head *h);
/* It is not answered from the cache after all: others need not wait for it. */
void txn_cache_stop_reading(struct txn *t);
/* The way to the origin, unless the client wants nothing from there. */
struct machine_next txn_cache_go_on(struct txn *t);
/* The transaction ends. */
void txn_cache_end(struct txn *t);
