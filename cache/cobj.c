/*
 * Private objects: a hand-over of heads, and of the right to read the body's source.
 */
#include "cache/cobj.h"

#define COBJ_MAGIC 0x0b7ec701u

void cobj_init_private(struct cobj *c, struct loop *l, struct task *reader, struct task *writer)
{
	*c = (struct cobj){ .magic = COBJ_MAGIC, .loop = l, .reader = reader, .writer = writer };
	c->interim_tail = &c->interim;
}

void cobj_fini(struct cobj *c)
{
	CHECK_OBJ(c, COBJ_MAGIC);
	c->magic = 0;
}

static void tell(struct cobj *c, struct task *who)
{
	if (who != NULL)
		task_schedule(c->loop, who);
}

void cobj_add_interim(struct cobj *c, struct cobj_interim *i)
{
	CHECK_OBJ(c, COBJ_MAGIC);
	i->next = NULL;
	*c->interim_tail = i;
	c->interim_tail = &i->next;
	tell(c, c->reader);
}

struct cobj_interim *cobj_take_interim(struct cobj *c)
{
	struct cobj_interim *i = c->interim;

	CHECK_OBJ(c, COBJ_MAGIC);
	if (i == NULL)
		return NULL;
	c->interim = i->next;
	if (c->interim == NULL)
		c->interim_tail = &c->interim;
	return i;
}

void cobj_set_head(struct cobj *c, const struct http_head *h, const struct http_framing *f,
                   struct body_source *source, enum cobj_state state)
{
	CHECK_OBJ(c, COBJ_MAGIC);
	CHECK(c->state == COBJ_EMPTY && (state == COBJ_HEAD || state == COBJ_SWITCHED));
	c->head = *h;
	c->framing = *f;
	c->source = source;
	c->state = state;
	tell(c, c->reader);
}

void cobj_fail(struct cobj *c, enum why why, struct span detail)
{
	CHECK_OBJ(c, COBJ_MAGIC);
	if (c->state == COBJ_FAILED || c->state == COBJ_COMPLETE)
		return;
	c->state = COBJ_FAILED;
	c->why = why;
	c->detail = detail;
	tell(c, c->reader);
}

void cobj_complete(struct cobj *c)
{
	CHECK_OBJ(c, COBJ_MAGIC);
	CHECK(c->state == COBJ_HEAD);
	c->state = COBJ_COMPLETE;
	tell(c, c->writer);
}
