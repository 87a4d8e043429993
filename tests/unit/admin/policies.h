/*
 * Random policies and random facts, from small sets of values, so that rules match often.
 */
#pragma once

#include "acl/facts.h"
#include "tests/unit/random.h"

/*
 * A configuration with acls of all types, an http_access list and an http_reply_access list;
 * malloc'ed.
 */
char *policies_text(struct random *r);
/* Is it one of the types of which acls are made? */
bool policies_have(const char *type);
/*
 * Facts of one request, perhaps with a reply; texts lie in the arena. Those that take a lookup may
 * be unknown, absent or failed.
 */
struct facts policies_facts(struct random *r, struct arena *a);
