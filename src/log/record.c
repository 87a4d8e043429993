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
