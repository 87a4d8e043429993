/*
 * Values that are numbers: statuses of replies (200, 400-403, 500-), a limit, a probability, and
 * netfilter marks (0x10/0xf0).
 */
#include "acl/type.h"

static struct span print_number(const struct acl_subject *s, struct arena *a)
{
	return arena_printf(a, "%u", s->number);
}

/* --- statuses --------------------------------------------------------------------------------- */

#define STATUS_MAX 999u /* three digits: RFC 9110 15 */

struct statuses {
	uint64_t bits[(STATUS_MAX + 64) / 64];
	size_t n;
};

static void *make_statuses(void)
{
	return check_calloc(1, sizeof(struct statuses));
}

static size_t count_statuses(const void *data)
{
	return ((const struct statuses *)data)->n;
}

static void parse_status(struct acl *a, struct acl_parse *p, struct span value)
{
	struct statuses *s = a->data;
	struct span rest = value;
	const struct span first = span_cut(&rest, '-');
	uint64_t from = 0, to = STATUS_MAX;
	const bool is_read = span_to_u64(first, &from) &&
	                     (rest.p == NULL || rest.n == 0 || span_to_u64(rest, &to));

	if (rest.p == NULL)
		to = from;
	if (!is_read || from > to || to > STATUS_MAX) {
		acl_report(p, a, CONF_ERROR, "acl %s: bad status \"%.*s\": accepted are %s",
		           a->name, SPAN_ARG(value), a->type->values);
		conf_as_squid(p->reader, "takes it for a number, maybe 0");
		return;
	}
	for (; from <= to; from++)
		s->bits[from / 64] |= 1ULL << from % 64;
	s->n++;
}

static enum acl_match match_status(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	const struct statuses *v = a->data;

	(void)e;
	return s->number <= STATUS_MAX && (v->bits[s->number / 64] >> s->number % 64 & 1) != 0
	               ? ACL_YES
	               : ACL_NO;
}

const struct acl_kind acl_kind_statuses = {
	.make = make_statuses,
	.free = free,
	.parse = parse_status,
	.count = count_statuses,
	.match = match_status,
	.print = print_number,
};

/* --- a limit ---------------------------------------------------------------------------------- */

struct limit {
	uint64_t most;
	size_t n;
};

static void *make_limit(void)
{
	return check_calloc(1, sizeof(struct limit));
}

static size_t count_limit(const void *data)
{
	return ((const struct limit *)data)->n;
}

static void parse_limit(struct acl *a, struct acl_parse *p, struct span value)
{
	struct limit *l = a->data;

	if (l->n++ != 0)
		acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\" is a second value; accepted is %s",
		           a->name, SPAN_ARG(value), a->type->values);
	else if (!span_to_u64(value, &l->most) || l->most == 0)
		acl_report(p, a, CONF_ERROR, "acl %s: bad number \"%.*s\"; accepted is %s", a->name,
		           SPAN_ARG(value), a->type->values);
}

static enum acl_match match_limit(const struct acl *a, const struct acl_subject *s,
                                  struct acl_eval *e)
{
	(void)e;
	return s->number > ((const struct limit *)a->data)->most ? ACL_YES : ACL_NO;
}

static struct span entry_limit(const struct acl *acl, const struct acl_subject *s,
                               struct acl_eval *e, struct arena *a)
{
	(void)s;
	(void)e;
	return arena_printf(a, "%llu", (unsigned long long)((const struct limit *)acl->data)->most);
}

const struct acl_kind acl_kind_limit = {
	.make = make_limit,
	.free = free,
	.parse = parse_limit,
	.count = count_limit,
	.match = match_limit,
	.print = print_number,
	.entry = entry_limit,
};

/* --- a probability ---------------------------------------------------------------------------- */

struct chance {
	double p;
	uint64_t salt; /* from the acl's name, so that acls do not match together */
	char text[24];
	size_t n;
};

static void *make_chance(void)
{
	return check_calloc(1, sizeof(struct chance));
}

static size_t count_chance(const void *data)
{
	return ((const struct chance *)data)->n;
}

/* "1/3", "3:5", "0.333". False: it is none of them. */
static bool parse_probability(struct span value, double *p)
{
	struct span rest = value;
	uint64_t a, b;
	double unit = 1;

	if (span_find(value, ':') < value.n) {
		if (!span_to_u64(span_cut(&rest, ':'), &a) || !span_to_u64(rest, &b))
			return false;
		*p = (double)a / ((double)a + (double)b);
		return a != 0 && b != 0;
	}
	if (span_find(value, '/') < value.n) {
		if (!span_to_u64(span_cut(&rest, '/'), &a) || !span_to_u64(rest, &b))
			return false;
		*p = (double)a / (double)b;
		return a != 0 && a <= b;
	}
	/* By hand: strtod() reads the decimal point of the locale. */
	if (!span_to_u64(span_cut(&rest, '.'), &a) || a != 0 || rest.n > 18 ||
	    !span_to_u64(rest, &b))
		return false;
	for (size_t i = 0; i < rest.n; i++)
		unit *= 10;
	*p = (double)b / unit;
	return b != 0;
}

/* The same for each process and each run, so that a decision can be repeated. */
static uint64_t salt_of(const char *name)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ULL;
	return h;
}

static void parse_chance(struct acl *a, struct acl_parse *p, struct span value)
{
	struct chance *c = a->data;

	if (c->n++ != 0) {
		acl_report(p, a, CONF_ERROR,
		           "acl %s: \"%.*s\" is a second probability; accepted is %s", a->name,
		           SPAN_ARG(value), a->type->values);
		return;
	}
	if (!span_to_cstr(value, c->text, sizeof(c->text)) || !parse_probability(value, &c->p))
		acl_report(p, a, CONF_ERROR, "acl %s: bad probability \"%.*s\": accepted is %s",
		           a->name, SPAN_ARG(value), a->type->values);
	c->salt = salt_of(a->name);
}

/* splitmix64's finaliser: any bit of the draw and the salt changes half of the result. */
static double uniform(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ULL;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (double)((z ^ z >> 31) >> 11) / (double)(1ULL << 53);
}

static enum acl_match match_chance(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	const struct chance *c = a->data;

	(void)e;
	return uniform(s->draw ^ c->salt) < c->p ? ACL_YES : ACL_NO;
}

static struct span print_draw(const struct acl_subject *s, struct arena *a)
{
	return arena_printf(a, "draw %016llx", (unsigned long long)s->draw);
}

static struct span entry_chance(const struct acl *acl, const struct acl_subject *s,
                                struct acl_eval *e, struct arena *a)
{
	(void)s;
	(void)e;
	return arena_printf(a, "%s", ((const struct chance *)acl->data)->text);
}

const struct acl_kind acl_kind_random = {
	.make = make_chance,
	.free = free,
	.parse = parse_chance,
	.count = count_chance,
	.match = match_chance,
	.print = print_draw,
	.entry = entry_chance,
};

/* --- marks ------------------------------------------------------------------------------------ */

struct mark {
	uint32_t mark, mask;
};

struct marks {
	struct mark *m;
	size_t n, cap;
};

static void *make_marks(void)
{
	return check_calloc(1, sizeof(struct marks));
}

static void free_marks(void *data)
{
	free(((struct marks *)data)->m);
	free(data);
}

static size_t count_marks(const void *data)
{
	return ((const struct marks *)data)->n;
}

static bool parse_u32(struct span s, uint32_t *out)
{
	int64_t v;

	if (!conf_parse_int(s, &v) || v < 0 || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static void parse_mark(struct acl *a, struct acl_parse *p, struct span value)
{
	struct marks *s = a->data;
	struct span rest = value;
	const struct span first = span_cut(&rest, '/');
	struct mark m = { 0, UINT32_MAX };

	if (!parse_u32(first, &m.mark) || (rest.p != NULL && !parse_u32(rest, &m.mask))) {
		acl_report(p, a, CONF_ERROR, "acl %s: bad mark \"%.*s\": accepted are %s", a->name,
		           SPAN_ARG(value), a->type->values);
		return;
	}
	if ((m.mark & m.mask) != m.mark)
		acl_report(p, a, CONF_WARNING,
		           "acl %s: \"%.*s\" never matches, since the mark has bits that the mask"
		           " has not",
		           a->name, SPAN_ARG(value));
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 4;
		s->m = check_realloc(s->m, s->cap * sizeof(*s->m));
	}
	s->m[s->n++] = m;
}

static const struct mark *find_mark(const struct marks *s, uint32_t mark)
{
	for (size_t i = 0; i < s->n; i++)
		if ((mark & s->m[i].mask) == s->m[i].mark)
			return &s->m[i];
	return NULL;
}

static enum acl_match match_mark(const struct acl *a, const struct acl_subject *s,
                                 struct acl_eval *e)
{
	(void)e;
	return find_mark(a->data, s->number) != NULL ? ACL_YES : ACL_NO;
}

static struct span print_mark(const struct acl_subject *s, struct arena *a)
{
	return arena_printf(a, "0x%x", s->number);
}

static struct span entry_mark(const struct acl *acl, const struct acl_subject *s,
                              struct acl_eval *e, struct arena *a)
{
	const struct mark *m = find_mark(acl->data, s->number);

	(void)e;
	return m != NULL ? arena_printf(a, "0x%x/0x%x", m->mark, m->mask) : SPAN_NULL;
}

const struct acl_kind acl_kind_marks = {
	.make = make_marks,
	.free = free_marks,
	.parse = parse_mark,
	.count = count_marks,
	.match = match_mark,
	.print = print_mark,
	.entry = entry_mark,
};
