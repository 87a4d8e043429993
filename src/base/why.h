/*
 * Why something ended. All that is said about an ending (log suffix, status, page, sentence,
 * counter) comes from its row in why.tbl.h.
 */
#pragma once

#include "base/base.h"

enum why {
#define WHY(sym, page, status, suffix, is_error, type, text) WHY_##sym,
#include "base/why.tbl.h"
#undef WHY
	WHY_N
};

enum why_suffix { WHY_SUFFIX_NONE, WHY_SUFFIX_ABORTED, WHY_SUFFIX_TIMEDOUT };

struct why_row {
	const char *symbol; /* "DNS_FAIL": for traces and Proxy-Status details */
	const char *page;   /* Squid's name of the error page; NULL: nothing is sent */
	unsigned status;    /* HTTP status of that page; 0: nothing is sent */
	enum why_suffix suffix;
	bool is_error;            /* counts as a failure in statistics */
	const char *proxy_status; /* RFC 9209 2.3; NULL: no such field is sent */
	const char *sentence;     /* lower case, no full stop */
};

/* The row; never NULL. */
const struct why_row *why_row(enum why w);
