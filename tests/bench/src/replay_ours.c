/*
 * Cuttle's replacement under a trace: the code of cache/evict.c, once with objects in memory and
 * once with segments on a disk, of which only the book-keeping is done.
 */
#include "cache/evict.h"
#include "tests/bench/src/replay.h"

static struct cache_key key_of(uint32_t object)
{
	return (struct cache_key){ replay_mix(object), replay_mix(~(uint64_t)object) };
}

/* --- objects in memory ------------------------------------------------------------------------ */

struct memory {
	const struct replay_trace *t;
	struct evict evict;
	struct evict_node *nodes; /* bytes is 0 where it is not there */
};

static void *memory_new(const struct replay_trace *t, uint64_t capacity)
{
	struct memory *p = check_calloc(1, sizeof(*p));

	p->t = t;
	p->nodes = check_calloc(t->n_objects, sizeof(*p->nodes));
	evict_init(&p->evict, capacity);
	return p;
}

static bool memory_get(void *policy, uint32_t object)
{
	struct memory *p = policy;
	struct evict_node *const n = &p->nodes[object];

	if (n->bytes != 0) {
		evict_use(n);
		return true;
	}
	while (evict_is_full(&p->evict, p->t->sizes[object]))
		evict_victim(&p->evict)->bytes = 0;
	evict_admit(&p->evict, n, key_of(object), p->t->sizes[object]);
	return false;
}

static void memory_free(void *policy)
{
	struct memory *p = policy;

	for (uint32_t i = 0; i < p->t->n_objects; i++)
		if (p->nodes[i].bytes != 0)
			evict_remove(&p->evict, &p->nodes[i]);
	evict_fini(&p->evict);
	free(p->nodes);
	free(p);
}

const struct replay_policy replay_memory = { "memory", memory_new, memory_get, NULL, memory_free };

/* --- segments on a disk ----------------------------------------------------------------------- */

#define SEGMENTS 128u /* that a full cache consists of */

struct segment {
	struct evict_segment evict;
	uint64_t bytes;
	uint32_t *objects;
	uint32_t n, room;
};

struct place {
	struct segment *segment; /* NULL: not there */
	uint8_t uses;
};

struct disk_model {
	const struct replay_trace *t;
	struct evict_disk evict;
	uint64_t capacity, used, segment_bytes;
	struct segment *open[EVICT_CHAINS];
	struct place *places;
	struct replay_figures figures;
};

static struct segment *segment_new(void)
{
	return check_calloc(1, sizeof(struct segment));
}

static void segment_free(struct segment *s)
{
	free(s->objects);
	free(s);
}

static void *disk_model_new(const struct replay_trace *t, uint64_t capacity)
{
	struct disk_model *p = check_calloc(1, sizeof(*p));

	p->t = t;
	p->capacity = capacity;
	p->segment_bytes = capacity / SEGMENTS;
	p->places = check_calloc(t->n_objects, sizeof(*p->places));
	evict_disk_init(&p->evict, capacity);
	for (unsigned i = 0; i < EVICT_CHAINS; i++)
		p->open[i] = segment_new();
	return p;
}

static void append(struct disk_model *p, enum evict_chain chain, uint32_t object, uint8_t uses)
{
	struct segment *s = p->open[chain];

	if (s->n > 0 && s->bytes + p->t->sizes[object] > p->segment_bytes) {
		evict_disk_add(&p->evict, &s->evict, chain, s->bytes, s->n);
		p->open[chain] = s = segment_new();
	}
	if (s->n == s->room) {
		s->room = s->room * 2 + 16;
		s->objects = check_realloc(s->objects, s->room * sizeof(uint32_t));
	}
	s->objects[s->n++] = object;
	s->bytes += p->t->sizes[object];
	p->places[object] = (struct place){ s, uses };
	p->used += p->t->sizes[object];
	p->figures.written_bytes += p->t->sizes[object];
}

static void evict_one(struct disk_model *p, struct segment *s)
{
	struct evict_object *const judged = check_calloc(s->n, sizeof(*judged));
	uint32_t *const objects = s->objects;

	for (uint32_t i = 0; i < s->n; i++)
		judged[i] = (struct evict_object){ .key = { replay_mix(objects[i]), objects[i] },
			                           .bytes = p->t->sizes[objects[i]],
			                           .uses = p->places[objects[i]].uses };
	evict_disk_rank(&s->evict, judged, s->n);
	evict_disk_ration(&p->evict, &s->evict, judged, s->n);
	p->used -= s->bytes;
	for (uint32_t i = 0; i < s->n; i++) {
		const uint32_t object = (uint32_t)judged[i].key.lo;

		p->places[object].segment = NULL;
		if (judged[i].keep)
			append(p, EVICT_MAIN, object, judged[i].uses);
	}
	free(judged);
	segment_free(s);
}

static bool disk_model_get(void *policy, uint32_t object)
{
	struct disk_model *p = policy;
	struct place *const at = &p->places[object];
	const uint64_t bytes = p->t->sizes[object];
	struct evict_segment *s;

	if (at->segment != NULL) {
		at->uses = (uint8_t)MIN(at->uses + 1, 3);
		return true;
	}
	while (p->used + bytes > p->capacity && (s = evict_disk_next(&p->evict)) != NULL)
		evict_one(p, CONTAINER_OF(s, struct segment, evict));
	p->figures.admitted_bytes += bytes;
	append(p, evict_disk_admit(&p->evict, key_of(object), bytes), object, 0);
	return false;
}

static void disk_model_figures(void *policy, struct replay_figures *out)
{
	struct disk_model *p = policy;

	*out = p->figures;
}

static void disk_model_free(void *policy)
{
	struct disk_model *p = policy;
	struct evict_segment *s;

	while ((s = evict_disk_next(&p->evict)) != NULL)
		segment_free(CONTAINER_OF(s, struct segment, evict));
	evict_disk_fini(&p->evict);
	for (unsigned i = 0; i < EVICT_CHAINS; i++)
		segment_free(p->open[i]);
	free(p->places);
	free(p);
}

const struct replay_policy replay_disk = { "disk", disk_model_new, disk_model_get,
	                                   disk_model_figures, disk_model_free };
