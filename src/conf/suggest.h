/*
 * How far a mistyped word is from a known one: letters inserted, dropped, replaced or swapped with
 * their neighbour. Case does not count. Pure.
 */
#pragma once

#include "base/base.h"

/* The distance that may still be a typing error in a word of this length; 0: too short or too long.
 */
unsigned conf_distance_limit(struct span word);

/* The distance of a and b if it is at most limit, otherwise something above limit. */
unsigned conf_distance(struct span a, struct span b, unsigned limit);
