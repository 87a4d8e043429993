/*
 * Address ranges as pairs of 128-bit numbers, merged once when all are known.
 */
#include "acl/addr_set.h"

#include <endian.h>

struct range {
	unsigned __int128 first, last;
};

struct acl_addrs {
	struct range *r;
	size_t n, cap;
};

static unsigned __int128 number_of(const struct ip *ip)
{
	uint64_t half[2];

	memcpy(half, ip->b, sizeof(half));
	return (unsigned __int128)be64toh(half[0]) << 64 | be64toh(half[1]);
}

static struct ip ip_of(unsigned __int128 v)
{
	const uint64_t half[2] = { htobe64((uint64_t)(v >> 64)), htobe64((uint64_t)v) };
	struct ip ip;

	memcpy(ip.b, half, sizeof(half));
	return ip;
}

struct acl_addrs *acl_addrs_new(void)
{
	return check_calloc(1, sizeof(struct acl_addrs));
}

void acl_addrs_free(struct acl_addrs **sp)
{
	if (*sp != NULL)
		free((*sp)->r);
	free(*sp);
	*sp = NULL;
}

void acl_addrs_add(struct acl_addrs *s, const struct ip *first, const struct ip *last)
{
	CHECK(ip_cmp(first, last) <= 0);
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 4;
		s->r = check_realloc(s->r, s->cap * sizeof(*s->r));
	}
	s->r[s->n++] = (struct range){ number_of(first), number_of(last) };
}

static int range_cmp(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

void acl_addrs_finish(struct acl_addrs *s)
{
	size_t n = 0;

	if (s->n == 0)
		return;
	qsort(s->r, s->n, sizeof(*s->r), range_cmp);
	for (size_t i = 1; i < s->n; i++) {
		struct range *last = &s->r[n];

		/* first is above last->first, so last->last + 1 cannot wrap where it matters. */
		if (s->r[i].first <= last->last || s->r[i].first - 1 == last->last)
			last->last = MAX(last->last, s->r[i].last);
		else
			s->r[++n] = s->r[i];
	}
	s->n = n + 1;
	s->cap = s->n;
	s->r = check_realloc(s->r, s->cap * sizeof(*s->r));
}

size_t acl_addrs_count(const struct acl_addrs *s)
{
	return s->n;
}

static const struct range *find(const struct acl_addrs *s, unsigned __int128 v)
{
	const struct range *at = s->r;
	size_t n = s->n;

	/* The last range that starts at or before v. */
	while (n > 1) {
		const size_t half = n / 2;

		at = at[half].first <= v ? at + half : at;
		n -= half;
	}
	return n != 0 && at->first <= v && v <= at->last ? at : NULL;
}

bool acl_addrs_has(const struct acl_addrs *s, const struct ip *ip)
{
	return find(s, number_of(ip)) != NULL;
}

bool acl_addrs_find(const struct acl_addrs *s, const struct ip *ip, struct ip *first,
                    struct ip *last)
{
	const struct range *r = find(s, number_of(ip));

	if (r == NULL)
		return false;
	*first = ip_of(r->first);
	*last = ip_of(r->last);
	return true;
}
