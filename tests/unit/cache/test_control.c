/*
 * Cache-Control: what is written, and what it means.
 */
#include "tests/unit/cache/rules.h"

#include "cache/control.h"

#define BITS(c) ((c) | CONTROL_FIELD)

/* What must be set, and the number that goes with it. */
static const struct {
	const char *name, *fields;
	uint32_t bits;
	int64_t seconds; /* of the only number; -1: none */
} cases[] = {
	{ "no field", "", 0, -1 },
	{ "an empty field", "Cache-Control:\n", BITS(0), -1 },
	{ "9111 5.2: names have no case", "Cache-Control: NO-Store\n", BITS(CONTROL_NO_STORE), -1 },
	{ "9111 5.2: several in one line", "Cache-Control: public, must-revalidate ,, immutable\n",
	  BITS(CONTROL_PUBLIC | CONTROL_MUST_REVALIDATE | CONTROL_IMMUTABLE), -1 },
	{ "9110 5.3: several lines", "Cache-Control: public\nCache-Control: no-transform\n",
	  BITS(CONTROL_PUBLIC | CONTROL_NO_TRANSFORM), -1 },
	{ "9111 5.2: unknown ones are nothing", "Cache-Control: community=\"UCI, x\", foo\n",
	  BITS(0), -1 },
	{ "9111 5.2.3: within a quoted string there is no directive",
	  "Cache-Control: foo=\"no-store, max-age=1\"\n", BITS(0), -1 },
	{ "a quoted string that is not closed may hide anything",
	  "Cache-Control: foo=\"bar, max-age=10\n", BITS(CONTROL_NO_STORE), -1 },
	{ "9213: CDN-Cache-Control is left alone", "CDN-Cache-Control: no-store\n", 0, -1 },

	{ "9111 5.2.2.1: max-age", "Cache-Control: max-age=60\n", BITS(CONTROL_MAX_AGE), 60 },
	{ "9111 5.2: quoted as well", "Cache-Control: max-age=\"60\"\n", BITS(CONTROL_MAX_AGE),
	  60 },
	{ "9111 1.2.2: zeros in front", "Cache-Control: max-age=0060\n", BITS(CONTROL_MAX_AGE),
	  60 },
	{ "9111 1.2.2: more than 2^31 is 2^31", "Cache-Control: max-age=2147483649\n",
	  BITS(CONTROL_MAX_AGE), CONTROL_SECONDS_MAX },
	{ "9111 1.2.2: more than 2^64 is 2^31", "Cache-Control: max-age=99999999999999999999999\n",
	  BITS(CONTROL_MAX_AGE), CONTROL_SECONDS_MAX },
	{ "9111 4.2.1: the least of several", "Cache-Control: max-age=60, max-age=10, max-age=99\n",
	  BITS(CONTROL_MAX_AGE), 10 },
	{ "9111 4.2.1: the least, over several lines",
	  "Cache-Control: max-age=60\nCache-Control: max-age=10\n", BITS(CONTROL_MAX_AGE), 10 },
	{ "9111 4.2.1: no number is stale", "Cache-Control: max-age=abc\n", BITS(CONTROL_MAX_AGE),
	  0 },
	{ "9111 4.2.1: negative is stale", "Cache-Control: max-age=-60\n", BITS(CONTROL_MAX_AGE),
	  0 },
	{ "9111 4.2.1: a fraction is stale", "Cache-Control: max-age=60.0\n", BITS(CONTROL_MAX_AGE),
	  0 },
	{ "9111 4.2.1: missing is stale", "Cache-Control: max-age\n", BITS(CONTROL_MAX_AGE), 0 },
	{ "9111 4.2.1: empty is stale", "Cache-Control: max-age=\n", BITS(CONTROL_MAX_AGE), 0 },
	{ "9111 4.2.1: single quotes are no quotes", "Cache-Control: max-age='60'\n",
	  BITS(CONTROL_MAX_AGE), 0 },
	{ "9111 5.2: no blank before =", "Cache-Control: max-age =60\n", BITS(CONTROL_MAX_AGE), 0 },
	{ "9111 5.2: no blank behind =", "Cache-Control: max-age= 60\n", BITS(CONTROL_MAX_AGE), 0 },
	{ "9111 4.2.1: nonsense beside a number", "Cache-Control: max-age=60, max-age=x\n",
	  BITS(CONTROL_MAX_AGE), 0 },
	{ "9111 5.2.2.10: s-maxage", "Cache-Control: s-maxage=60\n", BITS(CONTROL_S_MAXAGE), 60 },
	{ "9111 5.2.2.10: the least s-maxage", "Cache-Control: s-maxage=60, s-maxage=7\n",
	  BITS(CONTROL_S_MAXAGE), 7 },
	{ "a name that only begins so", "Cache-Control: max-agex=60, xmax-age=60\n", BITS(0), -1 },

	{ "9111 5.2.1.2: max-stale with a number", "Cache-Control: max-stale=60\n",
	  BITS(CONTROL_MAX_STALE), 60 },
	{ "9111 5.2.1.2: max-stale alone", "Cache-Control: max-stale\n", BITS(CONTROL_MAX_STALE),
	  INT64_MAX },
	{ "max-stale: the least permission", "Cache-Control: max-stale, max-stale=60\n",
	  BITS(CONTROL_MAX_STALE), 60 },
	{ "max-stale: the least permission, in the other order",
	  "Cache-Control: max-stale=60, max-stale\n", BITS(CONTROL_MAX_STALE), 60 },
	{ "max-stale: nonsense permits nothing", "Cache-Control: max-stale=x\n", BITS(0), -1 },
	{ "9111 5.2.1.3: min-fresh", "Cache-Control: min-fresh=60\n", BITS(CONTROL_MIN_FRESH), 60 },
	{ "min-fresh: the greatest demand", "Cache-Control: min-fresh=6, min-fresh=60\n",
	  BITS(CONTROL_MIN_FRESH), 60 },
	{ "min-fresh: nonsense demands nothing", "Cache-Control: min-fresh\n", BITS(0), -1 },
	{ "5861 3: stale-while-revalidate", "Cache-Control: stale-while-revalidate=60\n",
	  BITS(CONTROL_STALE_WHILE_REVALIDATE), 60 },
	{ "5861 3: nonsense permits nothing", "Cache-Control: stale-while-revalidate=x\n", BITS(0),
	  -1 },
	{ "5861 3: the least permission",
	  "Cache-Control: stale-while-revalidate=60, stale-while-revalidate=6\n",
	  BITS(CONTROL_STALE_WHILE_REVALIDATE), 6 },
	{ "5861 4: stale-if-error", "Cache-Control: stale-if-error=60\n",
	  BITS(CONTROL_STALE_IF_ERROR), 60 },
	{ "5861 4: nonsense permits nothing", "Cache-Control: stale-if-error\n",
	  BITS(CONTROL_STALE_IF_ERROR), 0 },

	{ "9111 5.2.2.4: no-cache", "Cache-Control: no-cache\n", BITS(CONTROL_NO_CACHE), -1 },
	{ "9111 5.2.2.4: no-cache with names", "Cache-Control: no-cache=\"set-cookie, x-a\"\n",
	  BITS(CONTROL_NO_CACHE_OF), -1 },
	{ "9111 5.2.2.4: a name as a token", "Cache-Control: no-cache=x-a\n",
	  BITS(CONTROL_NO_CACHE_OF), -1 },
	{ "9111 5.2.2.4: with and without names", "Cache-Control: no-cache=x-a, no-cache\n",
	  BITS(CONTROL_NO_CACHE | CONTROL_NO_CACHE_OF), -1 },
	{ "9111 5.2.2.4: no names within the quotes", "Cache-Control: no-cache=\"\"\n",
	  BITS(CONTROL_NO_CACHE), -1 },
	{ "9111 5.2.2.4: what is no name", "Cache-Control: no-cache=\"x y\"\n",
	  BITS(CONTROL_NO_CACHE), -1 },
	{ "9111 5.2.2.4: a field that the reply cannot do without",
	  "Cache-Control: no-cache=\"x-a, content-type\"\n", BITS(CONTROL_NO_CACHE), -1 },
	{ "9111 5.2.2.7: private", "Cache-Control: private\n", BITS(CONTROL_PRIVATE), -1 },
	{ "9111 5.2.2.7: private with names", "Cache-Control: private=\"x-a\"\n",
	  BITS(CONTROL_PRIVATE_OF), -1 },
	{ "9111 5.2.2.7: private of Cache-Control itself", "Cache-Control: private=cache-control\n",
	  BITS(CONTROL_PRIVATE), -1 },
	{ "more lists than are kept: all of it",
	  "Cache-Control: private=a, private=b, private=c, private=d, private=e\n",
	  BITS(CONTROL_PRIVATE | CONTROL_PRIVATE_OF), -1 },
	{ "as many names as are compared",
	  "Cache-Control: "
	  "private=\"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\"\n",
	  BITS(CONTROL_PRIVATE_OF), -1 },
	{ "one more: all of it",
	  "Cache-Control: "
	  "private=\"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\"\n",
	  BITS(CONTROL_PRIVATE), -1 },
	{ "9111 5.2.2.5: no-store with an argument is no-store", "Cache-Control: no-store=0\n",
	  BITS(CONTROL_NO_STORE), -1 },
	{ "9111 5.2.2.9: public with an argument is nothing", "Cache-Control: public=1\n", BITS(0),
	  -1 },
	{ "8246: immutable with an argument is nothing", "Cache-Control: immutable=1\n", BITS(0),
	  -1 },
	{ "9111 5.2.2.3: must-understand", "Cache-Control: must-understand, no-store\n",
	  BITS(CONTROL_MUST_UNDERSTAND | CONTROL_NO_STORE), -1 },
	{ "9111 5.2.2.8: proxy-revalidate", "Cache-Control: proxy-revalidate\n",
	  BITS(CONTROL_PROXY_REVALIDATE), -1 },
	{ "9111 5.2.1.7: only-if-cached", "Cache-Control: only-if-cached\n",
	  BITS(CONTROL_ONLY_IF_CACHED), -1 },

	{ "9111 5.4: Pragma where there is no Cache-Control", "Pragma: no-cache\n",
	  CONTROL_NO_CACHE, -1 },
	{ "9111 5.4: Pragma among others", "Pragma: x, No-Cache\n", CONTROL_NO_CACHE, -1 },
	{ "9111 5.4: Pragma beside Cache-Control is nothing",
	  "Pragma: no-cache\nCache-Control: max-age=5\n", BITS(CONTROL_MAX_AGE), 5 },
	{ "9111 5.4: another Pragma", "Pragma: x=no-cache\n", 0, -1 },
};

START_TEST(is_read)
{
	struct control c;
	struct rules r;

	rules_init(&r, "");
	control_parse(rules_reply(&r, 200, cases[_i].fields), &c);
	ck_assert_msg(c.bits == cases[_i].bits, "%s: got %x, want %x", cases[_i].name, c.bits,
	              cases[_i].bits);
	const int64_t got = control_has(&c, CONTROL_MAX_AGE)     ? c.max_age_s
	                    : control_has(&c, CONTROL_S_MAXAGE)  ? c.s_maxage_s
	                    : control_has(&c, CONTROL_MAX_STALE) ? c.max_stale_s
	                    : control_has(&c, CONTROL_MIN_FRESH) ? c.min_fresh_s
	                    : control_has(&c, CONTROL_STALE_WHILE_REVALIDATE)
	                            ? c.stale_while_revalidate_s
	                    : control_has(&c, CONTROL_STALE_IF_ERROR) ? c.stale_if_error_s
	                                                              : -1;

	ck_assert_msg(got == cases[_i].seconds, "%s: got %lld", cases[_i].name, (long long)got);
	rules_fini(&r);
}
END_TEST

START_TEST(names_of_fields_are_found)
{
	struct control c;
	struct rules r;

	rules_init(&r, "");
	control_parse(
		rules_reply(&r, 200,
	                    "Cache-Control: private=\"X-A, x-b\", private=x-c, no-cache=x-d\n"),
		&c);
	ck_assert(control_names(&c.private_of, SPAN("x-a")));
	ck_assert(control_names(&c.private_of, SPAN("X-B")));
	ck_assert(control_names(&c.private_of, SPAN("x-c")));
	ck_assert(!control_names(&c.private_of, SPAN("x-d")));
	ck_assert(!control_names(&c.private_of, SPAN("x")));
	ck_assert(control_names(&c.no_cache_of, SPAN("x-d")));
	rules_fini(&r);
}
END_TEST

Suite *suite_control(void);
Suite *suite_control(void)
{
	Suite *s = suite_create("control");
	TCase *t = tcase_create("control");

	tcase_add_loop_test(t, is_read, 0, ARRAY_LEN(cases));
	tcase_add_test(t, names_of_fields_are_found);
	suite_add_tcase(s, t);
	return s;
}
