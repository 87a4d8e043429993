/*
 * Bodies: blocks, files in memory and places on a disk.
 */
#include "cache/body.h"

#include "base/budget.h"
#include "cache/body_int.h"

#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- blocks ----------------------------------------------------------------------------------- */

struct cobj_block *cobj_block_new(uint64_t at, uint32_t cap, bool must)
{
	const size_t bytes = sizeof(struct cobj_block) + cap;
	const bool is_counted = budget_take(BUDGET_CACHE, bytes);

	if (!is_counted && !must)
		return NULL;
	struct cobj_block *const k = must ? check_malloc(bytes) : malloc(bytes);

	if (k == NULL) {
		if (is_counted)
			budget_give(BUDGET_CACHE, bytes);
		return NULL;
	}
	*k = (struct cobj_block){ .magic = COBJ_BLOCK_MAGIC, .at = at, .cap = cap };
	k->is_counted = is_counted;
	atomic_init(&k->refs, 1);
	return k;
}

struct cobj_block *cobj_block_ref(struct cobj_block *k)
{
	CHECK_OBJ(k, COBJ_BLOCK_MAGIC);
	atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

void cobj_block_unref(struct cobj_block **k)
{
	struct cobj_block *const mine = *k;

	*k = NULL;
	if (mine == NULL)
		return;
	CHECK_OBJ(mine, COBJ_BLOCK_MAGIC);
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (mine->is_counted)
		budget_give(BUDGET_CACHE, sizeof(*mine) + mine->cap);
	mine->magic = 0;
	free(mine);
}

uint64_t cobj_block_memory(const struct cobj_block *k)
{
	return sizeof(*k) + k->cap;
}

/* --- a body's blocks -------------------------------------------------------------------------- */

struct cobj_block *cobj_body_last(const struct cobj_body *b)
{
	return b->n_blocks == 0 ? NULL : b->blocks[b->n_blocks - 1];
}

void cobj_body_push(struct cobj_body *b, struct cobj_block **k)
{
	if (b->n_blocks == b->cap_blocks) {
		b->cap_blocks = b->cap_blocks == 0 ? 1 : 2 * b->cap_blocks;
		b->blocks = check_realloc(b->blocks, b->cap_blocks * sizeof(b->blocks[0]));
	}
	b->blocks[b->n_blocks++] = *k;
	*k = NULL;
}

void cobj_body_replace_last(struct cobj_body *b, struct cobj_block **k)
{
	cobj_block_unref(&b->blocks[b->n_blocks - 1]);
	b->blocks[b->n_blocks - 1] = *k;
	*k = NULL;
}

static void drop(struct cobj_body *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		cobj_block_unref(&b->blocks[i]);
	b->n_blocks -= n;
	memmove(b->blocks, b->blocks + n, b->n_blocks * sizeof(struct cobj_block *));
}

void cobj_body_drop_before(struct cobj_body *b, uint64_t offset)
{
	uint32_t n = 0;

	while (n + 1 < b->n_blocks && b->blocks[n]->at + b->blocks[n]->n <= offset)
		n++;
	if (n > 0)
		drop(b, n);
}

void cobj_body_drop_all(struct cobj_body *b)
{
	if (b->n_blocks > 0)
		drop(b, b->n_blocks);
}

struct cobj_block *cobj_body_find(const struct cobj_body *b, uint64_t offset)
{
	uint32_t low = 0, high = b->n_blocks; /* in [low, high), if anywhere */

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;
		struct cobj_block *const k = b->blocks[mid];

		if (offset < k->at)
			high = mid;
		else if (offset >= k->at + k->n)
			low = mid + 1;
		else
			return k;
	}
	return NULL;
}

/* --- files in memory -------------------------------------------------------------------------- */

bool cobj_body_open_memfd(struct cobj_body *b, struct cobj_memfds *fds)
{
	/* A count, nothing else is read on its strength. */
	if (atomic_fetch_add_explicit(&fds->n, 1, memory_order_relaxed) < fds->max) {
		const int fd = memfd_create("cuttle object", MFD_CLOEXEC);

		if (fd >= 0) {
			b->memfds = fds;
			b->memfd = fd;
			return true;
		}
	}
	atomic_fetch_sub_explicit(&fds->n, 1, memory_order_relaxed);
	return false;
}

bool cobj_body_write_memfd(struct cobj_body *b, struct span bytes)
{
	size_t done = 0;

	if (!budget_take(BUDGET_CACHE, bytes.n))
		return false;
	while (done < bytes.n) {
		const ssize_t n = pwrite(b->memfd, bytes.p + done, bytes.n - done,
		                         (off_t)(b->memfd_bytes + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			budget_give(BUDGET_CACHE, bytes.n);
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

/* --- places ----------------------------------------------------------------------------------- */

enum err cobj_body_reserve_place(struct cobj_body *b)
{
	if (b->n_places < b->cap_places)
		return ERR_NONE;
	const uint32_t cap = b->cap_places == 0 ? 4 : 2 * b->cap_places;
	struct disk_place *const more = realloc(b->places, cap * sizeof(*more));

	if (more == NULL)
		return ERR_NOMEM;
	b->places = more;
	b->cap_places = cap;
	return ERR_NONE;
}

enum err cobj_body_add_place(struct cobj_body *b, struct store_dir *d, const struct disk_place *p)
{
	const enum err e = cobj_body_reserve_place(b);

	if (e != ERR_NONE)
		return e;
	b->places[b->n_places++] = *p;
	b->placed_bytes += p->bytes;
	if (b->dir == NULL)
		b->dir = store_dir_ref(d);
	return ERR_NONE;
}

/* --- bodies ----------------------------------------------------------------------------------- */

struct cobj_body *cobj_body_new(void)
{
	struct cobj_body *b;

	OBJ_NEW(b, COBJ_BODY_MAGIC);
	atomic_init(&b->refs, 1);
	b->memfd = -1;
	return b;
}

struct cobj_body *cobj_body_of_bytes(struct span bytes)
{
	struct cobj_body *b = cobj_body_new();

	if (bytes.n == 0)
		return b;
	struct cobj_block *k =
		bytes.n > UINT32_MAX ? NULL : cobj_block_new(0, (uint32_t)bytes.n, false);

	if (k == NULL) {
		cobj_body_unref(&b);
		return NULL;
	}
	memcpy(k->bytes, bytes.p, bytes.n);
	k->n = (uint32_t)bytes.n;
	b->bytes = bytes.n;
	cobj_body_push(b, &k);
	return b;
}

bool cobj_body_set_home(struct cobj_body *b, struct store_dir *d, const struct disk_place *p)
{
	const bool ok = cobj_body_add_place(b, d, p) == ERR_NONE;

	b->placed_bytes = 0;
	return ok;
}

struct cobj_body *cobj_body_of_places(struct store_dir *d, const struct disk_place *places,
                                      uint32_t n)
{
	struct cobj_body *b = cobj_body_new();

	/* Readers find a fragment by its number. */
	for (uint32_t i = 0; i < n; i++)
		if (places[i].bytes == 0 || places[i].bytes > DISK_FRAGMENT_BYTES ||
		    (i + 1 < n && places[i].bytes != DISK_FRAGMENT_BYTES) ||
		    cobj_body_add_place(b, d, &places[i]) != ERR_NONE) {
			cobj_body_unref(&b);
			return NULL;
		}
	b->bytes = b->placed_bytes;
	return b;
}

struct cobj_body *cobj_body_ref(struct cobj_body *b)
{
	CHECK_OBJ(b, COBJ_BODY_MAGIC);
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void cobj_body_unref(struct cobj_body **b)
{
	struct cobj_body *mine = *b;

	*b = NULL;
	if (mine == NULL)
		return;
	CHECK_OBJ(mine, COBJ_BODY_MAGIC);
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
		return;
	cobj_body_drop_all(mine);
	free(mine->blocks);
	free(mine->places);
	store_dir_unref(&mine->dir);
	if (mine->memfd >= 0) {
		close(mine->memfd);
		budget_give(BUDGET_CACHE, mine->memfd_bytes);
		atomic_fetch_sub_explicit(&mine->memfds->n, 1, memory_order_relaxed);
	}
	OBJ_FREE(mine, COBJ_BODY_MAGIC);
}

uint64_t cobj_body_memory(const struct cobj_body *b)
{
	uint64_t n = sizeof(*b) + b->memfd_bytes + b->cap_places * sizeof(*b->places) +
	             b->cap_blocks * sizeof(struct cobj_block *);

	for (uint32_t i = 0; i < b->n_blocks; i++)
		n += cobj_block_memory(b->blocks[i]);
	return n;
}
