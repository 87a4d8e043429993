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
	uint32_t tag;    /* hash, with IS_BELOW in the lowest bit */
	uint32_t offset; /* in the pool, plus 1; 0: free */
};
#define IS_BELOW 1u

struct acl_domains {
	uint8_t *pool;
	size_t pool_n, pool_cap;
	size_t n, n_merged;
	struct slot *slots;
	uint32_t n_slots;
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
	return (uint32_t)h & ~IS_BELOW;
}

/* --- adding --------------------------------------------------------------------------------- */

static const char *name_fault(struct span name)
{
	struct ip ip;

	if (name.n == 0)
		return "is empty";
	if (name.n > NAME_MAX_BYTES)
		return "is longer than a host's name can be";
	if (memchr(name.p, '/', name.n) != NULL)
		return "can match no host: write the host's name only, or use url_regex";
	if (memchr(name.p, '*', name.n) != NULL)
		return "can match no host: to match all names below example.com, write "
		       ".example.com";
	if (memchr(name.p, ':', name.n) != NULL && !ip_parse(name, &ip))
		return "can match no host: write the host's name without a port";
	for (size_t i = 0; i < name.n; i++) {
		const unsigned char c = (unsigned char)name.p[i];

		if (c >= 0x80)
			return "can match no host: write international names in their xn-- form";
		if (c <= ' ' || c == 0x7f || strchr("\"'()<>@,;\\[]?{}|^`#%&=!$+~", c) != NULL)
			return "can match no host: a byte in it does not occur in names";
	}
	return NULL;
}

static void pool_add(struct acl_domains *s, struct span name, bool is_below)
{
	if (s->pool_n + name.n + 2 > s->pool_cap) {
		s->pool_cap = s->pool_cap != 0 ? s->pool_cap * 2 : 64 + name.n;
		s->pool_cap = MAX(s->pool_cap, s->pool_n + name.n + 2);
		s->pool = check_realloc(s->pool, s->pool_cap);
	}
	uint8_t *at = s->pool + s->pool_n;

	/* Until the table is built, the leading dot is kept as a byte. */
	*at++ = (uint8_t)(name.n + is_below);
	if (is_below)
		*at++ = '.';
	for (size_t i = 0; i < name.n; i++)
		*at++ = (uint8_t)ascii_lower(name.p[i]);
	s->pool_n = (size_t)(at - s->pool);
	s->n++;
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
	*why = name_fault(name);
	if (*why == NULL && s->pool_n + name.n + 2 > POOL_MAX)
		*why = "does not fit: the list is longer than 4 GB";
	if (*why != NULL)
		return false;
	pool_add(s, name, is_below);
	return true;
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
		if ((s->slots[at].tag & ~IS_BELOW) == tag_of(h) &&
		    span_eq_nocase(slot_name(s, &s->slots[at]), suffix))
			break;
	}
	return &s->slots[at];
}

static uint64_t hash_name(struct span name)
{
	uint64_t h = HASH_START;

	for (size_t i = name.n; i-- > 0;)
		h = hash_step(h, name.p[i]);
	return hash_end(h);
}

/* The entry that covers host: itself, or one above it that takes all below. NULL if none. */
static const struct slot *find(const struct acl_domains *s, struct span host, bool may_be_itself)
{
	uint64_t h = HASH_START;

	if (s->n_slots == 0)
		return NULL;
	for (size_t i = host.n; i-- > 0;) {
		if (host.p[i] == '.') {
			const struct slot *slot = slot_find(s, hash_end(h), span_skip(host, i + 1));

			if (slot->offset != 0 && (slot->tag & IS_BELOW) != 0)
				return slot;
		}
		h = hash_step(h, host.p[i]);
	}
	const struct slot *slot = slot_find(s, hash_end(h), host);

	return may_be_itself && slot->offset != 0 ? slot : NULL;
}

static void index_one(struct acl_domains *s, size_t offset)
{
	const struct slot it = { 0, (uint32_t)offset + 1 };
	const struct span name = slot_name(s, &it);
	const uint64_t h = hash_name(name);
	struct slot *slot = slot_find(s, h, name);
	const uint32_t below = s->pool[offset + 1] == '.' ? IS_BELOW : 0;

	if (slot->offset != 0) {
		s->n_merged++;
		slot->tag |= below;
		return;
	}
	*slot = (struct slot){ tag_of(h) | below, it.offset };
}

void acl_domains_finish(struct acl_domains *s)
{
	CHECK(s->slots == NULL);
	if (s->n == 0)
		return;
	s->n_slots = (uint32_t)MIN(s->n + s->n / 3 + 2, (size_t)UINT32_MAX);
	s->slots = check_calloc(s->n_slots, sizeof(struct slot));
	for (size_t at = 0; at < s->pool_n; at += 1u + s->pool[at])
		index_one(s, at);
	/* Those that lie below another stay where they are; they only are counted. */
	for (uint32_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].offset != 0 && find(s, slot_name(s, &s->slots[i]), false) != NULL)
			s->n_merged++;
	s->pool = check_realloc(s->pool, s->pool_n);
	s->pool_cap = s->pool_n;
}

/* --- lookups -------------------------------------------------------------------------------- */

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

bool acl_domains_has_key(const struct acl_domains *s, const struct acl_domain_key *k)
{
	if (k->n == 0)
		return find(s, k->host, true) != NULL;
	if (s->n_slots == 0)
		return false;
	for (unsigned i = 0; i < k->n; i++) {
		const size_t from = k->suffixes[i].at;
		const struct slot *slot = slot_find(s, k->suffixes[i].hash,
		                                    span_of(k->host.p + from, k->host.n - from));

		if (slot->offset != 0 && (i + 1 == k->n || (slot->tag & IS_BELOW) != 0))
			return true;
	}
	return false;
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
