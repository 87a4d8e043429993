/*
 * The facts' names, and what they are.
 */
#include "acl/facts.h"

const char *fact_name(enum fact f)
{
	static const char *const names[] = {
#define X(sym, name, text) name,
		FACTS(X)
#undef X
	};

	CHECK((unsigned)f < FACT_N);
	return names[f];
}

const char *fact_text(enum fact f)
{
	static const char *const texts[] = {
#define X(sym, name, text) text,
		FACTS(X)
#undef X
	};

	CHECK((unsigned)f < FACT_N);
	return texts[f];
}
