/*
 * A hand-over of heads, and of the right to read the body's source.
 */
#include "proxy/fetch_reply.h"

#define FETCH_REPLY_MAGIC 0x0b7ec701u

void fetch_reply_init(struct fetch_reply *c, struct loop *l, struct task *reader,
                      struct task *writer)
{
	*c = (struct fetch_reply){
		.magic = FETCH_REPLY_MAGIC, .loop = l, .reader = reader, .writer = writer
	};
	c->interim_tail = &c->interim;
}

void fetch_reply_fini(struct fetch_reply *c)
{
	CHECK_OBJ(c, FETCH_REPLY_MAGIC);
	c->magic = 0;
}

static void tell(struct fetch_reply *c, struct task *who)
{
	if (who != NULL)
		task_schedule(c->loop, who);
}

void fetch_reply_add_interim(struct fetch_reply *c, struct fetch_interim *i)
{
	CHECK_OBJ(c, FETCH_REPLY_MAGIC);
	i->next = NULL;
	*c->interim_tail = i;
	c->interim_tail = &i->next;
	tell(c, c->reader);
}

struct fetch_interim *fetch_reply_take_interim(struct fetch_reply *c)
{
	struct fetch_interim *i = c->interim;

	CHECK_OBJ(c, FETCH_REPLY_MAGIC);
	if (i == NULL)
		return NULL;
	c->interim = i->next;
	if (c->interim == NULL)
		c->interim_tail = &c->interim;
	return i;
}

void fetch_reply_set_head(struct fetch_reply *c, const struct http_head *h,
                          const struct http_framing *f, struct body_source *source,
                          enum fetch_reply_state state)
{
	CHECK_OBJ(c, FETCH_REPLY_MAGIC);
	CHECK(c->state == FETCH_REPLY_EMPTY &&
	      (state == FETCH_REPLY_HEAD || state == FETCH_REPLY_SWITCHED));
	c->head = *h;
	c->framing = *f;
	c->source = source;
	c->state = state;
	tell(c, c->reader);
}

void fetch_reply_fail(struct fetch_reply *c, enum why why, struct span detail)
{
	CHECK_OBJ(c, FETCH_REPLY_MAGIC);
	if (c->state == FETCH_REPLY_FAILED || c->state == FETCH_REPLY_COMPLETE)
		return;
	c->state = FETCH_REPLY_FAILED;
	c->why = why;
	c->detail = detail;
	tell(c, c->reader);
}

void fetch_reply_complete(struct fetch_reply *c)
{
	CHECK_OBJ(c, FETCH_REPLY_MAGIC);
	CHECK(c->state == FETCH_REPLY_HEAD);
	c->state = FETCH_REPLY_COMPLETE;
	tell(c, c->writer);
}
