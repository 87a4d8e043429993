/*
 * Records to bytes and back. See record.h; the layout is in doc/cache-format.md.
 */
#include "cache/record.h"

#include <xxhash.h>

#pragma GCC diagnostic error "-Wconversion"

#define RECORD_MAGIC 0x52747543u /* "CutR" */

struct header {
	uint32_t magic;
	uint16_t type, zero;
	uint64_t seq, key_hi, key_lo;
	uint32_t texts_bytes, body_bytes;
	uint64_t texts_checksum, body_checksum;
	uint64_t checksum; /* of all before, seeded */
};
_Static_assert(sizeof(struct header) == RECORD_HEADER_BYTES, "the format's header");

/* In front of the texts. */
struct meta {
	int64_t request_s, response_s;
	uint64_t body_bytes, salt;
	uint32_t ttl_s;
	uint16_t status, flags;
	uint32_t n_places;
	uint32_t url_bytes, variant_bytes, vary_bytes, head_bytes;
	uint32_t zero;
};
_Static_assert(sizeof(struct meta) == RECORD_META_BYTES, "the format's meta");
_Static_assert(sizeof(struct disk_place) == 24, "the format's place");

uint64_t record_checksum(struct span bytes)
{
	return XXH3_64bits(bytes.p, bytes.n);
}

/* --- writing ---------------------------------------------------------------------------------- */

uint32_t record_texts_bytes(const struct cobj_parts *p, uint32_t n_places)
{
	const size_t most = RECORD_BYTES_MAX;

	if (p->url.n > most || p->variant.n > most || p->vary.n > most || p->head_text.n > most ||
	    n_places > most / sizeof(struct disk_place))
		return 0;
	const size_t n = sizeof(struct meta) + n_places * sizeof(struct disk_place) + p->url.n +
	                 p->variant.n + p->vary.n + p->head_text.n;
	const size_t padded = (n + INDEX_UNIT - 1) / INDEX_UNIT * INDEX_UNIT;

	return RECORD_HEADER_BYTES + padded > most ? 0 : (uint32_t)padded;
}

static char *put_bytes(char *at, const void *p, size_t n)
{
	if (n > 0)
		memcpy(at, p, n);
	return at + n;
}

static void put_texts(char *at, uint32_t texts_bytes, const struct cobj_parts *p,
                      const struct disk_place *places, uint32_t n_places)
{
	const struct meta m = {
		.request_s = p->meta.request_s,
		.response_s = p->meta.response_s,
		.body_bytes = p->meta.body_bytes,
		.salt = p->meta.salt,
		.ttl_s = p->meta.ttl_s,
		.status = p->meta.status,
		.flags = p->meta.flags,
		.n_places = n_places,
		.url_bytes = (uint32_t)p->url.n,
		.variant_bytes = (uint32_t)p->variant.n,
		.vary_bytes = (uint32_t)p->vary.n,
		.head_bytes = (uint32_t)p->head_text.n,
	};
	char *const end = at + texts_bytes;

	at = put_bytes(at, &m, sizeof(m));
	for (uint32_t i = 0; i < n_places; i++) {
		struct disk_place place = places[i];

		place.segment &= (1u << DISK_SEGMENT_BITS) - 1;
		at = put_bytes(at, &place, sizeof(place));
	}
	at = put_bytes(at, p->url.p, p->url.n);
	at = put_bytes(at, p->variant.p, p->variant.n);
	at = put_bytes(at, p->vary.p, p->vary.n);
	at = put_bytes(at, p->head_text.p, p->head_text.n);
	CHECK(at <= end);
	memset(at, 0, (size_t)(end - at));
}

void record_put(char *at, uint32_t texts_bytes, struct cache_key key,
                const struct cobj_parts *parts, struct span body, const struct disk_place *places,
                uint32_t n_places, struct record *r)
{
	char *const texts = at + RECORD_HEADER_BYTES;

	*r = (struct record){
		.type = parts != NULL ? RECORD_HEAD : RECORD_FRAGMENT,
		.key = key,
		.texts_bytes = texts_bytes,
		.body_bytes = (uint32_t)body.n,
	};
	if (parts != NULL)
		put_texts(texts, texts_bytes, parts, places, n_places);
	char *const end = put_bytes(texts + texts_bytes, body.p, body.n);

	memset(end, 0, (size_t)(at + record_bytes(r) - end));
	r->texts_checksum = record_checksum(span_of(texts, texts_bytes));
	r->body_checksum = record_checksum(span_of(texts + texts_bytes, body.n));
}

void record_put_header(char *at, const struct record *r, uint64_t seed)
{
	struct header h = {
		.magic = RECORD_MAGIC,
		.type = (uint16_t)r->type,
		.seq = r->seq,
		.key_hi = r->key.hi,
		.key_lo = r->key.lo,
		.texts_bytes = r->texts_bytes,
		.body_bytes = r->body_bytes,
		.texts_checksum = r->texts_checksum,
		.body_checksum = r->body_checksum,
	};

	h.checksum = XXH3_64bits_withSeed(&h, offsetof(struct header, checksum), seed);
	memcpy(at, &h, sizeof(h));
}

/* --- reading ---------------------------------------------------------------------------------- */

bool record_get_header(const char *at, size_t n, uint64_t seed, struct record *r)
{
	struct header h;

	if (n < sizeof(h))
		return false;
	memcpy(&h, at, sizeof(h));
	if (h.magic != RECORD_MAGIC || h.type < RECORD_HEAD || h.type > RECORD_VOID || h.zero != 0)
		return false;
	if (h.checksum != XXH3_64bits_withSeed(&h, offsetof(struct header, checksum), seed))
		return false;
	*r = (struct record){
		.type = (enum record_type)h.type,
		.seq = h.seq,
		.key = { h.key_hi, h.key_lo },
		.texts_bytes = h.texts_bytes,
		.body_bytes = h.body_bytes,
		.texts_checksum = h.texts_checksum,
		.body_checksum = h.body_checksum,
	};
	return r->texts_bytes % INDEX_UNIT == 0 && record_bytes(r) <= RECORD_BYTES_MAX;
}

static struct span take(const char **at, uint32_t n)
{
	const struct span s = span_of(*at, n);

	*at += n;
	return s;
}

bool record_get_head(const struct record *r, const char *texts, struct disk_found *found)
{
	struct meta m;

	if (r->type != RECORD_HEAD || r->texts_bytes < sizeof(m) ||
	    record_checksum(span_of(texts, r->texts_bytes)) != r->texts_checksum)
		return false;
	memcpy(&m, texts, sizeof(m));
	const uint64_t n = sizeof(m) + (uint64_t)m.n_places * sizeof(struct disk_place) +
	                   m.url_bytes + m.variant_bytes + m.vary_bytes + m.head_bytes;

	if (n > r->texts_bytes || (m.n_places > 0 && r->body_bytes > 0) ||
	    (m.n_places == 0 && m.body_bytes != r->body_bytes))
		return false;
	const char *at = texts + sizeof(m);

	*found = (struct disk_found){ .n_places = m.n_places };
	found->places = (const struct disk_place *)(const void *)at;
	at += m.n_places * sizeof(struct disk_place);
	found->parts = (struct cobj_parts){
		.key = r->key,
		.meta = { .request_s = m.request_s,
		          .response_s = m.response_s,
		          .body_bytes = m.body_bytes,
		          .salt = m.salt,
		          .ttl_s = m.ttl_s,
		          .status = m.status,
		          .flags = m.flags },
		.url = take(&at, m.url_bytes),
		.variant = take(&at, m.variant_bytes),
		.vary = take(&at, m.vary_bytes),
		.head_text = take(&at, m.head_bytes),
	};
	uint64_t of_places = 0;

	for (uint32_t i = 0; i < m.n_places; i++)
		of_places += found->places[i].bytes;
	return m.n_places == 0 || of_places == m.body_bytes;
}
