/*
 * Numbers with units, as Squid writes them. Exact: a decimal fraction is never a float, and what
 * does not fit is refused.
 */
#include "conf/conf.h"

/* A decimal number: digits / scale. */
struct decimal {
	uint64_t digits, scale;
};

struct unit {
	struct span name; /* a word that begins with it, in any case, means it */
	int64_t factor;
};

static const struct unit byte_units[] = {
	{ SPAN("bytes"), 1 },
	{ SPAN("KB"), INT64_C(1) << 10 },
	{ SPAN("MB"), INT64_C(1) << 20 },
	{ SPAN("GB"), INT64_C(1) << 30 },
};

#define DAY_MS INT64_C(86400000)

static const struct unit time_units[] = {
	{ SPAN("millisecond"), 1 },
	{ SPAN("second"), 1000 },
	{ SPAN("minute"), 60000 },
	{ SPAN("hour"), 3600000 },
	{ SPAN("day"), DAY_MS },
	{ SPAN("week"), 7 * DAY_MS },
	{ SPAN("fortnight"), 14 * DAY_MS },
	{ SPAN("month"), 30 * DAY_MS },
	{ SPAN("year"), INT64_C(31557790080) }, /* 365.2522 days */
	{ SPAN("decade"), INT64_C(315577900800) },
};

static const struct unit *find_unit(const struct unit *units, size_t n, struct span word)
{
	for (size_t i = 0; i < n; i++)
		if (span_starts_nocase(word, units[i].name))
			return &units[i];
	return NULL;
}

static bool parse_decimal(struct span s, struct decimal *d)
{
	const size_t point = span_find(s, '.');
	const struct span fraction = span_skip(s, point + 1);
	bool has_digit = false;

	*d = (struct decimal){ 0, 1 };
	if (span_starts_nocase(s, SPAN("0x"))) {
		int64_t v;

		if (!conf_parse_int(s, &v))
			return false;
		d->digits = (uint64_t)v;
		return true;
	}
	if (fraction.n > 9) /* nobody needs more, and the scale must fit */
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i == point)
			continue;
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    __builtin_mul_overflow(d->digits, 10, &d->digits) ||
		    __builtin_add_overflow(d->digits, (uint64_t)(s.p[i] - '0'), &d->digits))
			return false;
		if (i > point)
			d->scale *= 10;
		has_digit = true;
	}
	return has_digit;
}

/* False if it does not fit, or if something small would become nothing: 0 often means "no limit".
 */
static bool multiply(struct decimal d, int64_t factor, int64_t *out)
{
	const unsigned __int128 v = (unsigned __int128)d.digits * (uint64_t)factor / d.scale;

	if (v >= INT64_MAX || (v == 0 && d.digits != 0))
		return false;
	*out = (int64_t)v;
	return true;
}

bool conf_parse_bytes(struct span number, struct span unit, int64_t default_unit, int64_t *bytes)
{
	const struct unit *u = find_unit(byte_units, ARRAY_LEN(byte_units), unit);
	struct decimal d;

	if (unit.n != 0 && u == NULL)
		return false;
	if (span_eq(number, SPAN("-1")) || (unit.n == 0 && span_eq(number, SPAN("none")))) {
		*bytes = INT64_MAX;
		return true;
	}
	return parse_decimal(number, &d) &&
	       multiply(d, u != NULL ? u->factor : default_unit, bytes);
}

bool conf_parse_ms(struct span number, struct span unit, int64_t *ms)
{
	const struct unit *u = find_unit(time_units, ARRAY_LEN(time_units), unit);
	struct decimal d;

	if ((unit.n != 0 && u == NULL) || !parse_decimal(number, &d))
		return false;
	if (u == NULL && d.digits != 0)
		return false;
	return multiply(d, u != NULL ? u->factor : 1, ms);
}

bool conf_is_byte_unit(struct span word)
{
	return find_unit(byte_units, ARRAY_LEN(byte_units), word) != NULL;
}

bool conf_is_time_unit(struct span word)
{
	return find_unit(time_units, ARRAY_LEN(time_units), word) != NULL;
}

bool conf_parse_glued_bytes(struct span word, int64_t *bytes)
{
	size_t n = 0;

	while (n < word.n && word.p[n] >= '0' && word.p[n] <= '9')
		n++;
	const struct span number = span_of(word.p, n), unit = span_skip(word, n);

	if (n == 0 || (unit.n == 0 && !span_eq(number, SPAN("0"))))
		return false;
	return conf_parse_bytes(number, unit, 1, bytes);
}

static int digit_value(char c)
{
	const char lower = ascii_lower(c);

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

bool conf_parse_int(struct span word, int64_t *v)
{
	const bool is_negative = word.n != 0 && word.p[0] == '-';
	struct span s = span_skip(word, word.n != 0 && (word.p[0] == '-' || word.p[0] == '+'));
	int64_t value = 0;
	int base = 10;

	if (span_starts_nocase(s, SPAN("0x"))) {
		base = 16;
		s = span_skip(s, 2);
	} else if (s.n > 1 && s.p[0] == '0') {
		base = 8;
		s = span_skip(s, 1);
	}
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const int digit = digit_value(s.p[i]);

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*v = is_negative ? -value : value;
	return true;
}
