/*
 * The directives of Squid, past and present, that no folder implements.
 */
#include "conf/conf_int.h"

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

void conf_default_differences(struct conf_reader *r)
{
	static const struct {
		const char *name, *here, *squid;
	} rows[] = {
		{ "workers", "there is a worker for each CPU that may be used",
		  "works with one process (workers 1)" },
		{ "max_filedescriptors",
		  "the soft limit is raised to the hard one, at most to 100000",
		  "keeps the soft limit that it is started with" },
		{ "cache_effective_user", "the user is " DEFAULT_USER,
		  "has another one, chosen when it was built" },
		{ "access_log", "it is written to " LOCALSTATEDIR "/log/cuttle",
		  "writes to a folder of its own, by a process of its own" },
		{ "relaxed_header_parser", "messages are parsed strictly",
		  "tolerates some mistakes (relaxed_header_parser on)" },
		{ "ssrf_protection",
		  "connections to loopback, link-local and metadata addresses are refused where no "
		  "http_access rule names them",
		  "connects wherever http_access lets it" },
		{ "uri_whitespace", "a request whose URI holds a blank is refused",
		  "strips the blanks (uri_whitespace strip)" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows) && r->main_name != NULL; i++) {
		if (conf_is_seen(r, rows[i].name))
			continue;
		conf_difference(r, (struct conf_place){ r->main_name, 0 }, "without %s, %s",
		                rows[i].name, rows[i].here);
		conf_as_squid(r, "%s", rows[i].squid);
	}
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
	case CONF_UNBUILT_HARMLESS:
		return "unbuilt";
	case CONF_REFUSED:
		return "refused";
	}
	UNREACHABLE("state of a directive");
}
