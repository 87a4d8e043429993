/*
 * refresh_pattern: how long a reply is good that does not say so itself, and which rules of HTTP
 * are bent for it. The first line whose expression matches counts.
 *
 * Immutable after refresh_rules_finish(), shared.
 */
#pragma once

#include "acl/regex.h"
#include "conf/conf.h"

enum {
	REFRESH_OVERRIDE_EXPIRE = 1 << 0,
	REFRESH_OVERRIDE_LASTMOD = 1 << 1,
	REFRESH_RELOAD_INTO_IMS = 1 << 2,
	REFRESH_IGNORE_RELOAD = 1 << 3,
	REFRESH_IGNORE_NO_STORE = 1 << 4,
	REFRESH_IGNORE_PRIVATE = 1 << 5,
	REFRESH_REFRESH_IMS = 1 << 6,
	REFRESH_STORE_STALE = 1 << 7
};

struct refresh_rule {
	int64_t min_s, max_s;
	int64_t percent;     /* of the time since it was modified last; may exceed 100 */
	int64_t max_stale_s; /* -1: as max_stale says */
	uint32_t options;
	struct conf_place place; /* file is NULL: no line says so. Lives as long as the reader */
	struct span regex;       /* as written, in the rules */
	bool is_icase;
};

struct refresh_rules;

struct refresh_rules *refresh_rules_new(void);
void refresh_rules_free(struct refresh_rules **r);
/* Takes the expression over. */
void refresh_rules_add(struct refresh_rules *r, const struct refresh_rule *rule,
                       struct acl_regex **regex);
void refresh_rules_finish(struct refresh_rules *r);
/*
 * The rule for a URL (or store id); never NULL: without one that matches, min 0, 20%, max 3 days.
 * An expression that takes too much work does not match. scratch: acl/regex.h.
 */
const struct refresh_rule *refresh_find(const struct refresh_rules *r, struct span url,
                                        struct acl_regex_scratch *scratch);

/* As after the expression in a line: "0 20% 4320 override-expire". */
struct arena;
struct span refresh_rule_text(const struct refresh_rule *rule, struct arena *a);

/* Setter of the directive; the member is a struct refresh_rules *. */
conf_setter_fn refresh_conf_pattern;
