/*
 * Does a rule name an address, so that whoever wrote it meant that one to be reached? Asked for
 * addresses that are below the floor (net/floor.h).
 *
 * A dst acl names what its values hold, unless the value is so wide that it names nothing in
 * particular. Adjacent values count as one.
 */
#include "acl/addr_set.h"
#include "acl/type.h"

/* At most a /8 of IPv4 (10.0.0.0/8, 127.0.0.0/8), and a /7 of IPv6 (fc00::/7). */
#define V4_BITS_MIN (96 + 8)
#define V6_BITS_MIN 7

/* Is the range no wider than a prefix of so many bits? */
static bool is_within_bits(const struct ip *first, const struct ip *last, unsigned bits)
{
	unsigned __int128 width = 0;

	for (unsigned i = 0; i < sizeof(first->b); i++)
		width = width << 8 | last->b[i];
	for (unsigned i = 0; i < sizeof(first->b); i++)
		width -= (unsigned __int128)first->b[i] << (8 * (15 - i));
	return width >> (128 - bits) == 0;
}

static bool holds(const struct acl *a, const struct ip *ip)
{
	struct ip first, last;

	return acl_addrs_find(a->data, ip, &first, &last) &&
	       is_within_bits(&first, &last, ip_is_v4(ip) ? V4_BITS_MIN : V6_BITS_MIN);
}

bool acl_names_address(const struct acl *a, const struct ip *ip)
{
	if (a->type->subject == NULL)
		return acl_group_names_address(a, ip);
	if (a->type->kind != &acl_kind_addrs || strcmp(a->type->name, "dst") != 0)
		return false;
	bool does = holds(a, ip);

	for (size_t i = 0; i < a->n_files && !does; i++)
		does = holds(acl_file_values(a, i), ip);
	return does;
}

bool acl_rule_names_address(const struct acl_rule *r, const struct ip *ip)
{
	const struct acl_term *t = r->rules->terms + r->first;

	for (uint32_t i = 0; i < r->n; i++)
		if (!t[i].is_negated && acl_names_address(t[i].acl, ip))
			return true;
	return false;
}
