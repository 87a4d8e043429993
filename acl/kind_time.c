/*
 * Values that are times: days, one letter each (S M T W H F A from Sunday to Saturday, D for Monday
 * to Friday), and spans of the local day, both ends inclusive to the minute. Days hold for the next
 * span on the line; a span without days is for all of them; days without a span are whole days.
 *
 * A span that ends before it starts crosses midnight: it begins on the days named and ends on the
 * days after them. (Squid refuses it.)
 */
#include "acl/type.h"

#define ALL_DAYS    0x7fu
#define DAY_MINUTES 1440u

struct period {
	unsigned days; /* bit 0: Sunday */
	unsigned first, last;
};

struct periods {
	struct period *p;
	size_t n, cap;
};

static void *make(void)
{
	return check_calloc(1, sizeof(struct periods));
}

static void release(void *data)
{
	struct periods *s = data;

	free(s->p);
	free(s);
}

static size_t count_values(const void *data)
{
	return ((const struct periods *)data)->n;
}

static void add(struct periods *s, unsigned days, unsigned first, unsigned last)
{
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 2;
		s->p = check_realloc(s->p, s->cap * sizeof(*s->p));
	}
	s->p[s->n++] = (struct period){ days, first, last };
}

/* "SMTWHFA", "D"; a dash is ignored, as in Squid. 0: not understood. */
static unsigned parse_days(struct span value)
{
	static const char letters[] = "SMTWHFA";
	unsigned days = 0;

	for (size_t i = 0; i < value.n; i++) {
		const char *at = strchr(letters, value.p[i]);

		if (value.p[i] == 'D')
			days |= 0x3e;
		else if (at != NULL && *at != '\0')
			days |= 1u << (at - letters);
		else if (value.p[i] != '-')
			return 0;
	}
	return days;
}

static bool parse_clock(struct span text, unsigned *minute)
{
	struct span m = text;
	const struct span h = span_cut(&m, ':');
	uint64_t hours, minutes;

	if (m.p == NULL || h.n > 2 || m.n > 2 || !span_to_u64(h, &hours) ||
	    !span_to_u64(m, &minutes))
		return false;
	*minute = (unsigned)(hours * 60 + minutes);
	return minutes < 60 && *minute <= DAY_MINUTES;
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	struct periods *s = a->data;
	struct span rest = value;
	unsigned first, last;

	if (value.n == 0 || value.p[0] < '0' || value.p[0] > '9') {
		const unsigned days = parse_days(value);

		if (days == 0) {
			acl_report(p, a, CONF_ERROR,
			           "acl %s: \"%.*s\" names no days: accepted are the letters S M T "
			           "W H F"
			           " A (Sunday to Saturday) and D (Monday to Friday)",
			           a->name, SPAN_ARG(value));
			conf_as_squid(p->reader, "logs an error and goes on without these days");
		}
		p->days |= days;
		return;
	}
	const struct span from = span_cut(&rest, '-');

	if (rest.p == NULL || !parse_clock(from, &first) || !parse_clock(rest, &last) ||
	    first == DAY_MINUTES) {
		acl_report(p, a, CONF_ERROR,
		           "acl %s: bad time \"%.*s\": accepted is hh:mm-hh:mm from 00:00 to 24:00",
		           a->name, SPAN_ARG(value));
		conf_as_squid(p->reader, CONF_SQUID_STOPS);
		return;
	}
	const unsigned days = p->days != 0 ? p->days : ALL_DAYS;

	p->days = 0;
	if (first <= last) {
		add(s, days, first, last);
	} else {
		acl_report(p, a, CONF_NOTE,
		           "acl %s: \"%.*s\" goes on after midnight, until %.*s of the next day;"
		           " days are those on which it begins (Squid refuses such times)",
		           a->name, SPAN_ARG(value), SPAN_ARG(rest));
		conf_as_squid(p->reader, CONF_SQUID_STOPS);
		add(s, days, first, DAY_MINUTES);
		add(s, (days << 1 | days >> 6) & ALL_DAYS, 0, last);
	}
}

static void end_line(struct acl *a, struct acl_parse *p)
{
	if (p->days != 0)
		add(a->data, p->days, 0, DAY_MINUTES);
	p->days = 0;
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	const struct periods *ps = a->data;

	(void)e;
	for (size_t i = 0; i < ps->n; i++) {
		const struct period *p = &ps->p[i];

		if ((p->days >> s->weekday & 1) != 0 && p->first <= s->number &&
		    s->number <= p->last)
			return ACL_YES;
	}
	return ACL_NO;
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	static const char *const names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
		                             "Thursday", "Friday", "Saturday" };

	return arena_printf(a, "%s %02u:%02u", names[s->weekday % 7], s->number / 60,
	                    s->number % 60);
}

const struct acl_kind acl_kind_time = {
	.make = make,
	.free = release,
	.parse = parse,
	.end_line = end_line,
	.count = count_values,
	.match = match,
	.print = print,
	.entry = NULL,
};
