/*
 * Names lie one after the other in a pool (a length byte, then the name in lower case without its
 * leading dot), and a table of 8-byte slots finds them by a keyed hash. The table is built once,
 * when the number of names is known: about 11 bytes a name beside its text.
 */
#include "acl/domain_set.h"

#include <endian.h>

#include "base/hash.h"
#include "base/ip.h"

#define IN_CACHE 512u /* words of a filter that need not be asked for ahead */
#define POOL_MAX ((size_t)UINT32_MAX)

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
	uint64_t *filter; /* a byte a name: most suffixes that have no slot are known by it */
	uint32_t n_slots, n_filter;
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
		free((*sp)->filter);
	}
	free(*sp);
	*sp = NULL;
}

size_t acl_domains_count(const struct acl_domains *s)
{
	return s->n;
}

size_t acl_domains_bytes(const struct acl_domains *s)
{
	return sizeof(*s) + s->pool_cap + s->n_slots * sizeof(struct slot) +
	       s->n_filter * sizeof(uint64_t);
}

/* --- hashing ---------------------------------------------------------------------------------- */

static inline uint32_t slot_of(const struct acl_domains *s, uint64_t h)
{
	return (uint32_t)((h >> 32) * s->n_slots >> 32);
}

static inline uint64_t *filter_of(const struct acl_domains *s, uint64_t h)
{
	return &s->filter[(h & UINT32_MAX) * s->n_filter >> 32];
}

/* The bits of the filter's word that a name sets. */
static inline uint64_t filter_bits(uint64_t h)
{
	return 1ULL << (h >> 32 & 63) | 1ULL << (h >> 38 & 63) | 1ULL << (h >> 44 & 63);
}

static inline bool filter_has(const struct acl_domains *s, uint64_t h)
{
	return (~*filter_of(s, h) & filter_bits(h)) == 0;
}

static inline uint32_t tag_of(uint64_t h)
{
	return (uint32_t)h & ~FLAGS;
}

/* --- adding ----------------------------------------------------------------------------------- */

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
	else if (name.n > (size_t)ACL_DOMAIN_MAX)
		*why = "is longer than a host's name can be";
	else if (s->pool_n + name.n + 2 > POOL_MAX)
		*why = "does not fit: the list is longer than 4 GB";
	else
		*why = pool_add(s, name, is_below);
	return *why == NULL;
}

/* --- the table -------------------------------------------------------------------------------- */

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
		    span_eq(slot_name(s, &s->slots[at]), suffix))
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

/* --- keys ------------------------------------------------------------------------------------- */

#define EACH_BYTE(b) (0x0101010101010101ULL * (b))

/* Fold the letters in eight bytes; the high bit of each byte of *dots tells where a dot is. */
static inline uint64_t fold_word(uint64_t w, uint64_t *dots)
{
	const uint64_t low = w & EACH_BYTE(0x7f);
	const uint64_t from_a = low + EACH_BYTE(0x80 - 'A'), above_z = low + EACH_BYTE(0x7f - 'Z');
	const uint64_t no_dot = low ^ EACH_BYTE('.');

	*dots = ~((no_dot + EACH_BYTE(0x7f)) | w) & EACH_BYTE(0x80);
	return w | ((from_a ^ above_z) & ~w & EACH_BYTE(0x80)) >> 2;
}

/* Copy host in lower case to the key's text and note where its dots are. Returns their number. */
static unsigned fold_host(struct acl_domain_key *k, struct span host,
                          uint8_t at[ACL_DOMAIN_MAX + 1])
{
	unsigned n = 0;

	for (size_t i = 0; i < host.n; i += 8) {
		uint64_t w = 0, dots;

		memcpy(&w, host.p + i, MIN(host.n - i, (size_t)8));
		w = htole64(fold_word(le64toh(w), &dots));
		memcpy(k->text + i, &w, sizeof(w));
		for (; dots != 0; dots &= dots - 1)
			at[n++] = (uint8_t)(i + (unsigned)__builtin_ctzll(dots) / 8);
	}
	return n;
}

static inline void key_add(struct acl_domain_key *k, size_t at)
{
	k->suffixes[k->n].hash = hash_bytes(span_of(k->text + at, k->length - at));
	k->suffixes[k->n++].at = (uint16_t)at;
}

void acl_domain_key_init(struct acl_domain_key *k, struct span host)
{
	uint8_t dots[ACL_DOMAIN_MAX + 1];

	k->host = host;
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	/* What is longer than any entry can still lie below one, and a dot tells so. */
	const bool is_cut = host.n > ACL_DOMAIN_MAX;

	if (is_cut)
		host = span_skip(host, host.n - ACL_DOMAIN_MAX - 1);
	k->length = host.n;
	k->n = 0;
	k->is_cut = is_cut;
	for (unsigned i = fold_host(k, host, dots); i-- > 0;)
		key_add(k, dots[i] + 1u);
	if (!is_cut)
		key_add(k, 0);
}

static inline struct span key_suffix(const struct acl_domain_key *k, unsigned i)
{
	return span_of(k->text + k->suffixes[i].at, k->length - k->suffixes[i].at);
}

static inline bool is_whole(const struct acl_domain_key *k, unsigned i)
{
	return i + 1 == k->n && !k->is_cut;
}

/* Ask for the memory that looking for the key takes, all of it at once. */
static inline void key_prefetch(const struct acl_domains *s, const struct acl_domain_key *k)
{
	for (unsigned i = 0; i < k->n; i++)
		if (is_worth_it(s, i, is_whole(k, i)))
			__builtin_prefetch(filter_of(s, k->suffixes[i].hash));
}

/* The entry that covers the key: itself, or one above it that takes all below. NULL if none. */
static const struct slot *find(const struct acl_domains *s, const struct acl_domain_key *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		const bool whole = is_whole(k, i);

		if (!is_worth_it(s, i, whole) || !filter_has(s, k->suffixes[i].hash))
			continue;
		const struct slot *slot = slot_find(s, k->suffixes[i].hash, key_suffix(k, i));

		if (slot->offset != 0 && (whole || (slot->tag & IS_BELOW) != 0))
			return slot;
	}
	return NULL;
}

/* --- building it ------------------------------------------------------------------------------ */

/*
 * A list of a million names has a table that no cache holds. So names are taken some at a time: the
 * memory that all of them need is asked for before the first is looked at.
 */
struct batch {
	unsigned n;
	struct {
		uint32_t offset;
		uint64_t hash;
	} names[32];
};
struct key_batch {
	unsigned n;
	struct acl_domain_key keys[16];
	uint32_t offsets[16];
};

static size_t count_dots(struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

static void insert(struct acl_domains *s, uint32_t offset, uint64_t h)
{
	const struct slot it = { 0, offset + 1 };
	const struct span name = slot_name(s, &it);
	struct slot *slot = slot_find(s, h, name);
	const uint32_t below = s->pool[offset + 1] == '.' ? IS_BELOW : 0;
	const size_t dots = count_dots(name);

	*filter_of(s, h) |= filter_bits(h);
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
			b.names[i].hash = hash_bytes(slot_name(s, &it));
			__builtin_prefetch(&s->slots[slot_of(s, b.names[i].hash)]);
			__builtin_prefetch(filter_of(s, b.names[i].hash));
		}
		for (unsigned i = 0; i < b.n; i++)
			insert(s, b.names[i].offset, b.names[i].hash);
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

/* Those that lie below another stay where they are; they are only marked and counted. */
static void mark_covered(struct acl_domains *s, struct acl_domain_key *k, uint32_t offset)
{
	k->n--; /* what lies above it */
	k->is_cut = true;
	if (find(s, k) == NULL)
		return;
	struct slot *own = slot_find(s, k->suffixes[k->n].hash, key_suffix(k, k->n));

	/* Those that were there before were counted when they were not inserted. */
	if (own->offset != offset)
		return;
	own->tag |= IS_COVERED;
	s->n_merged++;
}

static void mark_all_covered(struct acl_domains *s)
{
	struct key_batch b;

	if (s->depths_below == 0)
		return;
	for (size_t at = 0; at < s->pool_n;) {
		batch_keys(s, &at, &b);
		for (unsigned i = 0; i < b.n; i++)
			key_prefetch(s, &b.keys[i]);
		for (unsigned i = 0; i < b.n; i++)
			mark_covered(s, &b.keys[i], b.offsets[i]);
	}
}

void acl_domains_finish(struct acl_domains *s)
{
	CHECK(s->slots == NULL);
	if (s->n == 0)
		return;
	s->n_slots = (uint32_t)MIN(s->n + s->n / 3 + 2, (size_t)UINT32_MAX);
	s->slots = check_calloc(s->n_slots, sizeof(struct slot));
	s->n_filter = (uint32_t)(s->n / 8 + 1);
	s->filter = check_calloc(s->n_filter, sizeof(uint64_t));
	s->pool = check_realloc(s->pool, s->pool_n);
	s->pool_cap = s->pool_n;
	insert_all(s);
	mark_all_covered(s);
}

/* Whether one of the other sets makes a name of the i-th superfluous. */
static bool is_covered(const struct acl_domains *const *sets, size_t n, size_t i,
                       const struct acl_domain_key *k)
{
	for (size_t other = 0; other < n; other++) {
		if (other == i || sets[other]->n_slots == 0)
			continue;
		const struct slot *slot = find(sets[other], k);

		if (slot == NULL)
			continue;
		/* Of equal ones, the first stays. */
		if (other < i || slot_name(sets[other], slot).n != k->length)
			return true;
	}
	return false;
}

/* How many names of the i-th set only others make superfluous. */
static size_t count_covered(const struct acl_domains *const *sets, size_t n, size_t i)
{
	const struct acl_domains *s = sets[i];
	struct key_batch b;
	size_t covered = 0;

	for (size_t at = 0; at < s->pool_n;) {
		batch_keys(s, &at, &b);
		for (unsigned k = 0; k < b.n; k++) {
			struct acl_domain_key *key = &b.keys[k];

			if (!is_covered(sets, n, i, key))
				continue;
			const struct slot *own = slot_find(s, key->suffixes[key->n - 1].hash,
			                                   key_suffix(key, key->n - 1));

			covered += own->offset == b.offsets[k] && (own->tag & IS_COVERED) == 0;
		}
	}
	return covered;
}

size_t acl_domains_merged(const struct acl_domains *const *sets, size_t n)
{
	size_t merged = 0, n_filled = 0;

	for (size_t i = 0; i < n; i++) {
		merged += sets[i]->n_merged;
		n_filled += sets[i]->n != 0;
	}
	for (size_t i = 0; i < n && n_filled > 1; i++)
		merged += count_covered(sets, n, i);
	return merged;
}

/* --- lookups ---------------------------------------------------------------------------------- */

bool acl_domains_has_key(const struct acl_domains *s, const struct acl_domain_key *k)
{
	if (s->n_slots == 0)
		return false;
	if (s->n_filter > IN_CACHE)
		key_prefetch(s, k);
	return find(s, k) != NULL;
}

bool acl_domains_find(const struct acl_domains *s, const struct acl_domain_key *k,
                      struct span *name, bool *is_below)
{
	const struct slot *slot = s->n_slots != 0 ? find(s, k) : NULL;

	if (slot == NULL)
		return false;
	*name = slot_name(s, slot);
	*is_below = (slot->tag & IS_BELOW) != 0;
	return true;
}

bool acl_domains_has(const struct acl_domains *s, struct span host)
{
	struct acl_domain_key k;

	acl_domain_key_init(&k, host);
	return acl_domains_has_key(s, &k);
}
