/*
 * Which addresses are below the floor, once more and as plainly as can be: prefixes as text,
 * compared bit by bit. For the unit test and the fuzzer of net/floor.h.
 */
#pragma once

#include "base/ip.h"

static inline bool bit(const struct ip *ip, unsigned i)
{
	return (ip->b[i / 8] >> (7 - i % 8) & 1) != 0;
}

static inline bool floor_reference_within(const struct ip *ip, const char *prefix, unsigned bits)
{
	struct ip want;

	CHECK(ip_parse(span_str(prefix), &want));
	bits += ip_is_v4(&want) ? 96 : 0;
	for (unsigned i = 0; i < bits; i++)
		if (bit(ip, i) != bit(&want, i))
			return false;
	return true;
}

static inline bool floor_reference_plain(const struct ip *ip)
{
	return floor_reference_within(ip, "127.0.0.0", 8) ||
	       floor_reference_within(ip, "::1", 128) ||
	       floor_reference_within(ip, "169.254.0.0", 16) ||
	       floor_reference_within(ip, "fe80::", 10) ||
	       floor_reference_within(ip, "fd00:ec2::254", 128) ||
	       floor_reference_within(ip, "168.63.129.16", 32) ||
	       floor_reference_within(ip, "100.100.100.200", 32) ||
	       floor_reference_within(ip, "0.0.0.0", 8) || floor_reference_within(ip, "::", 128) ||
	       floor_reference_within(ip, "224.0.0.0", 4) ||
	       floor_reference_within(ip, "255.255.255.255", 32) ||
	       floor_reference_within(ip, "ff00::", 8);
}

/* The IPv4 address that begins at this bit; bits 64 to 71 are skipped (RFC 6052 2.2). */
static inline struct ip floor_reference_v4_at(const struct ip *ip, unsigned at, bool skips,
                                              bool inverts)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 32; i++, at++) {
		if (skips && at == 64)
			at = 72;
		v = v << 1 | (bit(ip, at) != inverts);
	}
	return ip_from_v4(v);
}

static inline bool floor_reference_is_below(const struct ip *ip)
{
	struct ip v4[8];
	unsigned n = 0, n_guessed = 0;

	if (floor_reference_within(ip, "64:ff9b:1::", 128))
		return true;
	for (unsigned at = 48; at <= 64 && floor_reference_within(ip, "64:ff9b:1::", 48); at += 8)
		v4[n++] = floor_reference_v4_at(ip, at, true, false);
	if (floor_reference_within(ip, "64:ff9b:1::", 48))
		v4[n++] = floor_reference_v4_at(ip, 96, true, false);
	n_guessed = n;
	v4[n++] = *ip;
	if (floor_reference_within(ip, "::", 96) ||
	    floor_reference_within(ip, "::ffff:0:0:0", 96) ||
	    floor_reference_within(ip, "64:ff9b::", 96))
		v4[n++] = floor_reference_v4_at(ip, 96, false, false);
	if (floor_reference_within(ip, "2002::", 16))
		v4[n++] = floor_reference_v4_at(ip, 16, false, false);
	if (floor_reference_within(ip, "2001::", 32)) {
		v4[n++] = floor_reference_v4_at(ip, 32, false, false);
		v4[n++] = floor_reference_v4_at(ip, 96, false, true);
	}
	for (unsigned i = 0; i < n; i++)
		if (floor_reference_plain(&v4[i]) &&
		    (i >= n_guessed || !(floor_reference_within(&v4[i], "0.0.0.0", 8) ||
		                         floor_reference_within(&v4[i], "224.0.0.0", 4) ||
		                         floor_reference_within(&v4[i], "255.255.255.255", 32))))
			return true;
	return false;
}
