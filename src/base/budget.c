/*
 * One shared count of what is taken, and an account for each thread that draws on it in pieces.
 *
 * Order: all atomics here are relaxed. They are counts; nobody reads other memory on their
 * strength.
 */
#include "base/budget.h"

#include "base/counters.h"

#include <pthread.h>
#include <stdatomic.h>

#define PIECE_MAX ((uint64_t)256 * 1024)
#define PIECE_MIN ((uint64_t)4 * 1024)

/* One thread writes; `used` is also read by the manager. Kept for the process's life. */
struct account {
	uint64_t slack;                 /* taken from the shared count and not used */
	_Atomic int64_t used[BUDGET_N]; /* negative where others' memory was freed here */
	struct account *next;           /* guarded by registry_lock */
} __attribute__((aligned(64)));

/* Shared. Written rarely, so reading it costs next to nothing. */
static struct {
	_Atomic uint64_t taken;
	_Atomic uint64_t limit, piece;
	_Atomic uint64_t ceiling[BUDGET_N];
} shared __attribute__((aligned(64)));

static _Thread_local struct account *mine;
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct account *registry;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t account_key;

static const struct {
	const char *name, *text;
	unsigned share;
} rows[] = {
#define BUDGET(sym, name, share, text) { name, text, share },
#include "base/budget.tbl.h"
#undef BUDGET
};

static uint64_t load(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static void store(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, n, memory_order_relaxed);
}

static void set_limit(uint64_t limit)
{
	const uint64_t piece = limit == 0 ? PIECE_MAX : limit / 256;

	for (size_t c = 0; c < BUDGET_N; c++)
		store(&shared.ceiling[c],
		      limit == 0 || rows[c].share == 0 ? UINT64_MAX : limit / 1000 * rows[c].share);
	store(&shared.piece, MIN(MAX(piece, PIECE_MIN), PIECE_MAX));
	store(&shared.limit, limit);
}

/* --- accounts --------------------------------------------------------------------------------- */

/* A thread ends: its slack goes back, its figures stay. */
static void account_close(void *arg)
{
	struct account *a = arg;

	atomic_fetch_sub_explicit(&shared.taken, a->slack, memory_order_relaxed);
	a->slack = 0;
}

static void set_up(void)
{
	CHECK(pthread_key_create(&account_key, account_close) == 0);
	if (load(&shared.piece) == 0)
		set_limit(0);
}

static struct account *account_open(void)
{
	struct account *a = aligned_alloc(64, sizeof(*a));

	CHECK(a != NULL);
	pthread_once(&once, set_up);
	memset(a, 0, sizeof(*a));
	pthread_mutex_lock(&registry_lock);
	a->next = registry;
	registry = a;
	pthread_mutex_unlock(&registry_lock);
	CHECK(pthread_setspecific(account_key, a) == 0);
	mine = a;
	return a;
}

static void add_used(struct account *a, enum budget_class c, int64_t n)
{
	const int64_t old = atomic_load_explicit(&a->used[c], memory_order_relaxed);

	atomic_store_explicit(&a->used[c], old + n, memory_order_relaxed);
}

/* --- taking and giving ------------------------------------------------------------------------ */

static bool reserve(uint64_t n, uint64_t ceiling)
{
	uint64_t old = load(&shared.taken), sum;

	do {
		if (__builtin_add_overflow(old, n, &sum) || sum > ceiling)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&shared.taken, &old, sum, memory_order_relaxed, memory_order_relaxed));
	return true;
}

/* Get the slack up to n, and a piece beyond it if there is that much. */
static bool fill(struct account *a, uint64_t n, uint64_t ceiling)
{
	const uint64_t piece = load(&shared.piece), lacking = n - a->slack;
	uint64_t plenty;

	if (!__builtin_add_overflow(lacking, piece, &plenty) && reserve(plenty, ceiling)) {
		a->slack += plenty;
		return true;
	}
	if (!reserve(lacking, ceiling))
		return false;
	a->slack += lacking;
	return true;
}

bool budget_take(enum budget_class c, size_t n)
{
	struct account *a = mine != NULL ? mine : account_open();
	const uint64_t ceiling = load(&shared.ceiling[c]);
	const bool ok = a->slack >= n ? load(&shared.taken) <= ceiling : fill(a, n, ceiling);

	if (!ok) {
		count(COUNT_MEMORY_REFUSED);
		return false;
	}
	a->slack -= n;
	add_used(a, c, (int64_t)n);
	return true;
}

void budget_give(enum budget_class c, size_t n)
{
	struct account *a = mine != NULL ? mine : account_open();
	const uint64_t piece = load(&shared.piece);

	a->slack += n;
	add_used(a, c, -(int64_t)n);
	if (a->slack <= 2 * piece)
		return;
	atomic_fetch_sub_explicit(&shared.taken, a->slack - piece, memory_order_relaxed);
	a->slack = piece;
}

/* --- figures ---------------------------------------------------------------------------------- */

void budget_init(uint64_t limit_bytes)
{
	pthread_once(&once, set_up);
	set_limit(limit_bytes);
}

bool budget_is_short(enum budget_class c)
{
	const uint64_t ceiling = load(&shared.ceiling[c]);

	/* Short is when no more slack could be had: one piece below the ceiling. */
	return ceiling != UINT64_MAX && load(&shared.taken) + load(&shared.piece) > ceiling;
}

uint64_t budget_used(enum budget_class c)
{
	int64_t sum = 0;

	pthread_mutex_lock(&registry_lock);
	for (const struct account *a = registry; a != NULL; a = a->next)
		sum += atomic_load_explicit(&a->used[c], memory_order_relaxed);
	pthread_mutex_unlock(&registry_lock);
	return sum > 0 ? (uint64_t)sum : 0; /* two threads' figures may be read out of step */
}

uint64_t budget_taken(void)
{
	return load(&shared.taken);
}

uint64_t budget_limit(void)
{
	return load(&shared.limit);
}

const char *budget_name(enum budget_class c)
{
	return rows[c].name;
}

const char *budget_description(enum budget_class c)
{
	return rows[c].text;
}
