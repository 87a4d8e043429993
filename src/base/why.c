/*
 * The table of endings.
 */
#include "base/why.h"

const struct why_row *why_row(enum why w)
{
	static const struct why_row rows[] = {
#define WHY(sym, page, status, suffix, is_error, type, text)                                       \
	{ #sym, page, status, WHY_SUFFIX_##suffix, is_error, type, text },
#include "base/why.tbl.h"
#undef WHY
	};

	CHECK((unsigned)w < WHY_N);
	return &rows[w];
}
