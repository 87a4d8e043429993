/*
 * Field names: from text to number and back (field.tbl.h). Pure; every field of every head passes
 * here once.
 */
#include "http/chars_int.h"
#include "http/head.h"

static const struct span names[HTTP_F_N] = {
	{ "", 0 },
#define FIELD(sym, name, flags) { name, sizeof(name) - 1 },
#include "http/field.tbl.h"
#undef FIELD
};

static const uint8_t lengths[HTTP_F_N] = {
	0,
#define FIELD(sym, name, flags) sizeof(name) - 1,
#include "http/field.tbl.h"
#undef FIELD
};

static const uint8_t flags_of[HTTP_F_N] = {
	0,
#define FIELD(sym, name, flags) (flags),
#include "http/field.tbl.h"
#undef FIELD
};

/*
 * The table is sorted by name, so the names with one initial are a range of it. Whoever adds the
 * first or last name of a letter changes its line here; the unit test finds a forgotten one.
 */
static const struct {
	uint8_t first, last;
} by_initial[26] = {
	['A' - 'A'] = { HTTP_F_ACCEPT, HTTP_F_AUTHORIZATION },
	['C' - 'A'] = { HTTP_F_CACHE_CONTROL, HTTP_F_COOKIE },
	['D' - 'A'] = { HTTP_F_DATE, HTTP_F_DATE },
	['E' - 'A'] = { HTTP_F_ETAG, HTTP_F_EXPIRES },
	['F' - 'A'] = { HTTP_F_FORWARDED, HTTP_F_FORWARDED },
	['H' - 'A'] = { HTTP_F_HOST, HTTP_F_HOST },
	['I' - 'A'] = { HTTP_F_IF_MATCH, HTTP_F_IF_UNMODIFIED_SINCE },
	['K' - 'A'] = { HTTP_F_KEEP_ALIVE, HTTP_F_KEEP_ALIVE },
	['L' - 'A'] = { HTTP_F_LAST_MODIFIED, HTTP_F_LOCATION },
	['M' - 'A'] = { HTTP_F_MAX_FORWARDS, HTTP_F_MAX_FORWARDS },
	['P' - 'A'] = { HTTP_F_PRAGMA, HTTP_F_PROXY_STATUS },
	['R' - 'A'] = { HTTP_F_RANGE, HTTP_F_RETRY_AFTER },
	['S' - 'A'] = { HTTP_F_SERVER, HTTP_F_SET_COOKIE },
	['T' - 'A'] = { HTTP_F_TE, HTTP_F_TRANSFER_ENCODING },
	['U' - 'A'] = { HTTP_F_UPGRADE, HTTP_F_USER_AGENT },
	['V' - 'A'] = { HTTP_F_VARY, HTTP_F_VIA },
	['W' - 'A'] = { HTTP_F_WARNING, HTTP_F_WWW_AUTHENTICATE },
	['X' - 'A'] = { HTTP_F_X_FORWARDED_FOR, HTTP_F_X_SQUID_ERROR },
};

/*
 * Whether bytes of text are those of a known name, in any case. Two letters may differ in 0x20
 * where the known byte is a letter (bit 0x40 set), and nowhere else.
 */
static inline bool same8(const char *text, const char *known)
{
	const uint64_t k = char_load8(known);

	return ((char_load8(text) ^ k) & ~(k >> 1 & CHAR_ONES * 0x20)) == 0;
}

static inline bool same4(const char *text, const char *known)
{
	uint32_t t, k;

	memcpy(&t, text, sizeof(t));
	memcpy(&k, known, sizeof(k));
	return ((t ^ k) & ~(k >> 1 & 0x20202020u)) == 0;
}

static inline bool same_name(const char *text, const char *known, size_t n)
{
	if (n > 8) {
		for (size_t i = 0; i + 8 < n; i += 8)
			if (!same8(text + i, known + i))
				return false;
		return same8(text + n - 8, known + n - 8);
	}
	if (n >= 4)
		return same4(text, known) && same4(text + n - 4, known + n - 4);
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(text[i]) != ascii_lower(known[i]))
			return false;
	return true;
}

enum http_field_id http_field_id_of(struct span name)
{
	if (name.n == 0 || !char_is(*name.p, CHAR_ALPHA))
		return HTTP_F_OTHER;
	const unsigned initial = (unsigned)(ascii_lower(*name.p) - 'a');
	const unsigned last = by_initial[initial].last;

	for (unsigned id = by_initial[initial].first; id <= last; id++)
		if (lengths[id] == name.n && same_name(name.p, names[id].p, name.n))
			return (enum http_field_id)id;
	return HTTP_F_OTHER;
}

struct span http_field_name(enum http_field_id id)
{
	CHECK(id < HTTP_F_N);
	return names[id];
}

unsigned http_field_flags(enum http_field_id id)
{
	CHECK(id < HTTP_F_N);
	return flags_of[id];
}
