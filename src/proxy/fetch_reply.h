/*
 * What a fetch hands to its reader: interim heads, the head, the right to read the body's source,
 * or why there is nothing. One reader, on the same worker. Worker-local.
 */
#pragma once

#include "base/why.h"
#include "http/body.h"
#include "http/head.h"
#include "loop/loop.h"

struct body_source;

enum fetch_reply_state {
	FETCH_REPLY_EMPTY,    /* no final head yet; interim heads may be queued */
	FETCH_REPLY_HEAD,     /* the head is there; the body can be taken from `source` */
	FETCH_REPLY_SWITCHED, /* the origin switched protocols (101): both sides become a tunnel */
	FETCH_REPLY_COMPLETE, /* the reader has taken the whole body */
	FETCH_REPLY_FAILED    /* before the head: why says how; after it: the body is cut */
};

/* A 1xx to be passed on. */
struct fetch_interim {
	struct fetch_interim *next;
	struct http_head head;
};

struct fetch_reply {
	uint32_t magic;
	enum fetch_reply_state state;
	struct loop *loop;
	struct task *reader; /* scheduled at every change of state; NULL when it has left */
	struct task *writer; /* scheduled when the reader has finished or left */
	struct fetch_interim *interim, **interim_tail; /* queued, oldest first */
	struct http_head head; /* final; valid from FETCH_REPLY_HEAD and FETCH_REPLY_SWITCHED on */
	struct http_framing framing; /* of the body as received */
	struct body_source *source;  /* the writer's; NULL without a body */
	enum why why;
	struct span detail; /* why, in words; in the writer's arena */
};

void fetch_reply_init(struct fetch_reply *c, struct loop *l, struct task *reader,
                      struct task *writer);
void fetch_reply_fini(struct fetch_reply *c);

/* The writer's calls. Each schedules the reader. */
void fetch_reply_add_interim(struct fetch_reply *c, struct fetch_interim *i);
void fetch_reply_set_head(struct fetch_reply *c, const struct http_head *h,
                          const struct http_framing *f, struct body_source *source,
                          enum fetch_reply_state state);
void fetch_reply_fail(struct fetch_reply *c, enum why why, struct span detail);

/* The reader's calls. Each schedules the writer. */
struct fetch_interim *fetch_reply_take_interim(struct fetch_reply *c); /* NULL: none */
void fetch_reply_complete(struct fetch_reply *c);
