/*
 * Sets of byte values, as brackets in regular expressions stand for.
 */
#pragma once

#include "base/base.h"

struct acl_byte_set {
	uint64_t w[4];
};

static inline void acl_byte_set_add(struct acl_byte_set *s, unsigned c)
{
	s->w[c / 64] |= (uint64_t)1 << (c % 64);
}

static inline bool acl_byte_set_has(const struct acl_byte_set *s, unsigned c)
{
	return (s->w[c / 64] >> (c % 64) & 1) != 0;
}

static inline void acl_byte_set_invert(struct acl_byte_set *s)
{
	for (unsigned i = 0; i < 4; i++)
		s->w[i] = ~s->w[i];
}
