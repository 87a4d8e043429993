/*
 * Many clients on several loops: they lead, join, read at all speeds, leave, purge and renew, and
 * every byte that they get is compared. Meant for ThreadSanitizer above all; a lost wake shows as a
 * test that never ends.
 */
#include "tests/unit/unit.h"

#include "base/thread.h"
#include "http/parse.h"
#include "tests/unit/cache/cache_world.h"

#include <stdatomic.h>

#define THREADS 4u
#define CLIENTS 12u /* of each thread */
#define ROUNDS  30u /* of each client */
#define URLS    10u

struct side {
	pthread_t id;
	struct loop *loop;
	unsigned n_clients, n_writers;
	uint64_t random;
	struct post begin;
	struct client *clients;
};

struct client {
	struct task task;
	struct side *side;
	enum { IDLE, LOOKS, READS, PURGES } does;
	unsigned rounds;
	struct store_lookup q;
	struct store_purge purge;
	char url[32];
	struct cobj_reader r;
	uint64_t at;
};

/* A fetch: it goes on when the client that began it has left. */
struct writer {
	struct task task;
	struct side *side;
	struct cobj *c;
	struct cobj *old; /* what it validates; NULL: nothing */
	uint64_t seed, length, at;
	bool ends_badly;
};

static atomic_uint n_read_whole, n_cut, n_failed;

static unsigned draw(struct side *s, unsigned below)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)((s->random >> 33) % below);
}

static void maybe_stop(struct side *s)
{
	if (s->n_clients == 0 && s->n_writers == 0)
		loop_stop(s->loop);
}

/* --- writers ---------------------------------------------------------------------------------- */

/* A head that tells what the body must be. */
static enum err take_in(struct writer *w, bool is_known)
{
	const struct cobj_meta meta = { .status = 200,
		                        .body_bytes = is_known ? w->length : COBJ_LENGTH_UNKNOWN };
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	struct http_head h;
	struct arena a;
	size_t used;

	arena_init(&a);
	http_head_init(&h, &a);
	ck_assert_int_eq(http_parse_reply(arena_printf(&a,
	                                               "HTTP/1.1 200 OK\r\nX-Seed: %llu\r\n"
	                                               "X-Length: %llu\r\n\r\n",
	                                               (unsigned long long)w->seed,
	                                               (unsigned long long)w->length),
	                                  SIZE_MAX, &scan, &h, &used, &e),
	                 HTTP_PARSE_OK);
	bool buries;
	const enum err result = store_take_in(w->c, NULL, &h, &meta, &buries);

	if (result == ERR_NONE)
		cobj_show(w->c);

	arena_fini(&a);
	return result;
}

static void writer_ends(struct writer *w)
{
	struct side *const s = w->side;

	task_cancel(&w->task);
	cobj_unref(&w->c);
	cobj_unref(&w->old);
	free(w);
	s->n_writers--;
	maybe_stop(s);
}

static bool write_some(struct writer *w)
{
	char bytes[20000];
	const size_t n = (size_t)MIN(w->length - w->at, (uint64_t)draw(w->side, sizeof(bytes)) + 1);

	world_bytes(w->seed, w->at, bytes, n);
	const size_t taken = cobj_append(w->c, span_of(bytes, n));

	w->at += taken;
	return taken == n;
}

static void renew(struct writer *w)
{
	const struct cobj_meta meta = { .status = 200 };
	struct cobj *fresh;

	store_renew(w->old, &w->c, &w->old->head, &meta, &fresh);
	cobj_unref(&fresh);
	writer_ends(w);
}

static void on_writer(struct task *t)
{
	struct writer *const w = CONTAINER_OF(t, struct writer, task);

	if (cobj_state(w->c) == COBJ_WAITING) {
		const unsigned what = draw(w->side, 20);

		if (w->old != NULL && what > 10) {
			renew(w);
			return;
		}
		if (what == 0)
			cobj_release(w->c);
		else if (what == 1)
			cobj_fail(w->c, WHY_ORIGIN_EMPTY);
		if (what < 2 || take_in(w, what % 2 == 0) != ERR_NONE) {
			writer_ends(w);
			return;
		}
	} else if (w->ends_badly && (w->at > w->length / 2 || cobj_readers(w->c) == 0)) {
		cobj_fail(w->c, WHY_ORIGIN_CUT);
		writer_ends(w);
		return;
	} else if (w->at == w->length) {
		cobj_finish(w->c);
		writer_ends(w);
		return;
	} else if (!write_some(w)) {
		return; /* told when there is room */
	}
	task_schedule(w->side->loop, t);
}

/* Takes old. */
static void start_writer(struct client *c, struct cobj *old)
{
	static const uint64_t scales[] = { 100, 5000, 60000, 300000, 3000000 };
	struct writer *const w = check_calloc(1, sizeof(*w));
	struct side *const s = c->side;

	task_init(&w->task, on_writer);
	w->side = s;
	w->c = cobj_ref(c->q.cobj);
	w->old = old;
	w->seed = draw(s, 1000000);
	w->length = draw(s, (unsigned)scales[draw(s, ARRAY_LEN(scales))]);
	w->ends_badly = draw(s, 10) == 0;
	s->n_writers++;
	cobj_set_writer(w->c, s->loop, &w->task);
	task_schedule(s->loop, &w->task);
}

/* --- readers ---------------------------------------------------------------------------------- */

static uint64_t number(const struct cobj *c, const char *name)
{
	uint64_t n = 0;

	ck_assert(span_to_u64(http_head_get_named(&c->head, span_str(name))->value, &n));
	return n;
}

static void rest(struct client *c)
{
	cobj_reader_fini(&c->r);
	c->does = IDLE;
	task_schedule(c->side->loop, &c->task);
}

/* From now on it is read what comes of that, if there is a validation. */
static void validate(struct client *c)
{
	struct cobj *old = c->q.cobj, *found;

	switch (store_validate(old, loop_now_ms(c->side->loop), &found)) {
	case STORE_NONE:
		return;
	case STORE_LEADS:
		c->q.cobj = found;
		start_writer(c, old);
		return;
	case STORE_FOUND:
		c->q.cobj = found;
		cobj_unref(&old);
		return;
	}
}

static void begin_reading(struct client *c)
{
	if (c->q.found == STORE_LEADS)
		start_writer(c, NULL);
	else if (cobj_state(c->q.cobj) == COBJ_COMPLETE && draw(c->side, 10) == 0)
		validate(c);
	cobj_reader_init(&c->r, c->q.cobj, c->side->loop, &c->task);
	cobj_unref(&c->q.cobj);
	c->at = 0;
	c->does = READS;
}

static void compare(struct client *c, const struct cobj_piece *p)
{
	char buf[30000];
	const struct span s = world_piece(p, buf, sizeof(buf));

	ck_assert(world_is(number(c->r.cobj, "x-seed"), c->at, s));
	c->at += s.n;
}

static void read_some(struct client *c)
{
	struct cobj_piece p;

	/* Some are slow, some leave. */
	if (draw(c->side, 300) == 0) {
		rest(c);
		return;
	}
	if (c->at > 0 && draw(c->side, 3) == 0) {
		task_schedule(c->side->loop, &c->task);
		return;
	}
	cobj_read(&c->r, c->at, draw(c->side, 30000) + 1, &p);
	switch (p.kind) {
	case COBJ_PIECE_WAIT:
		return;
	case COBJ_PIECE_MEMORY:
	case COBJ_PIECE_FILE:
		compare(c, &p);
		task_schedule(c->side->loop, &c->task);
		return;
	case COBJ_PIECE_END:
		ck_assert_uint_eq(c->at, number(c->r.cobj, "x-length"));
		atomic_fetch_add(&n_read_whole, 1);
		break;
	case COBJ_PIECE_FAILED:
		atomic_fetch_add(p.why == WHY_CLIENT_STALLED ? &n_cut : &n_failed, 1);
		break;
	}
	rest(c);
}

/* --- clients ---------------------------------------------------------------------------------- */

static void look(struct client *c)
{
	snprintf(c->url, sizeof(c->url), "http://a.test/%u", draw(c->side, URLS));
	c->q = (struct store_lookup){ .store = world_store,
		                      .url = span_str(c->url),
		                      .may_lead = true,
		                      .may_join = draw(c->side, 10) > 0 };
	c->does = LOOKS;
	if (store_lookup(&c->q, c->side->loop, &c->task) == OP_READY)
		task_schedule(c->side->loop, &c->task);
	else if (draw(c->side, 20) == 0) {
		op_cancel(&c->q.op);
		c->does = IDLE;
		task_schedule(c->side->loop, &c->task);
	}
}

static void purge(struct client *c)
{
	snprintf(c->url, sizeof(c->url), "http://a.test/%u", draw(c->side, URLS));
	c->purge = (struct store_purge){ .store = world_store };
	c->does = PURGES;
	if (store_purge(&c->purge, span_str(c->url), c->side->loop, &c->task) != OP_PENDING)
		task_schedule(c->side->loop, &c->task);
}

static void on_client(struct task *t)
{
	struct client *const c = CONTAINER_OF(t, struct client, task);

	switch (c->does) {
	case IDLE:
		if (c->rounds-- == 0) {
			c->side->n_clients--;
			maybe_stop(c->side);
		} else if (draw(c->side, 8) == 0) {
			purge(c);
		} else {
			look(c);
		}
		return;
	case LOOKS:
		if (c->q.op.status == OP_PENDING)
			return;
		begin_reading(c);
		read_some(c);
		return;
	case PURGES:
		if (c->purge.op.status == OP_PENDING)
			return;
		rest(c);
		return;
	case READS:
		read_some(c);
		return;
	}
}

static void on_begin(struct post *p)
{
	struct side *const s = CONTAINER_OF(p, struct side, begin);

	for (unsigned i = 0; i < CLIENTS; i++)
		task_schedule(s->loop, &s->clients[i].task);
}

static void *run(void *arg)
{
	loop_run(((struct side *)arg)->loop);
	return NULL;
}

static void play(unsigned whole_pct)
{
	struct side sides[THREADS] = { 0 };

	for (unsigned i = 0; i < THREADS; i++) {
		struct side *const s = &sides[i];

		ck_assert_int_eq(loop_new(&s->loop), ERR_NONE);
		s->random = i * 7919 + 1;
		s->n_clients = CLIENTS;
		s->clients = check_calloc(CLIENTS, sizeof(*s->clients));
		for (unsigned k = 0; k < CLIENTS; k++) {
			s->clients[k].side = s;
			s->clients[k].rounds = ROUNDS;
			task_init(&s->clients[k].task, on_client);
		}
		s->begin.fn = on_begin;
		loop_post(s->loop, &s->begin);
	}
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(thread_start(&sides[i].id, "side", run, &sides[i]), ERR_NONE);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(sides[i].id, NULL);
	/* Posts to those who are through may be under way. */
	for (unsigned i = 0; i < THREADS; i++)
		loop_turn(sides[i].loop, 0);
	ck_assert_uint_ge(atomic_load(&n_read_whole), CLIENTS * THREADS * ROUNDS * whole_pct / 100);
	world_close();
	for (unsigned i = 0; i < THREADS; i++) {
		loop_free(&sides[i].loop);
		free(sides[i].clients);
	}
}

static const struct play_case {
	const char *name;
	uint64_t cache_mem, in_memory, dir;
	unsigned whole_pct; /* of the rounds end with a whole body */
} play_cases[] = {
	{ "all in memory", 64 << 20, 4 << 20, 0, 25 },
	{ "little memory, and bodies that are not kept", 1 << 20, 200000, 0, 25 },
	{ "no memory at all", 0, 0, 0, 0 },
	{ "on a disk", 64 << 20, 200000, 200 << 20, 25 },
	{ "on a disk without memory", 0, 200000, 200 << 20, 25 },
	{ "on a small disk with little memory", 1 << 20, 200000, 20 << 20, 25 },
};

START_TEST(all_get_the_right_bytes)
{
	const struct play_case *const t = &play_cases[_i];

	world_defaults();
	world_conf.cache_mem_bytes = t->cache_mem;
	world_conf.max_object_in_memory_bytes = t->in_memory;
	if (t->dir > 0)
		world_add_dir(t->dir);
	world_open();
	play(t->whole_pct);
	world_clean();
}
END_TEST

Suite *suite_store_threads(void);
Suite *suite_store_threads(void)
{
	Suite *s = suite_create("store_threads");
	TCase *tc = tcase_create("threads");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, all_get_the_right_bytes, 0, ARRAY_LEN(play_cases));
	suite_add_tcase(s, tc);
	return s;
}
