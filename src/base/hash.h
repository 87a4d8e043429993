/*
 * Keyed hashing for tables whose keys an outsider picks. The key is drawn once at start, so that
 * nobody can prepare colliding names.
 */
#pragma once

#include "base/base.h"

/* Draw the process's key from the kernel. Called once before threads start; tests may skip it. */
void hash_seed(void);

uint64_t hash_bytes(struct span s);

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	return (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdULL;
}
