/*
 * What is in a folder: its segments' entries, and what the journals say of them. See disk_look.h;
 * the objects themselves are read by disk_look_read.c.
 *
 * First the entries, then the journals: what was forgotten or replaced meanwhile is left out, not
 * shown.
 */
#include "cache/disk_int.h"
#include "cache/disk_look_int.h"

/* A segment's places are 32 bits of INDEX_UNITs, but none is made longer than that. */
#define SEGMENT_BYTES_MAX ((uint64_t)UINT32_MAX + SEGMENT_FRAME_BYTES)
#define JOURNAL_TRIES     8

void look_fault(const struct disk_look *k, uint32_t segment, uint64_t offset, struct span url,
                const char *what)
{
	char name[SEGMENT_NAME_BYTES];
	const struct disk_look_fault f = { disk_look_file(segment, name), offset, url, what };

	if (k->watch.fault != NULL)
		k->watch.fault(k->watch.arg, &f);
}

void look_progress(const struct disk_look *k, const char *what, uint64_t done, uint64_t of)
{
	if (k->watch.progress != NULL)
		k->watch.progress(k->watch.arg, what, done, of);
}

const char *disk_look_file(uint32_t segment, char name[SEGMENT_NAME_BYTES])
{
	segment_name(segment & NUMBER_MASK, name);
	return name;
}

/* --- names ------------------------------------------------------------------------------------ */

struct names {
	bool (*parse)(const char *name, uint32_t *number);
	uint32_t *v;
	size_t n;
	bool is_short; /* of memory */
};

static bool see_name(void *arg, const char *name)
{
	struct names *const l = arg;
	uint32_t number;

	if (!l->parse(name, &number))
		return true;
	if ((l->n & (l->n - 1)) == 0) {
		uint32_t *const v = realloc(l->v, (l->n == 0 ? 1 : l->n * 2) * sizeof(*v));

		l->is_short = v == NULL;
		if (v == NULL)
			return false;
		l->v = v;
	}
	l->v[l->n++] = number;
	return true;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Ascending; the caller frees l->v, also on failure. */
static enum err list_names(struct disk_look *k, struct names *l)
{
	const enum err e = disk_io_names(&k->io, see_name, l);

	if (e == ERR_NONE && l->is_short)
		return ERR_NOMEM;
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_number);
	return e;
}

/* --- segments --------------------------------------------------------------------------------- */

static bool add_entries(struct disk_look *k, uint32_t number, const struct segment_entry *e,
                        uint32_t n)
{
	if (k->n + n > UINT32_MAX)
		return false;
	if (k->n + n > k->cap) {
		const size_t cap = MAX(k->cap * 2, k->n + n);
		struct look_entry *const v = realloc(k->entries, cap * sizeof(*v));

		if (v == NULL)
			return false;
		k->entries = v;
		k->cap = cap;
	}
	for (uint32_t i = 0; i < n; i++)
		if (e[i].type == RECORD_HEAD)
			k->entries[k->n++] = (struct look_entry){ { e[i].key_hi, e[i].key_lo },
				                                  e[i].seq,
				                                  number,
				                                  e[i].offset,
				                                  e[i].bytes };
	return true;
}

/* Whether a footer of this segment is at its end, whatever the index block before it is worth. */
static bool has_foot(struct disk_look *k, const struct look_segment *s)
{
	char bytes[SEGMENT_FRAME_BYTES];
	struct segment_foot foot;
	size_t got = 0;

	return s->bytes >= (uint64_t)2 * SEGMENT_FRAME_BYTES &&
	       disk_io_read(&k->io, s->fd, bytes, sizeof(bytes), s->bytes - sizeof(bytes), &got) ==
	               ERR_NONE &&
	       got == sizeof(bytes) && segment_get_foot(bytes, s->bytes, &s->head, &foot);
}

static enum err read_entries(struct disk_look *k, struct look_segment *s)
{
	struct segment_entry *entries = NULL;
	struct segment_foot foot;
	uint64_t last_seq = 0;
	uint32_t n = 0;
	enum err e = disk_read_entries(&k->io, s->fd, &s->head, &foot, &entries);

	s->is_sealed = e == ERR_NONE;
	if (e == ERR_NONE) {
		n = foot.n;
		s->end = foot.index_offset;
	} else if (e == ERR_SYNTAX) {
		s->is_index_damaged = has_foot(k, s);
		e = disk_scan_entries(&k->io, s->fd, &s->head, &entries, &n, &s->end, &last_seq);
	}
	if (e == ERR_NONE && !add_entries(k, s->head.number, entries, n))
		e = ERR_NOMEM;
	free(entries);
	return e;
}

/* ERR_NOT_FOUND: gone, or just being made. ERR_SYNTAX: none of ours. */
static enum err read_frame(struct disk_look *k, uint32_t number, struct look_segment *s)
{
	char name[SEGMENT_NAME_BYTES], bytes[SEGMENT_FRAME_BYTES];
	size_t got = 0;

	*s = (struct look_segment){ .head.number = number, .fd = -1 };
	enum err e = disk_io_open(&k->io, disk_look_file(number, name), DISK_OPEN_READ, &s->fd);

	if (e == ERR_NONE)
		e = disk_io_read(&k->io, s->fd, bytes, sizeof(bytes), 0, &got);
	if (e == ERR_NONE)
		e = disk_io_size(&k->io, s->fd, &s->bytes);
	if (e == ERR_NONE && got < sizeof(bytes))
		e = ERR_NOT_FOUND;
	if (e == ERR_NONE && (!segment_get_head(bytes, &s->head) || s->head.number != number ||
	                      s->head.store != k->sums.label.store || s->bytes > SEGMENT_BYTES_MAX))
		e = ERR_SYNTAX;
	return e;
}

static void count_segment(struct disk_look_sums *c, const struct look_segment *s)
{
	const int64_t made_s = s->head.made_s;

	c->segments++;
	c->unsealed += s->is_sealed ? 0 : 1;
	c->segment_bytes += s->bytes;
	c->by_chain[s->head.chain == EVICT_MAIN ? 1 : 0] += s->bytes;
	c->oldest_s = c->segments == 1 ? made_s : MIN(c->oldest_s, made_s);
	c->newest_s = c->segments == 1 ? made_s : MAX(c->newest_s, made_s);
}

static enum err read_segment(struct disk_look *k, uint32_t number)
{
	struct look_segment s;
	enum err e = read_frame(k, number, &s);

	if (e == ERR_NONE)
		e = read_entries(k, &s);
	disk_io_close(&s.fd);
	if (e == ERR_NOT_FOUND || e == ERR_NOMEM)
		return e == ERR_NOMEM ? e : ERR_NONE;
	if (e != ERR_NONE) {
		look_fault(k, number, 0, SPAN_NULL,
		           e == ERR_SYNTAX
		                   ? "its header is damaged, or it belongs to another folder"
		                   : "it cannot be read");
		return ERR_NONE;
	}
	count_segment(&k->sums, &s);
	k->segments[k->n_segments++] = s;
	return ERR_NONE;
}

static enum err read_segments(struct disk_look *k)
{
	struct names l = { .parse = segment_parse_name };
	enum err e = list_names(k, &l);

	if (e == ERR_NONE && (k->segments = calloc(l.n + 1, sizeof(*k->segments))) == NULL)
		e = ERR_NOMEM;
	for (size_t i = 0; e == ERR_NONE && i < l.n; i++) {
		look_progress(k, "segments", i, l.n);
		e = read_segment(k, l.v[i]);
	}
	free(l.v);
	return e;
}

struct look_segment *look_segment_find(struct disk_look *k, uint32_t number)
{
	size_t low = 0, high = k->n_segments;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (k->segments[middle].head.number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < k->n_segments && k->segments[low].head.number == number ? &k->segments[low]
	                                                                     : NULL;
}

/* What has come into its place since then, under the same name, is none of what was listed. */
enum err look_segment_open(struct disk_look *k, struct look_segment *s)
{
	struct look_segment now;

	if (s->fd >= 0)
		return ERR_NONE;
	if (s->is_gone)
		return ERR_NOT_FOUND;
	enum err e = read_frame(k, s->head.number, &now);

	if (e == ERR_SYNTAX || (e == ERR_NONE && now.head.uid != s->head.uid))
		e = ERR_NOT_FOUND;
	s->is_gone = e == ERR_NOT_FOUND;
	if (e != ERR_NONE) {
		disk_io_close(&now.fd);
		return e;
	}
	struct look_segment *const before = look_segment_find(k, k->open[k->next_open]);

	if (before != NULL)
		disk_io_close(&before->fd);
	k->open[k->next_open] = s->head.number;
	k->next_open = (k->next_open + 1) % ARRAY_LEN(k->open);
	s->fd = now.fd;
	return ERR_NONE;
}

/* --- journals --------------------------------------------------------------------------------- */

static enum err read_journal_files(struct disk_look *k, const struct names *l,
                                   struct journal_dead *dead)
{
	enum err e = ERR_NONE;

	k->sums.journals = k->sums.journal_bytes = 0;
	for (size_t i = 0; e == ERR_NONE && i < l->n; i++) {
		uint64_t bytes = 0;

		e = disk_journal_read(&k->io, l->v[i], k->sums.label.store, dead, &bytes);
		k->sums.journals++;
		k->sums.journal_bytes += bytes;
	}
	return e;
}

/* One that is missing has been written again, into one that is newer: then once more. */
static enum err read_journals(struct disk_look *k, struct journal_dead *dead)
{
	enum err e = ERR_NOT_FOUND;

	for (unsigned i = 0; e == ERR_NOT_FOUND && i < JOURNAL_TRIES; i++) {
		struct names l = { .parse = journal_parse_name };

		e = list_names(k, &l);
		if (e == ERR_NONE)
			e = read_journal_files(k, &l, dead);
		free(l.v);
	}
	k->sums.tombstones = dead->n;
	return e;
}

/* --- what counts ------------------------------------------------------------------------------ */

static int key_cmp(struct cache_key a, struct cache_key b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

/* Of one key the newest first. */
static int by_key(const void *a, const void *b)
{
	const struct look_entry *const x = a, *const y = b;
	const int c = key_cmp(x->key, y->key);

	if (c != 0 || x->seq == y->seq)
		return c;
	return x->seq > y->seq ? -1 : 1;
}

static int by_place(const void *a, const void *b, void *entries)
{
	const struct look_entry *const v = entries;
	const struct look_entry *const x = &v[*(const uint32_t *)a],
				       *const y = &v[*(const uint32_t *)b];

	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

const struct look_entry *look_entry_find(const struct disk_look *k, struct cache_key key)
{
	size_t low = 0, high = k->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (key_cmp(k->entries[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < k->n && cache_key_eq(k->entries[low].key, key) ? &k->entries[low] : NULL;
}

/* Of each key the newest, unless that is buried: then all are. */
static enum err settle(struct disk_look *k, const struct journal_dead *dead)
{
	size_t n = 0;

	k->sums.heads = k->n;
	if (k->n > 1)
		qsort(k->entries, k->n, sizeof(*k->entries), by_key);
	for (size_t i = 0; i < k->n;) {
		const struct look_entry e = k->entries[i];

		while (i < k->n && cache_key_eq(k->entries[i].key, e.key))
			i++;
		if (!journal_is_dead(dead, e.key, e.seq))
			k->entries[n++] = e;
	}
	k->sums.objects = k->n = n;
	k->by_place = malloc((n + 1) * sizeof(*k->by_place));
	if (k->by_place == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		k->by_place[i] = (uint32_t)i;
	if (n > 1)
		qsort_r(k->by_place, n, sizeof(*k->by_place), by_place, k->entries);
	return ERR_NONE;
}

static enum err read_folder(struct disk_look *k)
{
	struct journal_dead dead = { 0 };
	enum err e = read_segments(k);

	if (e == ERR_NONE)
		e = read_journals(k, &dead);
	if (e == ERR_NONE)
		e = settle(k, &dead);
	journal_dead_fini(&dead);
	return e;
}

static enum err read_label(struct disk_look *k, enum disk_folder *folder)
{
	struct disk_label *const l = &k->sums.label;
	char boot[DISK_BOOT_BYTES];
	const enum err e = disk_label_read(&k->io, l, folder);

	if (e != ERR_NONE || *folder != DISK_FOLDER_OURS)
		return e != ERR_NONE ? e : ERR_UNSUPPORTED;
	disk_io_boot(boot);
	k->sums.is_boot_over = disk_label_lost_power(l, boot);
	return ERR_NONE;
}

enum err disk_look_open(struct disk_look **out, const char *path,
                        const struct disk_look_watch *watch, enum disk_folder *folder)
{
	struct disk_look *k;

	OBJ_NEW(k, LOOK_MAGIC);
	k->path = check_strdup(path);
	k->watch = *watch;
	memset(k->open, 0xff, sizeof(k->open));
	*folder = DISK_FOLDER_EMPTY;
	enum err e = disk_io_open_folder(&k->io, path, false, false, NULL);

	if (e == ERR_NONE)
		e = read_label(k, folder);
	if (e == ERR_NONE)
		e = read_folder(k);
	if (e != ERR_NONE) {
		disk_look_close(&k);
		return e;
	}
	*out = k;
	return ERR_NONE;
}

void disk_look_close(struct disk_look **kp)
{
	struct disk_look *k = *kp;

	if (k == NULL)
		return;
	CHECK_OBJ(k, LOOK_MAGIC);
	*kp = NULL;
	for (size_t i = 0; i < k->n_segments; i++)
		disk_io_close(&k->segments[i].fd);
	disk_io_close_folder(&k->io);
	free(k->segments);
	free(k->entries);
	free(k->by_place);
	free(k->path);
	OBJ_FREE(k, LOOK_MAGIC);
}

const char *disk_look_path(const struct disk_look *k)
{
	CHECK_OBJ(k, LOOK_MAGIC);
	return k->path;
}

void disk_look_sums(const struct disk_look *k, struct disk_look_sums *out)
{
	CHECK_OBJ(k, LOOK_MAGIC);
	*out = k->sums;
}
