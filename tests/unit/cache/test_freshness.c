/*
 * Freshness: what may be served, and what must be asked about first. Where a case names no RFC it
 * is about what Squid's documentation of refresh_pattern and its neighbours says.
 */
#include "tests/unit/cache/rules.h"

#include "cache/freshness.h"

#define FRESH   FRESHNESS_FRESH
#define STALE   FRESHNESS_STALE_ALLOWED
#define SWR     FRESHNESS_SERVE_AND_REVALIDATE
#define ASK     FRESHNESS_REVALIDATE
#define RELOAD  FRESHNESS_RELOAD
#define TIMEOUT FRESHNESS_GATEWAY_TIMEOUT
#define BY(r)   FRESHNESS_BY_##r

#define DATE "Date: @0@\n"
/* Modified 1000 s before: fresh for 200 s by the percentage that holds without a rule. */
#define MODIFIED DATE "Last-Modified: @-1000@\n"

static const struct row {
	const char *name, *conf, *request, *stored;
	int64_t later_s; /* since it came, which was at RULES_NOW */
	enum freshness_verdict verdict;
	enum freshness_reason reason;
	bool on_error; /* may_serve_on_error */
} cases[] = {
	/* explicit lifetimes */
	{ "9111 4.2: fresh while the lifetime exceeds the age", "", "",
	  DATE "Cache-Control: max-age=60\n", 59, FRESH, BY(EXPLICIT), true },
	{ "9111 4.2: stale when the age has reached the lifetime", "", "",
	  DATE "Cache-Control: max-age=60\n", 60, ASK, BY(EXPIRED), true },
	{ "9111 4.2.1: s-maxage comes before max-age", "", "",
	  DATE "Cache-Control: max-age=60, s-maxage=600\n", 100, FRESH, BY(EXPLICIT), true },
	{ "9111 4.2.1: s-maxage comes before max-age, shorter", "", "",
	  DATE "Cache-Control: max-age=600, s-maxage=60\n", 100, ASK, BY(MUST_REVALIDATE), false },
	{ "9111 5.3: max-age comes before Expires", "", "",
	  DATE "Expires: @10@\nCache-Control: max-age=60\n", 30, FRESH, BY(EXPLICIT), true },
	{ "9111 5.3: max-age comes before Expires, shorter", "", "",
	  DATE "Expires: @100@\nCache-Control: max-age=5\n", 30, ASK, BY(EXPIRED), true },
	{ "9111 4.2.1: Expires less Date", "", "", DATE "Expires: @60@\n", 59, FRESH, BY(EXPLICIT),
	  true },
	{ "9111 4.2.1: Expires less Date is over", "", "", DATE "Expires: @60@\n", 60, ASK,
	  BY(EXPIRED), true },
	{ "9111 4.2.1: by the origin's clock, not by ours", "", "",
	  "Date: @1000@\nExpires: @1060@\n", 59, FRESH, BY(EXPLICIT), true },
	{ "9111 4.2.1: without Date, since it came", "", "", "Expires: @60@\n", 59, FRESH,
	  BY(EXPLICIT), true },
	{ "9111 5.3: Expires: 0 has passed", "", "", MODIFIED "Expires: 0\n", 0, ASK, BY(EXPIRED),
	  true },
	{ "9111 5.3: Expires: -1 has passed", "", "", MODIFIED "Expires: -1\n", 0, ASK, BY(EXPIRED),
	  true },
	{ "9111 5.3: Expires as a number of seconds has passed", "", "", DATE "Expires: 3600\n", 0,
	  ASK, BY(EXPIRED), true },
	{ "9111 5.3: an empty Expires has passed", "", "", DATE "Expires:\n", 0, ASK, BY(EXPIRED),
	  true },
	{ "9111 4.2.1: the least of several Expires", "", "",
	  DATE "Expires: @600@\nExpires: @10@\n", 30, ASK, BY(EXPIRED), true },
	{ "9111 4.2.1: a nonsense Expires beside a date", "", "",
	  DATE "Expires: @600@\nExpires: x\n", 30, ASK, BY(EXPIRED), true },
	{ "9111 4.2.1: Expires before Date", "", "", DATE "Expires: @-60@\n", 0, ASK, BY(EXPIRED),
	  true },
	{ "9110 5.6.7: Expires in RFC 850's form", "", "",
	  DATE "Expires: Sunday, 06-Nov-94 09:49:37 GMT\n", 3599, FRESH, BY(EXPLICIT), true },
	{ "9110 5.6.7: Expires in asctime's form", "", "",
	  DATE "Expires: Sun Nov  6 09:49:37 1994\n", 3599, FRESH, BY(EXPLICIT), true },
	{ "9111 4.2.1: nonsense max-age is stale", "", "", DATE "Cache-Control: max-age=1h\n", 0,
	  ASK, BY(EXPIRED), true },
	{ "9111 1.2.2: a lifetime of centuries", "", "",
	  DATE "Cache-Control: max-age=99999999999\n", 1000000, FRESH, BY(EXPLICIT), true },

	/* age */
	{ "9111 4.2.3: Age counts", "", "", DATE "Age: 50\nCache-Control: max-age=60\n", 9, FRESH,
	  BY(EXPLICIT), true },
	{ "9111 4.2.3: Age counts and it is stale", "", "",
	  DATE "Age: 50\nCache-Control: max-age=60\n", 10, ASK, BY(EXPIRED), true },
	{ "9111 4.2.3: apparent age by Date", "", "", "Date: @-50@\nCache-Control: max-age=60\n",
	  10, ASK, BY(EXPIRED), true },
	{ "9111 4.2.3: a Date in the future is no age", "", "",
	  "Date: @500@\nCache-Control: max-age=60\n", 59, FRESH, BY(EXPLICIT), true },
	{ "9111 4.2.3: the greater of Age and apparent age", "", "",
	  "Date: @-50@\nAge: 20\nCache-Control: max-age=60\n", 10, ASK, BY(EXPIRED), true },
	{ "9111 5.1: the first member of Age", "", "",
	  DATE "Age: 5, 100\nCache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.1: an Age that is no number is nothing", "", "",
	  DATE "Age: abc\nCache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.1: a negative Age is nothing", "", "",
	  DATE "Age: -10\nCache-Control: max-age=60\n", 59, FRESH, BY(EXPLICIT), true },
	{ "9111 1.2.2: an Age beyond 2^31", "", "",
	  DATE "Age: 99999999999999999999\nCache-Control: max-age=60\n", 0, ASK, BY(MAX_STALE),
	  false },
	{ "our clock was set back", "", "", DATE "Cache-Control: max-age=60\n", -100, FRESH,
	  BY(EXPLICIT), true },

	/* heuristics */
	{ "9111 4.2.2: a share of the time since it was modified", "", "", MODIFIED, 199, FRESH,
	  BY(HEURISTIC), true },
	{ "9111 4.2.2: and no longer", "", "", MODIFIED, 200, ASK, BY(HEURISTIC), true },
	{ "9111 4.2.2: not where a lifetime is given", "", "",
	  MODIFIED "Cache-Control: max-age=10\n", 20, ASK, BY(EXPIRED), true },
	{ "three days at most where no rule says more", "", "",
	  DATE "Last-Modified: Sun, 06 Nov 1983 08:49:37 GMT\n", 4320 * 60, FRESH, BY(HEURISTIC),
	  true },
	{ "three days at most where no rule says more, and then stale", "", "",
	  DATE "Last-Modified: Sun, 06 Nov 1983 08:49:37 GMT\n", 4320 * 60 + 1, ASK, BY(TOO_OLD),
	  true },
	{ "modified when it was sent: no share", "", "", DATE "Last-Modified: @0@\n", 0, ASK,
	  BY(NO_LIFETIME), true },
	{ "modified after it was sent: no share", "", "", DATE "Last-Modified: @10@\n", 0, ASK,
	  BY(NO_LIFETIME), true },
	{ "Last-Modified that is no date", "", "", DATE "Last-Modified: yesterday\n", 0, ASK,
	  BY(NO_LIFETIME), true },
	{ "nothing says how long", "", "", DATE, 0, ASK, BY(NO_LIFETIME), true },
	{ "the rule's percentage", "refresh_pattern . 0 50% 4320\n", "", MODIFIED, 499, FRESH,
	  BY(HEURISTIC), true },
	{ "a percentage beyond 100", "refresh_pattern . 0 300% 4320\n", "", MODIFIED, 2999, FRESH,
	  BY(HEURISTIC), true },
	{ "a percentage without its sign", "refresh_pattern . 0 50 4320\n", "", MODIFIED, 500, ASK,
	  BY(HEURISTIC), true },
	{ "the rule's minimum", "refresh_pattern . 10 20% 4320\n", "", DATE, 599, FRESH,
	  BY(MINIMUM), true },
	{ "the rule's minimum is over", "refresh_pattern . 10 20% 4320\n", "", DATE, 600, ASK,
	  BY(NO_LIFETIME), true },
	{ "the minimum is not for what was modified", "refresh_pattern . 10 20% 4320\n", "",
	  MODIFIED, 300, ASK, BY(HEURISTIC), true },
	{ "the maximum comes first", "refresh_pattern . 10 20% 5\n", "", DATE, 301, ASK,
	  BY(TOO_OLD), true },
	{ "the maximum is not for what is explicit", "refresh_pattern . 0 20% 1\n", "",
	  DATE "Cache-Control: max-age=600\n", 599, FRESH, BY(EXPLICIT), true },
	{ "the minimum is not for what is explicit", "refresh_pattern . 10 20% 4320\n", "",
	  DATE "Cache-Control: max-age=6\n", 7, ASK, BY(EXPIRED), true },
	{ "the first rule that matches",
	  "refresh_pattern \\.gif$ 0 0% 0\nrefresh_pattern h\\.example 10 "
	  "0% 10\nrefresh_pattern . 20 0% 20\n",
	  "", DATE, 601, ASK, BY(TOO_OLD), true },
	{ "no rule that matches", "refresh_pattern \\.gif$ 10 50% 10\n", "", MODIFIED, 199, FRESH,
	  BY(HEURISTIC), true },
	{ "a rule without regard to case", "refresh_pattern -i H\\.EXAMPLE 10 0% 10\n", "", DATE,
	  599, FRESH, BY(MINIMUM), true },
	{ "a rule with regard to case", "refresh_pattern H\\.EXAMPLE 10 0% 10\n", "", DATE, 599,
	  ASK, BY(NO_LIFETIME), true },

	/* what the reply demands */
	{ "9111 5.2.2.4: no-cache is asked about, fresh or not", "", "",
	  DATE "Cache-Control: no-cache, max-age=60\n", 0, ASK, BY(REPLY_NO_CACHE), false },
	{ "9111 5.2.2.4: no-cache with names of fields is not", "", "",
	  DATE "Cache-Control: no-cache=\"x-a\", max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.4: a reply's Pragma, where there is no Cache-Control", "", "",
	  DATE "Pragma: no-cache\nExpires: @60@\n", 0, ASK, BY(REPLY_NO_CACHE), false },
	{ "private, stored by ignore-private, is asked about",
	  "refresh_pattern . 0 20% 4320 ignore-private\n", "",
	  DATE "Cache-Control: private, max-age=60\n", 0, ASK, BY(REPLY_NO_CACHE), false },
	{ "9111 5.2.2.2: must-revalidate while it is fresh", "", "",
	  DATE "Cache-Control: must-revalidate, max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.2.2: must-revalidate when it is stale", "", "",
	  DATE "Cache-Control: must-revalidate, max-age=60\n", 60, ASK, BY(MUST_REVALIDATE),
	  false },
	{ "9111 5.2.2.8: proxy-revalidate when it is stale", "", "",
	  DATE "Cache-Control: proxy-revalidate, max-age=60\n", 60, ASK, BY(MUST_REVALIDATE),
	  false },
	{ "9111 5.2.2.10: s-maxage when it is stale", "", "", DATE "Cache-Control: s-maxage=60\n",
	  60, ASK, BY(MUST_REVALIDATE), false },
	{ "9111 5.2.2.2: max-stale does not lift must-revalidate", "", "Cache-Control: max-stale\n",
	  DATE "Cache-Control: must-revalidate, max-age=60\n", 60, ASK, BY(MUST_REVALIDATE),
	  false },
	{ "9111 5.2.2.10: max-stale does not lift s-maxage", "", "Cache-Control: max-stale\n",
	  DATE "Cache-Control: s-maxage=60\n", 60, ASK, BY(MUST_REVALIDATE), false },
	{ "9111 5.2.2.2: nor does override-expire",
	  "refresh_pattern . 10 20% 4320 override-expire\n", "",
	  DATE "Cache-Control: must-revalidate, max-age=60\n", 60, ASK, BY(MUST_REVALIDATE),
	  false },
	{ "9111 5.2.2.2: nor does stale-while-revalidate", "", "",
	  DATE "Cache-Control: must-revalidate, max-age=60, stale-while-revalidate=60\n", 60, ASK,
	  BY(MUST_REVALIDATE), false },

	/* what the request demands */
	{ "9111 5.2.1.4: no-cache", "", "Cache-Control: no-cache\n",
	  DATE "Cache-Control: max-age=60\n", 0, RELOAD, BY(REQUEST_NO_CACHE), false },
	{ "9111 5.4: Pragma: no-cache", "", "Pragma: no-cache\n",
	  DATE "Cache-Control: max-age=60\n", 0, RELOAD, BY(REQUEST_NO_CACHE), false },
	{ "9111 5.4: Pragma: no-cache beside Cache-Control", "",
	  "Pragma: no-cache\nCache-Control: max-age=10\n", DATE "Cache-Control: max-age=60\n", 0,
	  FRESH, BY(EXPLICIT), true },
	{ "reload_into_ims", "reload_into_ims on\n", "Cache-Control: no-cache\n",
	  DATE "Cache-Control: max-age=60\n", 0, ASK, BY(RELOAD_INTO_IMS), true },
	{ "reload-into-ims", "refresh_pattern . 0 20% 4320 reload-into-ims\n",
	  "Cache-Control: no-cache\n", DATE "Cache-Control: max-age=60\n", 0, ASK,
	  BY(RELOAD_INTO_IMS), true },
	{ "reload-into-ims of another rule", "refresh_pattern gif 0 20% 4320 reload-into-ims\n",
	  "Cache-Control: no-cache\n", DATE "Cache-Control: max-age=60\n", 0, RELOAD,
	  BY(REQUEST_NO_CACHE), false },
	{ "ignore-reload", "refresh_pattern . 0 20% 4320 ignore-reload\n",
	  "Cache-Control: no-cache\n", DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT),
	  true },
	{ "ignore-reload comes before reload_into_ims",
	  "reload_into_ims on\nrefresh_pattern . 0 20% 4320 ignore-reload\n", "Pragma: no-cache\n",
	  DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "ignore-reload does not make it fresh", "refresh_pattern . 0 20% 4320 ignore-reload\n",
	  "Cache-Control: no-cache\n", DATE "Cache-Control: max-age=60\n", 60, ASK, BY(EXPIRED),
	  true },
	{ "9111 5.2.1.1: max-age that it exceeds", "", "Cache-Control: max-age=10\n",
	  DATE "Cache-Control: max-age=60\n", 11, ASK, BY(REQUEST_MAX_AGE), true },
	{ "9111 5.2.1.1: max-age that it does not exceed", "", "Cache-Control: max-age=10\n",
	  DATE "Cache-Control: max-age=60\n", 10, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.1.1: max-age and Age", "", "Cache-Control: max-age=10\n",
	  DATE "Age: 20\nCache-Control: max-age=60\n", 0, ASK, BY(REQUEST_MAX_AGE), true },
	{ "max-age=0 asks always", "", "Cache-Control: max-age=0\n",
	  DATE "Cache-Control: max-age=60\n", 0, ASK, BY(REQUEST_MAX_AGE), true },
	{ "nonsense max-age asks", "", "Cache-Control: max-age=now\n",
	  DATE "Cache-Control: max-age=60\n", 0, ASK, BY(REQUEST_MAX_AGE), true },
	{ "ignore-reload and max-age=0", "refresh_pattern . 0 20% 4320 ignore-reload\n",
	  "Cache-Control: max-age=0\n", DATE "Cache-Control: max-age=60\n", 5, FRESH, BY(EXPLICIT),
	  true },
	{ "ignore-reload and another max-age", "refresh_pattern . 0 20% 4320 ignore-reload\n",
	  "Cache-Control: max-age=1\n", DATE "Cache-Control: max-age=60\n", 5, ASK,
	  BY(REQUEST_MAX_AGE), true },
	{ "8246 2: immutable and max-age=0", "", "Cache-Control: max-age=0\n",
	  DATE "Cache-Control: max-age=60, immutable\n", 5, FRESH, BY(EXPLICIT), true },
	{ "8246 2: immutable and no-cache", "", "Cache-Control: no-cache\n",
	  DATE "Cache-Control: max-age=60, immutable\n", 5, RELOAD, BY(REQUEST_NO_CACHE), false },
	{ "8246 2: immutable when it is stale", "", "",
	  DATE "Cache-Control: max-age=60, immutable\n", 60, ASK, BY(EXPIRED), true },
	{ "9111 5.2.1.2: max-stale", "", "Cache-Control: max-stale=10\n",
	  DATE "Cache-Control: max-age=60\n", 70, STALE, BY(REQUEST_MAX_STALE), true },
	{ "9111 5.2.1.2: staler than max-stale", "", "Cache-Control: max-stale=10\n",
	  DATE "Cache-Control: max-age=60\n", 71, ASK, BY(EXPIRED), true },
	{ "9111 5.2.1.2: max-stale without a number", "", "Cache-Control: max-stale\n",
	  DATE "Cache-Control: max-age=60\n", 100000, STALE, BY(REQUEST_MAX_STALE), true },
	{ "9111 5.2.1.2: max-stale of what is fresh", "", "Cache-Control: max-stale\n",
	  DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.1.1: max-age with max-stale", "", "Cache-Control: max-age=100, max-stale=50\n",
	  DATE "Cache-Control: max-age=60\n", 90, STALE, BY(REQUEST_MAX_STALE), true },
	{ "9111 5.2.1.3: min-fresh that is met", "", "Cache-Control: min-fresh=10\n",
	  DATE "Cache-Control: max-age=60\n", 49, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.1.3: min-fresh that is not", "", "Cache-Control: min-fresh=10\n",
	  DATE "Cache-Control: max-age=60\n", 50, ASK, BY(REQUEST_MIN_FRESH), true },
	{ "9111 5.2.1.3: min-fresh and heuristics", "", "Cache-Control: min-fresh=10\n", MODIFIED,
	  190, ASK, BY(REQUEST_MIN_FRESH), true },
	{ "9111 5.2.1.3: min-fresh and must-revalidate", "", "Cache-Control: min-fresh=10\n",
	  DATE "Cache-Control: max-age=60, must-revalidate\n", 50, ASK, BY(MUST_REVALIDATE), true },
	{ "9111 5.2.1.3: min-fresh is no age", "", "Cache-Control: min-fresh=10, max-age=20\n",
	  DATE "Cache-Control: max-age=60\n", 15, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.1.5: no-store may be served", "", "Cache-Control: no-store\n",
	  DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.1.7: only-if-cached and fresh", "", "Cache-Control: only-if-cached\n",
	  DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT), true },
	{ "9111 5.2.1.7: only-if-cached and stale", "", "Cache-Control: only-if-cached\n",
	  DATE "Cache-Control: max-age=60\n", 60, TIMEOUT, BY(EXPIRED), true },
	{ "9111 5.2.1.7: only-if-cached and max-stale", "",
	  "Cache-Control: only-if-cached, max-stale\n", DATE "Cache-Control: max-age=60\n", 60,
	  STALE, BY(REQUEST_MAX_STALE), true },
	{ "9111 5.2.1.7: only-if-cached and no-cache", "",
	  "Cache-Control: only-if-cached, no-cache\n", DATE "Cache-Control: max-age=60\n", 0,
	  TIMEOUT, BY(REQUEST_NO_CACHE), false },
	{ "refresh_all_ims", "refresh_all_ims on\n", "If-Modified-Since: @-5@\n",
	  DATE "Cache-Control: max-age=60\n", 0, ASK, BY(REQUEST_IMS), true },
	{ "refresh_all_ims without If-Modified-Since", "refresh_all_ims on\n",
	  "If-None-Match: \"a\"\n", DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT),
	  true },
	{ "refresh-ims", "refresh_pattern . 0 20% 4320 refresh-ims\n", "If-Modified-Since: @-5@\n",
	  DATE "Cache-Control: max-age=60\n", 0, ASK, BY(REQUEST_IMS), true },
	{ "refresh-ims of another rule", "refresh_pattern gif 0 20% 4320 refresh-ims\n",
	  "If-Modified-Since: @-5@\n", DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(EXPLICIT),
	  true },

	/* what the configuration bends */
	{ "override-expire", "refresh_pattern . 10 20% 4320 override-expire\n", "",
	  DATE "Cache-Control: max-age=6\n", 599, FRESH, BY(OVERRIDE_EXPIRE), true },
	{ "override-expire no longer than the minimum",
	  "refresh_pattern . 10 20% 4320 override-expire\n", "", DATE "Cache-Control: max-age=6\n",
	  600, ASK, BY(EXPIRED), true },
	{ "override-expire does not lift no-cache",
	  "refresh_pattern . 10 20% 4320 override-expire\n", "",
	  DATE "Cache-Control: max-age=6, no-cache\n", 0, ASK, BY(REPLY_NO_CACHE), false },
	{ "override-expire does not lift a reload",
	  "refresh_pattern . 10 20% 4320 override-expire\n", "Cache-Control: no-cache\n",
	  DATE "Cache-Control: max-age=6\n", 7, RELOAD, BY(REQUEST_NO_CACHE), false },
	{ "override-lastmod", "refresh_pattern . 10 20% 4320 override-lastmod\n", "", MODIFIED, 599,
	  FRESH, BY(OVERRIDE_LASTMOD), true },
	{ "override-lastmod is not for what is explicit",
	  "refresh_pattern . 10 20% 4320 override-lastmod\n", "",
	  MODIFIED "Cache-Control: max-age=6\n", 7, ASK, BY(EXPIRED), true },
	{ "override-expire is not for the percentage",
	  "refresh_pattern . 10 20% 4320 override-expire\n", "", MODIFIED, 300, ASK, BY(HEURISTIC),
	  true },
	{ "no override beyond the maximum",
	  "refresh_pattern . 10 20% 1 override-lastmod override-expire\n", "", MODIFIED, 61, ASK,
	  BY(TOO_OLD), true },
	{ "max_stale", "max_stale 1 minute\n", "", DATE "Cache-Control: max-age=60\n", 121, ASK,
	  BY(MAX_STALE), false },
	{ "not staler than max_stale", "max_stale 1 minute\n", "",
	  DATE "Cache-Control: max-age=60\n", 120, ASK, BY(EXPIRED), true },
	{ "a week without max_stale", "", "", DATE "Cache-Control: max-age=60\n", 604861, ASK,
	  BY(MAX_STALE), false },
	{ "max-stale= of the rule", "refresh_pattern . 0 20% 4320 max-stale=10\n", "",
	  DATE "Cache-Control: max-age=60\n", 71, ASK, BY(MAX_STALE), false },
	{ "max-stale=0 of the rule", "refresh_pattern . 0 20% 4320 max-stale=0\n", "",
	  DATE "Cache-Control: max-age=60\n", 61, ASK, BY(MAX_STALE), false },
	{ "max-stale= blocks the overrides",
	  "refresh_pattern . 10 20% 4320 override-expire max-stale=10\n", "",
	  DATE "Cache-Control: max-age=60\n", 71, ASK, BY(MAX_STALE), false },
	{ "the request's max-stale comes before max_stale", "max_stale 1 second\n",
	  "Cache-Control: max-stale\n", DATE "Cache-Control: max-age=60\n", 100, STALE,
	  BY(REQUEST_MAX_STALE), false },
	{ "offline_mode", "offline_mode on\n", "", DATE "Cache-Control: max-age=60\n", 1000, STALE,
	  BY(OFFLINE), true },
	{ "offline_mode and a reload", "offline_mode on\n", "Cache-Control: no-cache\n",
	  DATE "Cache-Control: max-age=60\n", 0, FRESH, BY(OFFLINE), true },
	{ "offline_mode and no-cache", "offline_mode on\n", "", DATE "Cache-Control: no-cache\n",
	  1000, STALE, BY(OFFLINE), false },
	{ "vary_ignore_expire", "vary_ignore_expire on\n", "",
	  MODIFIED "Expires: @0@\nVary: Accept\n", 100, FRESH, BY(HEURISTIC), true },
	{ "vary_ignore_expire without Vary", "vary_ignore_expire on\n", "",
	  MODIFIED "Expires: @0@\n", 100, ASK, BY(EXPIRED), true },
	{ "vary_ignore_expire and a later Expires", "vary_ignore_expire on\n", "",
	  MODIFIED "Expires: @10@\nVary: Accept\n", 100, ASK, BY(EXPIRED), true },

	/* RFC 5861 */
	{ "5861 3: stale-while-revalidate", "", "",
	  DATE "Cache-Control: max-age=60, stale-while-revalidate=30\n", 90, SWR,
	  BY(STALE_WHILE_REVALIDATE), true },
	{ "5861 3: staler than stale-while-revalidate", "", "",
	  DATE "Cache-Control: max-age=60, stale-while-revalidate=30\n", 91, ASK, BY(EXPIRED),
	  true },
	{ "5861 3: fresh", "", "", DATE "Cache-Control: max-age=60, stale-while-revalidate=30\n",
	  30, FRESH, BY(EXPLICIT), true },
	{ "5861 3: not for a request that names an age (9111 5.2.1.1)", "",
	  "Cache-Control: max-age=3600\n",
	  DATE "Cache-Control: max-age=60, stale-while-revalidate=30\n", 70, ASK, BY(EXPIRED),
	  true },
	{ "5861 3: not for a reload", "", "Cache-Control: no-cache\n",
	  DATE "Cache-Control: max-age=60, stale-while-revalidate=30\n", 70, RELOAD,
	  BY(REQUEST_NO_CACHE), false },
	{ "5861 3: within max_stale", "max_stale 5 seconds\n", "",
	  DATE "Cache-Control: max-age=60, stale-while-revalidate=30\n", 70, ASK, BY(MAX_STALE),
	  false },
	{ "5861 4: stale-if-error", "", "", DATE "Cache-Control: max-age=60, stale-if-error=30\n",
	  90, ASK, BY(EXPIRED), true },
	{ "5861 4: staler than stale-if-error", "", "",
	  DATE "Cache-Control: max-age=60, stale-if-error=30\n", 91, ASK, BY(EXPIRED), false },
	{ "5861 4: the request's stale-if-error", "", "Cache-Control: stale-if-error=10\n",
	  DATE "Cache-Control: max-age=60\n", 71, ASK, BY(EXPIRED), false },
	{ "5861 4: stale-if-error does not lift must-revalidate", "", "",
	  DATE "Cache-Control: max-age=60, stale-if-error=30, must-revalidate\n", 61, ASK,
	  BY(MUST_REVALIDATE), false },
};

static void ask(const struct row *row, unsigned flags, uint32_t ttl_s, struct freshness *f)
{
	const struct cobj_meta meta = { .request_s = RULES_NOW,
		                        .response_s = RULES_NOW,
		                        .status = 200,
		                        .flags = (uint16_t)flags,
		                        .ttl_s = ttl_s };
	struct rules r;

	rules_init(&r, row->conf);
	ck_assert_str_eq(strstr(rules_findings(&r), "error") != NULL ? rules_findings(&r) : "", "");
	const struct freshness_question q = { .conf = &r.conf,
		                              .url = SPAN("http://h.example/"),
		                              .request = rules_request(&r, "GET", row->request),
		                              .stored = rules_reply(&r, 200, row->stored),
		                              .meta = &meta,
		                              .now_s = RULES_NOW + row->later_s };

	freshness_check(&q, f);
	rules_fini(&r);
}

START_TEST(is_decided)
{
	const struct row *row = &cases[_i];
	struct freshness f;

	ask(row, 0, 0, &f);
	ck_assert_msg(f.verdict == row->verdict && f.reason == row->reason,
	              "%s: verdict %d (want %d) since %s (want %s); age %lld, lifetime %lld",
	              row->name, (int)f.verdict, (int)row->verdict, freshness_reason_text(f.reason),
	              freshness_reason_text(row->reason), (long long)f.age_s,
	              (long long)f.lifetime_s);
	ck_assert_msg(f.may_serve_on_error == row->on_error, "%s: on error: %d", row->name,
	              f.may_serve_on_error);
}
END_TEST

/* What the store notes beside the head. */
static const struct {
	struct row row;
	unsigned flags;
} marked[] = {
	{ { "marked stale", "", "", DATE "Cache-Control: max-age=60\n", 0, ASK, BY(MARKED_STALE),
	    false },
	  COBJ_IS_STALE },
	{ { "marked stale, whatever the request takes", "", "Cache-Control: max-stale\n",
	    DATE "Cache-Control: max-age=60\n", 0, ASK, BY(MARKED_STALE), false },
	  COBJ_IS_STALE },
	{ { "negative_ttl", "", "", DATE, 29, FRESH, BY(NEGATIVE), false }, COBJ_NEGATIVE },
	{ { "negative_ttl is over", "", "", DATE, 30, RELOAD, BY(NEGATIVE_EXPIRED), false },
	  COBJ_NEGATIVE },
	{ { "negative_ttl since it came, whatever Date says", "", "", "Date: @-500@\n", 29, FRESH,
	    BY(NEGATIVE), false },
	  COBJ_NEGATIVE },
	{ { "negative_ttl and a reload", "", "Cache-Control: no-cache\n", DATE, 1, RELOAD,
	    BY(REQUEST_NO_CACHE), false },
	  COBJ_NEGATIVE },
	{ { "negative_ttl is over, only-if-cached", "", "Cache-Control: only-if-cached\n", DATE, 30,
	    TIMEOUT, BY(NEGATIVE_EXPIRED), false },
	  COBJ_NEGATIVE },
	{ { "an error marked stale", "", "", DATE, 1, RELOAD, BY(NEGATIVE_EXPIRED), false },
	  COBJ_NEGATIVE | COBJ_IS_STALE },
};

START_TEST(marks_count)
{
	const struct row *row = &marked[_i].row;
	struct freshness f;

	ask(row, marked[_i].flags, 30, &f);
	ck_assert_msg(f.verdict == row->verdict && f.reason == row->reason &&
	                      f.may_serve_on_error == row->on_error,
	              "%s: verdict %d since %s", row->name, (int)f.verdict,
	              freshness_reason_text(f.reason));
}
END_TEST

static const struct {
	const char *name, *stored;
	int64_t request_s, response_s, now_s, age_s; /* since RULES_NOW */
} ages[] = {
	{ "9111 4.2.3: resident time", DATE, 0, 0, 70, 70 },
	{ "9111 4.2.3: response_delay counts with Age", DATE "Age: 10\n", -5, 0, 0, 15 },
	{ "9111 4.2.3: response_delay counts without Age", DATE, -5, 0, 0, 5 },
	{ "9111 4.2.3: apparent_age", "Date: @-20@\n", 0, 0, 1, 21 },
	{ "9111 4.2.3: the greater one", "Date: @-20@\nAge: 30\n", -5, 0, 1, 36 },
	{ "9111 4.2.3: no Date", "Age: 3\n", 0, 0, 1, 4 },
	{ "9111 4.2.3: a Date that is none", "Date: today\n", 0, 0, 1, 1 },
	{ "a reply before its request", DATE "Age: 7\n", 10, 0, 0, 7 },
	{ "9111 1.2.2: no more than 2^31", DATE "Age: 2147483648\n", 0, 0, 100, INT64_C(1) << 31 },
	{ "9111 1.2.2: no more than 2^31, resident", DATE, 0, 0, INT64_C(1) << 40,
	  INT64_C(1) << 31 },
};

START_TEST(age_is_computed)
{
	struct freshness_times t;
	struct control c;
	struct rules r;

	rules_init(&r, "");
	const struct http_head *h = rules_reply(&r, 200, ages[_i].stored);

	control_parse(h, &c);
	freshness_read_times(h, &c, RULES_NOW + ages[_i].response_s, false, &t);
	const int64_t age =
		freshness_age(h, &t, RULES_NOW + ages[_i].request_s,
	                      RULES_NOW + ages[_i].response_s, RULES_NOW + ages[_i].now_s);

	ck_assert_msg(age == ages[_i].age_s, "%s: %lld", ages[_i].name, (long long)age);
	rules_fini(&r);
}
END_TEST

START_TEST(validators_are_told)
{
	const struct row rows[] = {
		{ .conf = "", .request = "", .stored = "ETag: \"a\"\n" },
		{ .conf = "", .request = "", .stored = "Last-Modified: @-1@\n" },
		{ .conf = "", .request = "", .stored = "Last-Modified: never\n" },
		{ .conf = "", .request = "", .stored = DATE },
	};
	struct freshness f;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ask(&rows[i], 0, 0, &f);
		ck_assert_int_eq(f.has_validator, i < 2);
	}
}
END_TEST

Suite *suite_freshness(void);
Suite *suite_freshness(void)
{
	Suite *s = suite_create("freshness");
	TCase *t = tcase_create("freshness");

	tcase_add_loop_test(t, is_decided, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, marks_count, 0, ARRAY_LEN(marked));
	tcase_add_loop_test(t, age_is_computed, 0, ARRAY_LEN(ages));
	tcase_add_test(t, validators_are_told);
	suite_add_tcase(s, t);
	return s;
}
