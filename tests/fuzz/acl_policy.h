/*
 * A policy with one acl, for targets that compare what it matches with a plain way to tell.
 */
#pragma once

#include "acl/decide.h"
#include "base/base.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive acl_policy_directives[] = {
#include "acl/directives.tbl.h"
};
#undef DIRECTIVE

struct acl_policy {
	struct acl_conf acl;
	struct conf_reader *reader;
	bool is_good; /* no errors */
};

/* Read a text; no file is touched. */
static inline void acl_policy_init(struct acl_policy *p, const char *text)
{
	void *sections[CONF_SECTION_N] = { [CONF_SECTION_acl] = &p->acl };

	acl_conf_init(&p->acl);
	p->reader =
		conf_reader_new(acl_policy_directives, ARRAY_LEN(acl_policy_directives), sections);
	conf_forbid_files(p->reader);
	conf_read_text(p->reader, "squid.conf", span_str(text));
	conf_finish(p->reader);
	acl_conf_finish(&p->acl, p->reader);
	p->is_good = conf_count(p->reader, CONF_ERROR) == 0;
}

static inline void acl_policy_fini(struct acl_policy *p)
{
	conf_reader_free(&p->reader);
	acl_conf_fini(&p->acl);
}

static inline bool acl_policy_allows(const struct acl_policy *p, const struct facts *f)
{
	struct trail t;

	return acl_decide(p->acl.http_access, f, VERDICT_DENY, &t) == VERDICT_ALLOW;
}
