/*
 * Random policies and random facts, from small sets of values, so that rules match often.
 */
#pragma once

#include "acl/facts.h"
#include "tests/unit/random.h"

/* A configuration with acls of many types and an http_access list; malloc'ed. */
char *policies_text(struct random *r);
/*
 * Facts of one request; texts lie in the arena. Those that take a lookup may be unknown, absent or
 * failed.
 */
struct facts policies_facts(struct random *r, struct arena *a);
