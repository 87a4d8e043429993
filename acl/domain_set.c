/*
 * Names lie one after the other in a pool (a length byte, then the name in lower case without its
 * leading dot), and a table of 8-byte slots finds them by a hash that is computed from the end of a
 * name, so that one pass over a host's name yields the hash of each of its suffixes. The table is
 * built once, when the number of names is known: about 11 bytes a name beside its text.
 */
#include "acl/domain_set.h"

#include "base/ip.h"

#define NAME_MAX_BYTES 254u
#define POOL_MAX       ((size_t)UINT32_MAX)

/* In the length byte's place a name has its length; the leading dot is kept in a bit of its slot.
 */
struct slot {
	uint32_t tag;    /* hash, but for the flags in the lowest bits */
	uint32_t offset; /* in the pool, plus 1; 0: free */
};
#define IS_BELOW   1u /* all names below it are meant too */
#define IS_COVERED 2u /* by another of the set: superfluous */
#define FLAGS      (IS_BELOW | IS_COVERED)

struct acl_domains {
	uint8_t *pool;
	size_t pool_n, pool_cap;
	size_t n, n_merged;
	struct slot *slots;
	uint32_t n_slots;
	/* Of how many labels there are entries: bit 0 for one label, the last for all that have
	 * more. Most suffixes of a host's name need not be looked for. */
	uint32_t depths, depths_below;
};

struct acl_domains *acl_domains_new(void)
{
	return check_calloc(1, sizeof(struct acl_domains));
}

void acl_domains_free(struct acl_domains **sp)
{
	if (*sp != NULL) {
		free((*sp)->pool);
		free((*sp)->slots);
	}
	free(*sp);
	*sp = NULL;
}

size_t acl_domains_count(const struct acl_domains *s)
{
	return s->n;
}

size_t acl_domains_merged(const struct acl_domains *s)
{
	return s->n_merged;
}

size_t acl_domains_bytes(const struct acl_domains *s)
{
	return sizeof(*s) + s->pool_cap + s->n_slots * sizeof(struct slot);
}

/* --- hashing -------------------------------------------------------------------------------- */

#define HASH_START 0x2545f4914f6cdd1dULL

static inline uint64_t hash_step(uint64_t h, char c)
{
	return (h ^ (uint8_t)ascii_lower(c)) * 0x9e3779b97f4a7c15ULL;
}

static inline uint64_t hash_end(uint64_t h)
{
	h ^= h >> 29;
	h *= 0xff51afd7ed558ccdULL;
	return h ^ h >> 32;
}

static inline uint32_t slot_of(const struct acl_domains *s, uint64_t h)
{
	return (uint32_t)((h >> 32) * s->n_slots >> 32);
}

static inline uint32_t tag_of(uint64_t h)
{
	return (uint32_t)h & ~FLAGS;
}

/* --- adding --------------------------------------------------------------------------------- */

/* The bytes of names, in lower case; 0 for all others. A colon is looked at by itself. */
static const char fold[256] = {
	['-'] = '-', ['.'] = '.', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['A'] = 'a', ['B'] = 'b',
	['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',
	['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p',
	['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w',
	['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z', ['_'] = '_', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c',
	['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
	['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
	['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
	['y'] = 'y', ['z'] = 'z',
};

/* Why a name that does not fold cannot be one. NULL: it is an IPv6 address. */
static const char *name_fault(struct span name)
{
	struct ip ip;

	if (memchr(name.p, '/', name.n) != NULL)
		return "can match no host: write the host's name only, or use url_regex";
	if (memchr(name.p, '*', name.n) != NULL)
		return "can match no host: to match all names below example.com, write "
		       ".example.com";
	if (ip_parse(name, &ip))
		return NULL;
	for (size_t i = 0; i < name.n; i++) {
		const unsigned char c = (unsigned char)name.p[i];

		if (c >= 0x80)
			return "can match no host: write international names in their xn-- form";
		if (c != ':' && fold[c] == 0)
			return "can match no host: a byte in it does not occur in names";
	}
	if (memchr(name.p, ':', name.n) == NULL)
		return "can match no host: between two dots, or at an end, nothing stands";
	return "can match no host: write the host's name without a port";
}

/* Copy a name in lower case. False: it holds a byte that does not fold, or an empty label. */
static bool fold_name(uint8_t *to, struct span name)
{
	char before = '.';
	bool ok = true;

	for (size_t i = 0; i < name.n; i++) {
		const char c = fold[(uint8_t)name.p[i]];

		to[i] = (uint8_t)c;
		ok &= c != 0 && !(c == '.' && before == '.');
		before = c;
	}
	return ok && before != '.';
}

static void pool_reserve(struct acl_domains *s, size_t n)
{
	if (s->pool_n + n <= s->pool_cap)
		return;
	s->pool_cap = MAX(s->pool_cap + s->pool_cap / 2, s->pool_n + n + 64);
	s->pool = check_realloc(s->pool, s->pool_cap);
}

/* Until the table is built, the leading dot is kept as a byte. */
static const char *pool_add(struct acl_domains *s, struct span name, bool is_below)
{
	pool_reserve(s, name.n + 2);
	uint8_t *at = s->pool + s->pool_n;

	*at++ = (uint8_t)(name.n + is_below);
	if (is_below)
		*at++ = '.';
	if (!fold_name(at, name)) {
		const char *why = name_fault(name);

		if (why != NULL)
			return why;
		for (size_t i = 0; i < name.n; i++)
			at[i] = (uint8_t)ascii_lower(name.p[i]);
	}
	s->pool_n = (size_t)(at - s->pool) + name.n;
	s->n++;
	return NULL;
}

bool acl_domains_add(struct acl_domains *s, struct span name, const char **why)
{
	const bool is_below = name.n != 0 && name.p[0] == '.';

	if (is_below)
		name = span_skip(name, 1);
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	/* An IPv6 address as it stands in a URL. */
	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = span_of(name.p + 1, name.n - 2);
	if (name.n == 0)
		*why = "is empty";
	else if (name.n > NAME_MAX_BYTES)
		*why = "is longer than a host's name can be";
	else if (s->pool_n + name.n + 2 > POOL_MAX)
		*why = "does not fit: the list is longer than 4 GB";
	else
		*why = pool_add(s, name, is_below);
	return *why == NULL;
}

/* --- the table ------------------------------------------------------------------------------ */

/* The name that a slot points to, without its dot. */
static inline struct span slot_name(const struct acl_domains *s, const struct slot *slot)
{
	const uint8_t *at = s->pool + slot->offset - 1;
	const size_t dot = at[1] == '.';

	return span_of((const char *)at + 1 + dot, at[0] - dot);
}

static inline struct slot *slot_find(const struct acl_domains *s, uint64_t h, struct span suffix)
{
	uint32_t at = slot_of(s, h);

	for (; s->slots[at].offset != 0; at = at + 1 == s->n_slots ? 0 : at + 1) {
		if ((s->slots[at].tag & ~FLAGS) == tag_of(h) &&
		    span_eq_nocase(slot_name(s, &s->slots[at]), suffix))
			break;
	}
	return &s->slots[at];
}

/* The bit of names with so many dots in them. */
static inline uint32_t depth_bit(size_t dots)
{
	return 1u << MIN(dots, (size_t)31);
}

/* Whether an entry can match a suffix with so many dots in it. */
static inline bool is_worth_it(const struct acl_domains *s, size_t dots, bool is_whole)
{
	return ((is_whole ? s->depths : s->depths_below) & depth_bit(dots)) != 0;
}

/*
 * The entry that covers host: itself (may_be_itself), or one above it that takes all below. NULL if
 * none. For names of any number of labels.
 */
static const struct slot *find(const struct acl_domains *s, struct span host, bool may_be_itself)
{
	uint64_t h = HASH_START;
	size_t dots = 0;

	if (s->n_slots == 0)
		return NULL;
	for (size_t i = host.n; i-- > 0;) {
		if (host.p[i] == '.' && is_worth_it(s, dots++, false)) {
			const struct slot *slot = slot_find(s, hash_end(h), span_skip(host, i + 1));

			if (slot->offset != 0 && (slot->tag & IS_BELOW) != 0)
				return slot;
		}
		h = hash_step(h, host.p[i]);
	}
	const struct slot *slot = slot_find(s, hash_end(h), host);

	return may_be_itself && slot->offset != 0 ? slot : NULL;
}

static struct span without_final_dot(struct span host)
{
	return host.n > 1 && host.p[host.n - 1] == '.' ? span_of(host.p, host.n - 1) : host;
}

void acl_domain_key_init(struct acl_domain_key *k, struct span host)
{
	uint64_t h = HASH_START;

	k->host = host = without_final_dot(host);
	k->n = 0;
	for (size_t i = host.n; i-- > 0;) {
		if (host.p[i] == '.') {
			if (k->n + 1 == ARRAY_LEN(k->suffixes)) {
				k->n = 0;
				return;
			}
			k->suffixes[k->n].at = i + 1;
			k->suffixes[k->n++].hash = hash_end(h);
		}
		h = hash_step(h, host.p[i]);
	}
	k->suffixes[k->n].at = 0;
	k->suffixes[k->n++].hash = hash_end(h);
}

/* Ask for the memory that looking for the key takes, all of it at once. */
static inline void key_prefetch(const struct acl_domains *s, const struct acl_domain_key *k)
{
	for (unsigned i = 0; i < k->n; i++)
		if (is_worth_it(s, i, i + 1 == k->n))
			__builtin_prefetch(&s->slots[slot_of(s, k->suffixes[i].hash)]);
}

/* As find(), by a key. */
static const struct slot *find_key(const struct acl_domains *s, const struct acl_domain_key *k,
                                   bool may_be_itself)
{
	const unsigned n = may_be_itself ? k->n : k->n - 1;

	if (k->n == 0)
		return find(s, k->host, may_be_itself);
	for (unsigned i = 0; i < n; i++) {
		const bool is_whole = i + 1 == k->n;
		const size_t from = k->suffixes[i].at;

		if (!is_worth_it(s, i, is_whole))
			continue;
		const struct slot *slot = slot_find(s, k->suffixes[i].hash,
		                                    span_of(k->host.p + from, k->host.n - from));

		if (slot->offset != 0 && (is_whole || (slot->tag & IS_BELOW) != 0))
			return slot;
	}
	return NULL;
}

/* --- building it ---------------------------------------------------------------------------- */

/*
 * A list of a million names has a table that no cache holds. So names are taken some at a time: the
 * memory that all of them need is asked for before the first is looked at.
 */
struct batch {
	unsigned n;
	struct {
		uint32_t offset, dots;
		uint64_t hash;
	} names[32];
};
struct key_batch {
	unsigned n;
	struct acl_domain_key keys[16];
	uint32_t offsets[16];
};

static uint64_t hash_name(struct span name, uint32_t *dots)
{
	uint64_t h = HASH_START;

	*dots = 0;
	for (size_t i = name.n; i-- > 0;) {
		*dots += name.p[i] == '.';
		h = hash_step(h, name.p[i]);
	}
	return hash_end(h);
}

static void insert(struct acl_domains *s, uint32_t offset, uint32_t dots, uint64_t h)
{
	const struct slot it = { 0, offset + 1 };
	struct slot *slot = slot_find(s, h, slot_name(s, &it));
	const uint32_t below = s->pool[offset + 1] == '.' ? IS_BELOW : 0;

	s->depths |= depth_bit(dots);
	if (below != 0)
		s->depths_below |= depth_bit(dots);
	if (slot->offset != 0) {
		s->n_merged++;
		slot->tag |= below;
		return;
	}
	*slot = (struct slot){ tag_of(h) | below, it.offset };
}

static void insert_all(struct acl_domains *s)
{
	struct batch b;

	for (size_t at = 0; at < s->pool_n;) {
		for (b.n = 0; b.n < ARRAY_LEN(b.names) && at < s->pool_n; at += 1u + s->pool[at]) {
			const struct slot it = { 0, (uint32_t)at + 1 };
			const unsigned i = b.n++;

			b.names[i].offset = (uint32_t)at;
			b.names[i].hash = hash_name(slot_name(s, &it), &b.names[i].dots);
			__builtin_prefetch(&s->slots[slot_of(s, b.names[i].hash)]);
		}
		for (unsigned i = 0; i < b.n; i++)
			insert(s, b.names[i].offset, b.names[i].dots, b.names[i].hash);
	}
}

/* The next names of the pool from *at on. */
static void batch_keys(const struct acl_domains *s, size_t *at, struct key_batch *b)
{
	for (b->n = 0; b->n < ARRAY_LEN(b->keys) && *at < s->pool_n; *at += 1u + s->pool[*at]) {
		const struct slot it = { 0, (uint32_t)*at + 1 };

		b->offsets[b->n] = it.offset;
		acl_domain_key_init(&b->keys[b->n++], slot_name(s, &it));
	}
}

/* The slot of a name of the set itself; NULL if the name was there before. */
static struct slot *own_slot(const struct acl_domains *s, const struct acl_domain_key *k,
                             uint32_t offset)
{
	uint32_t dots;
	const uint64_t h = k->n != 0 ? k->suffixes[k->n - 1].hash : hash_name(k->host, &dots);
	struct slot *slot = slot_find(s, h, k->host);

	return slot->offset == offset ? slot : NULL;
}

/* Those that lie below another stay where they are; they are only marked and counted. */
static void mark_covered(struct acl_domains *s)
{
	struct key_batch b;

	if (s->depths_below == 0)
		return;
	for (size_t at = 0; at < s->pool_n;) {
		batch_keys(s, &at, &b);
		for (unsigned i = 0; i < b.n; i++)
			key_prefetch(s, &b.keys[i]);
		for (unsigned i = 0; i < b.n; i++) {
			struct slot *own;

			if (find_key(s, &b.keys[i], false) == NULL)
				continue;
			own = own_slot(s, &b.keys[i], b.offsets[i]);
			if (own == NULL)
				continue; /* counted when it was not inserted */
			own->tag |= IS_COVERED;
			s->n_merged++;
		}
	}
}

void acl_domains_finish(struct acl_domains *s)
{
	CHECK(s->slots == NULL);
	if (s->n == 0)
		return;
	s->n_slots = (uint32_t)MIN(s->n + s->n / 3 + 2, (size_t)UINT32_MAX);
	s->slots = check_calloc(s->n_slots, sizeof(struct slot));
	s->pool = check_realloc(s->pool, s->pool_n);
	s->pool_cap = s->pool_n;
	insert_all(s);
	mark_covered(s);
}

/* --- lookups -------------------------------------------------------------------------------- */

bool acl_domains_has_key(const struct acl_domains *s, const struct acl_domain_key *k)
{
	if (s->n_slots == 0)
		return false;
	key_prefetch(s, k);
	return find_key(s, k, true) != NULL;
}

bool acl_domains_find(const struct acl_domains *s, struct span host, struct span *name,
                      bool *is_below)
{
	const struct slot *slot = find(s, without_final_dot(host), true);

	if (slot == NULL)
		return false;
	*name = slot_name(s, slot);
	*is_below = (slot->tag & IS_BELOW) != 0;
	return true;
}

bool acl_domains_has(const struct acl_domains *s, struct span host)
{
	return find(s, without_final_dot(host), true) != NULL;
}
