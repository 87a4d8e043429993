/*
 * The directives of Squid, past and present, that no folder implements.
 */
#include "conf/conf.h"

const struct conf_directive *conf_squid_directives(size_t *n)
{
	static const struct conf_directive rows[] = {
#define SQUID(...) CONF_ROW_WITHOUT(__VA_ARGS__),
#include "conf/squid.tbl.h"
#undef SQUID
	};

	*n = ARRAY_LEN(rows);
	return rows;
}

const char *conf_state_text(enum conf_state s)
{
	switch (s) {
	case CONF_WORKS:
		return "works";
	case CONF_ACCEPTED:
		return "accepted";
	case CONF_OBSOLETE:
		return "obsolete";
	case CONF_UNBUILT:
		return "unbuilt";
	case CONF_REFUSED:
		return "refused";
	}
	UNREACHABLE("state of a directive");
}
