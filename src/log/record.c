/*
 * The words for a record's codes.
 */
#include "log/record.h"

static const char *const results[] = {
#define X(sym) #sym,
	LOG_RESULTS(X)
#undef X
};

static const char *const hiers[] = {
#define HIER(sym) #sym,
#include "base/hier.tbl.h"
#undef HIER
};

const char *log_result_text(enum log_result r)
{
	CHECK((unsigned)r < ARRAY_LEN(results));
	return results[r];
}

const char *log_hier_text(enum log_hier h)
{
	CHECK((unsigned)h < ARRAY_LEN(hiers));
	return hiers[h];
}
