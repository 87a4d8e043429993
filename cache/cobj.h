/*
 * A cached object: where the machine that faces the client (txn) and the one that faces the origin
 * (fetch) meet.
 *
 * So far only *private* objects exist: one reader on the same worker, nothing stored; the body is not
 * kept here but taken by the reader from the fetch's source. Worker-local.
 */
#pragma once

#include "base/why.h"
#include "http/body.h"
#include "http/head.h"
#include "loop/loop.h"

struct body_source;

enum cobj_state {
	COBJ_EMPTY,    /* no final head yet; interim heads may be queued */
	COBJ_HEAD,     /* the head is there; the body can be taken from `source` */
	COBJ_SWITCHED, /* the origin switched protocols (101): both sides become a tunnel */
	COBJ_COMPLETE, /* the reader has taken the whole body */
	COBJ_FAILED    /* before the head: why says how; after it: the body is cut */
};

/* A 1xx to be passed on. */
struct cobj_interim {
	struct cobj_interim *next;
	struct http_head head;
};

struct cobj {
	uint32_t magic;
	enum cobj_state state;
	struct loop *loop;
	struct task *reader; /* scheduled at every change of state; NULL when it has left */
	struct task *writer; /* scheduled when the reader has finished or left */
	struct cobj_interim *interim, **interim_tail; /* queued, oldest first */
	struct http_head head;       /* final; valid from COBJ_HEAD and COBJ_SWITCHED on */
	struct http_framing framing; /* of the body as received */
	struct body_source *source;  /* the writer's; NULL without a body */
	enum why why;
	struct span detail; /* why, in words; in the writer's arena */
};

void cobj_init_private(struct cobj *c, struct loop *l, struct task *reader, struct task *writer);
void cobj_fini(struct cobj *c);

/* The writer's calls. Each schedules the reader. */
void cobj_add_interim(struct cobj *c, struct cobj_interim *i);
void cobj_set_head(struct cobj *c, const struct http_head *h, const struct http_framing *f,
                   struct body_source *source, enum cobj_state state);
void cobj_fail(struct cobj *c, enum why why, struct span detail);

/* The reader's calls. Each schedules the writer. */
struct cobj_interim *cobj_take_interim(struct cobj *c); /* NULL: none */
void cobj_complete(struct cobj *c);
