/*
 * The words for a record's codes.
 */
#include "log/record.h"

static const struct span results[] = {
#define X(sym) SPAN(#sym),
	LOG_RESULTS(X)
#undef X
};

static const struct span hiers[] = {
#define HIER(sym) SPAN(#sym),
#include "base/hier.tbl.h"
#undef HIER
};

struct span log_result_span(enum log_result r)
{
	CHECK((unsigned)r < ARRAY_LEN(results));
	return results[r];
}

struct span log_hier_span(enum log_hier h)
{
	CHECK((unsigned)h < ARRAY_LEN(hiers));
	return hiers[h];
}

const char *log_result_text(enum log_result r)
{
	return log_result_span(r).p;
}

const char *log_hier_text(enum log_hier h)
{
	return log_hier_span(h).p;
}

bool log_result_is_hit(enum log_result r)
{
	switch (r) {
	case LOG_TCP_HIT:
	case LOG_TCP_MEM_HIT:
	case LOG_TCP_IMS_HIT:
	case LOG_TCP_INM_HIT:
	case LOG_TCP_NEGATIVE_HIT:
	case LOG_TCP_OFFLINE_HIT:
	case LOG_TCP_REFRESH_UNMODIFIED:
	case LOG_TCP_REFRESH_FAIL_OLD:
		return true;
	case LOG_NONE_NONE:
	case LOG_TCP_MISS:
	case LOG_TCP_REFRESH:
	case LOG_TCP_REFRESH_MODIFIED:
	case LOG_TCP_REFRESH_FAIL_ERR:
	case LOG_TCP_CLIENT_REFRESH_MISS:
	case LOG_TCP_SWAPFAIL_MISS:
	case LOG_TCP_DENIED:
	case LOG_TCP_DENIED_REPLY:
	case LOG_TCP_REDIRECT:
	case LOG_TCP_TUNNEL:
	case LOG_RESULT_N:
		break;
	}
	return false;
}
