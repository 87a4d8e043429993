/*
 * HTTP dates: counting days by hand, since libc's functions know locales and time zones.
 */
#include "http/date.h"

#define DAY_SECONDS 86400

static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

struct civil {
	int64_t year;
	unsigned month, day; /* from 1 */
	unsigned hour, minute, second;
};

/* ---- calendar ---- */

/*
 * Days since 1970-01-01 of the proleptic Gregorian calendar. Years are counted from March, so that
 * the leap day is the last of its year, in cycles of 400 years (146097 days).
 */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	const int64_t y = year - (month <= 2);
	const int64_t cycle = (y >= 0 ? y : y - 399) / 400;
	const int64_t of_cycle = y - cycle * 400;
	const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return cycle * 146097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719468;
}

static struct civil civil_of(int64_t days)
{
	const int64_t z = days + 719468;
	const int64_t cycle = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t day = z - cycle * 146097;
	const int64_t y = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	const int64_t of_year = day - (365 * y + y / 4 - y / 100);
	const unsigned m = (unsigned)((5 * of_year + 2) / 153); /* 0 is March */
	const unsigned month = m < 10 ? m + 3 : m - 9;

	return (struct civil){
		.year = y + cycle * 400 + (month <= 2),
		.month = month,
		.day = (unsigned)(of_year - (153 * m + 2) / 5 + 1),
	};
}

static unsigned month_days(int64_t year, unsigned month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* ---- printing ---- */

static char *put_digits(char *p, unsigned n, unsigned width)
{
	for (unsigned i = width; i-- > 0; n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + width;
}

static char *put_name(char *p, const char name[4], char after)
{
	memcpy(p, name, 3);
	p[3] = after;
	return p + 4;
}

void http_date_print(int64_t unix_seconds, char buf[HTTP_DATE_LEN + 1])
{
	/* A year has four digits: what lies outside is shown as the first or last such second. */
	const int64_t first = days_of(0, 1, 1) * DAY_SECONDS;
	const int64_t last = days_of(10000, 1, 1) * DAY_SECONDS - 1;
	const int64_t t = MAX(MIN(unix_seconds, last), first);
	const int64_t days = (t - first) / DAY_SECONDS + days_of(0, 1, 1);
	const unsigned s = (unsigned)((t - first) % DAY_SECONDS);
	const struct civil c = civil_of(days);
	char *p = buf;

	/* 1 January of the year 0 was a Saturday. */
	p = put_name(p, day_names[((t - first) / DAY_SECONDS + 6) % 7], ',');
	*p++ = ' ';
	p = put_digits(p, c.day, 2);
	*p++ = ' ';
	p = put_name(p, month_names[c.month - 1], ' ');
	p = put_digits(p, (unsigned)c.year, 4);
	*p++ = ' ';
	p = put_digits(p, s / 3600, 2);
	*p++ = ':';
	p = put_digits(p, s / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, s % 60, 2);
	memcpy(p, " GMT", sizeof(" GMT"));
}

/* ---- reading ---- */

static bool take_text(struct span *s, struct span text)
{
	if (!span_starts(*s, text))
		return false;
	*s = span_skip(*s, text.n);
	return true;
}

static bool take_digits(struct span *s, size_t width, unsigned *out)
{
	uint64_t n;

	if (s->n < width || !span_to_u64(span_of(s->p, width), &n))
		return false;
	*out = (unsigned)n;
	*s = span_skip(*s, width);
	return true;
}

/*
 * Which of n names of three letters comes first; n: none. By number, since dates are read for each
 * hit.
 */
static unsigned take_name(struct span *s, const char names[][4], unsigned n)
{
	uint32_t name = 0, each;

	if (s->n < 3)
		return n;
	memcpy(&name, s->p, 3);
	for (unsigned i = 0; i < n; i++) {
		memcpy(&each, names[i], sizeof(each)); /* with its NUL */
		if (name == each) {
			*s = span_skip(*s, 3);
			return i;
		}
	}
	return n;
}

static bool take_month(struct span *s, unsigned *month)
{
	const unsigned i = take_name(s, month_names, ARRAY_LEN(month_names));

	*month = i + 1;
	return i < ARRAY_LEN(month_names);
}

/* "08:49:37" */
static bool take_time(struct span *s, struct civil *c)
{
	return take_digits(s, 2, &c->hour) && take_text(s, SPAN(":")) &&
	       take_digits(s, 2, &c->minute) && take_text(s, SPAN(":")) &&
	       take_digits(s, 2, &c->second);
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool read_imf(struct span s, struct civil *c)
{
	unsigned year;

	if (!take_digits(&s, 2, &c->day) || !take_text(&s, SPAN(" ")) ||
	    !take_month(&s, &c->month) || !take_text(&s, SPAN(" ")) || !take_digits(&s, 4, &year) ||
	    !take_text(&s, SPAN(" ")) || !take_time(&s, c))
		return false;
	c->year = year;
	return span_eq(s, SPAN(" GMT"));
}

/* "06-Nov-94 08:49:37 GMT" */
static bool read_rfc850(struct span s, int64_t now, struct civil *c)
{
	unsigned year;

	if (!take_digits(&s, 2, &c->day) || !take_text(&s, SPAN("-")) ||
	    !take_month(&s, &c->month) || !take_text(&s, SPAN("-")) || !take_digits(&s, 2, &year) ||
	    !take_text(&s, SPAN(" ")) || !take_time(&s, c))
		return false;
	/* RFC 9110 5.6.7: not more than 50 years ahead; so the year of that kind nearest below. */
	const int64_t latest = civil_of(now / DAY_SECONDS).year + 50;

	c->year = latest - (latest - (int64_t)year) % 100;
	return span_eq(s, SPAN(" GMT"));
}

/* "Nov  6 08:49:37 1994" */
static bool read_asctime(struct span s, struct civil *c)
{
	unsigned year;

	if (!take_month(&s, &c->month) || !take_text(&s, SPAN(" ")))
		return false;
	if (take_text(&s, SPAN(" ")) ? !take_digits(&s, 1, &c->day) : !take_digits(&s, 2, &c->day))
		return false;
	if (!take_text(&s, SPAN(" ")) || !take_time(&s, c) || !take_text(&s, SPAN(" ")) ||
	    !take_digits(&s, 4, &year))
		return false;
	c->year = year;
	return s.n == 0;
}

/* The name of a day, short or long, which is not compared with the date. */
static bool take_day_name(struct span *s, bool *is_long)
{
	static const char rests[7][7] = { "day", "day", "sday", "nesday", "rsday", "day", "urday" };

	const unsigned i = take_name(s, day_names, ARRAY_LEN(day_names));

	if (i == ARRAY_LEN(day_names))
		return false;
	*is_long = s->n != 0 && s->p[0] != ',' && take_text(s, span_str(rests[i]));
	return true;
}

bool http_date_parse(struct span s, int64_t now, int64_t *unix_seconds)
{
	struct civil c = { 0 };
	bool is_long, ok;

	if (!take_day_name(&s, &is_long))
		return false;
	if (take_text(&s, SPAN(", ")))
		ok = is_long ? read_rfc850(s, now, &c) : read_imf(s, &c);
	else
		ok = !is_long && take_text(&s, SPAN(" ")) && read_asctime(s, &c);
	if (!ok || c.day == 0 || c.day > month_days(c.year, c.month) || c.hour > 23 ||
	    c.minute > 59 || c.second > 60) /* 60: a leap second */
		return false;
	*unix_seconds = days_of(c.year, c.month, c.day) * DAY_SECONDS + INT64_C(3600) * c.hour +
	                INT64_C(60) * c.minute + c.second;
	return true;
}
