/*
 * Storability. Where a case names no RFC it is about what Squid's documentation says.
 */
#include "tests/unit/cache/rules.h"

#include "cache/storable.h"

#define NO       STORABLE_NO
#define YES      STORABLE_YES
#define NEGATIVE STORABLE_NEGATIVELY
#define BY(r)    STORABLE_BY_##r

#define DATE     "Date: @0@\n"
#define FRESH    DATE "Cache-Control: max-age=600\n"
#define MODIFIED DATE "Last-Modified: @-10000@\n"
#define AUTH     "Authorization: Basic eA==\n"

static const struct {
	const char *name, *conf, *method, *request;
	unsigned status;
	const char *reply;
	enum storable_verdict verdict;
	enum storable_reason reason;
} cases[] = {
	/* methods */
	{ "9111 3: GET", "", "GET", "", 200, FRESH, YES, BY(FRESH) },
	{ "9111 3: not HEAD", "", "HEAD", "", 200, FRESH, NO, BY(METHOD) },
	{ "9111 3: not POST", "", "POST", "", 200, FRESH, NO, BY(METHOD) },
	{ "9111 3: not PUT", "", "PUT", "", 200, FRESH, NO, BY(METHOD) },
	{ "9111 3: not OPTIONS", "", "OPTIONS", "", 200, FRESH, NO, BY(METHOD) },
	{ "9111 3: not what is not known", "", "BREW", "", 200, FRESH, NO, BY(METHOD) },

	/* no-store, private */
	{ "9111 5.2.1.5: the request's no-store", "", "GET", "Cache-Control: no-store\n", 200,
	  FRESH, NO, BY(REQUEST_NO_STORE) },
	{ "9111 5.2.1.4: the request's no-cache does not forbid it", "", "GET",
	  "Cache-Control: no-cache\n", 200, FRESH, YES, BY(FRESH) },
	{ "9111 5.2.2.5: no-store", "", "GET", "", 200,
	  DATE "Cache-Control: no-store, max-age=600\n", NO, BY(NO_STORE) },
	{ "9111 5.2.2.5: no-store in another line", "", "GET", "", 200,
	  FRESH "Cache-Control: no-store\n", NO, BY(NO_STORE) },
	{ "9111 5.2.2.5: no-store with public", "", "GET", "", 200,
	  DATE "Cache-Control: public, no-store, max-age=600\n", NO, BY(NO_STORE) },
	{ "9111 5.2.2.3: must-understand beside no-store, a known status", "", "GET", "", 200,
	  DATE "Cache-Control: must-understand, no-store, max-age=600\n", YES, BY(FRESH) },
	{ "9111 5.2.2.3: must-understand beside no-store, an unknown status", "", "GET", "", 299,
	  DATE "Cache-Control: must-understand, no-store, max-age=600\n", NO, BY(NOT_UNDERSTOOD) },
	{ "9111 5.2.2.3: must-understand, an unknown status", "", "GET", "", 299,
	  DATE "Cache-Control: must-understand, max-age=600\n", NO, BY(NOT_UNDERSTOOD) },
	{ "9111 5.2.2.3: must-understand does not lift the request's no-store", "", "GET",
	  "Cache-Control: no-store\n", 200,
	  DATE "Cache-Control: must-understand, no-store, max-age=600\n", NO,
	  BY(REQUEST_NO_STORE) },
	{ "9111 5.2.2.7: private", "", "GET", "", 200, DATE "Cache-Control: private, max-age=600\n",
	  NO, BY(PRIVATE) },
	{ "9111 5.2.2.7: private and public", "", "GET", "", 200,
	  DATE "Cache-Control: public, private, max-age=600\n", NO, BY(PRIVATE) },
	{ "9111 5.2.2.7: private with names", "", "GET", "", 200,
	  DATE "Cache-Control: private=\"x-a\", max-age=600\n", YES, BY(FRESH) },
	{ "9111 5.2.2.7: private with the name of what it is", "", "GET", "", 200,
	  DATE "Cache-Control: private=\"content-type\", max-age=600\n", NO, BY(PRIVATE) },
	{ "9111 5.2.2.7: private without names within the quotes", "", "GET", "", 200,
	  DATE "Cache-Control: private=\"\", max-age=600\n", NO, BY(PRIVATE) },
	{ "ignore-no-store", "refresh_pattern . 0 20% 4320 ignore-no-store\n", "GET", "", 200,
	  DATE "Cache-Control: no-store, max-age=600\n", YES, BY(FRESH) },
	{ "ignore-no-store is not about the request (Squid 5.7)",
	  "refresh_pattern . 0 20% 4320 ignore-no-store\n", "GET", "Cache-Control: no-store\n", 200,
	  FRESH, NO, BY(REQUEST_NO_STORE) },
	{ "ignore-no-store of another rule", "refresh_pattern gif 0 20% 4320 ignore-no-store\n",
	  "GET", "", 200, DATE "Cache-Control: no-store, max-age=600\n", NO, BY(NO_STORE) },
	{ "ignore-no-store is not for private", "refresh_pattern . 0 20% 4320 ignore-no-store\n",
	  "GET", "", 200, DATE "Cache-Control: private, max-age=600\n", NO, BY(PRIVATE) },
	{ "ignore-private, if it can be validated", "refresh_pattern . 0 20% 4320 ignore-private\n",
	  "GET", "", 200, MODIFIED "Cache-Control: private, max-age=600\n", YES, BY(VALIDATABLE) },
	{ "ignore-private, if it cannot", "refresh_pattern . 0 20% 4320 ignore-private\n", "GET",
	  "", 200, DATE "Cache-Control: private, max-age=600\n", NO, BY(SHORT_LIVED) },
	{ "ignore-private is not for no-store", "refresh_pattern . 0 20% 4320 ignore-private\n",
	  "GET", "", 200, DATE "Cache-Control: no-store, max-age=600\n", NO, BY(NO_STORE) },

	/* credentials */
	{ "9111 3.5: credentials", "", "GET", AUTH, 200, FRESH, NO, BY(AUTHORIZATION) },
	{ "9111 3.5: credentials, without Cache-Control", "", "GET", AUTH, 200, MODIFIED, NO,
	  BY(AUTHORIZATION) },
	{ "9111 3.5: credentials and public", "", "GET", AUTH, 200,
	  DATE "Cache-Control: public, max-age=600\n", YES, BY(FRESH) },
	{ "9111 3.5: credentials and must-revalidate", "", "GET", AUTH, 200,
	  DATE "Cache-Control: must-revalidate, max-age=600\n", YES, BY(FRESH) },
	{ "9111 3.5: credentials and s-maxage", "", "GET", AUTH, 200,
	  DATE "Cache-Control: s-maxage=600\n", YES, BY(FRESH) },
	{ "9111 3.5: credentials and proxy-revalidate", "", "GET", AUTH, 200,
	  DATE "Cache-Control: proxy-revalidate, max-age=600\n", NO, BY(AUTHORIZATION) },
	{ "credentials and no-cache", "", "GET", AUTH, 200, MODIFIED "Cache-Control: no-cache\n",
	  YES, BY(VALIDATABLE) },
	{ "credentials and Pragma", "", "GET", AUTH, 200, MODIFIED "Pragma: no-cache\n", NO,
	  BY(AUTHORIZATION) },
	{ "9111 3.5: those for this proxy are not meant", "", "GET",
	  "Proxy-Authorization: Basic eA==\n", 200, FRESH, YES, BY(FRESH) },
	{ "9111 3.5: cookies are not meant", "", "GET", "Cookie: a=b\n", 200, FRESH, YES,
	  BY(FRESH) },

	/* statuses */
	{ "9111 3.3: 206", "", "GET", "Range: bytes=0-1\n", 206,
	  FRESH "Content-Range: bytes 0-1/10\n", NO, BY(PARTIAL) },
	{ "9111 3: 304", "", "GET", "If-None-Match: \"a\"\n", 304, FRESH, NO, BY(STATUS) },
	{ "9111 3: 101", "", "GET", "", 101, FRESH, NO, BY(STATUS) },
	{ "9111 3: 401", "", "GET", "", 401, FRESH, NO, BY(STATUS) },
	{ "9111 3: 407", "", "GET", "", 407, FRESH, NO, BY(STATUS) },
	{ "9111 3: 412", "", "GET", "If-Match: \"a\"\n", 412, FRESH, NO, BY(STATUS) },
	{ "9111 3: 416", "", "GET", "Range: bytes=9-\n", 416, FRESH, NO, BY(STATUS) },
	{ "9111 3: 429", "", "GET", "", 429, FRESH, NO, BY(STATUS) },
	{ "9111 3: 200 to a range", "", "GET", "Range: bytes=0-1\n", 200, FRESH, YES, BY(FRESH) },
	{ "9111 4.2.2: 203 by heuristics", "", "GET", "", 203, MODIFIED, YES, BY(FRESH) },
	{ "9111 4.2.2: 300 by heuristics", "", "GET", "", 300, MODIFIED, YES, BY(FRESH) },
	{ "9111 4.2.2: 301 by heuristics", "", "GET", "", 301, MODIFIED, YES, BY(FRESH) },
	{ "9111 4.2.2: 308 by heuristics", "", "GET", "", 308, MODIFIED, YES, BY(FRESH) },
	{ "9111 4.2.2: 410 by heuristics", "", "GET", "", 410, MODIFIED, YES, BY(FRESH) },
	{ "9110 15.4.3: 302 only explicitly", "", "GET", "", 302, MODIFIED, NO, BY(NO_LIFETIME) },
	{ "9110 15.4.3: 302 explicitly", "", "GET", "", 302, FRESH, YES, BY(EXPLICIT) },
	{ "302 with Expires", "", "GET", "", 302, DATE "Expires: @1@\n", YES, BY(EXPLICIT) },
	{ "302 with Expires that is Date", "", "GET", "", 302, DATE "Expires: @0@\n", NO,
	  BY(EXPIRED) },
	{ "9110 15.4.8: 307 only explicitly", "", "GET", "", 307, MODIFIED, NO, BY(NO_LIFETIME) },
	{ "9110 15.4.8: 307 explicitly", "", "GET", "", 307, FRESH, YES, BY(EXPLICIT) },
	{ "9110 15.4.4: 303 explicitly", "", "GET", "", 303, FRESH, YES, BY(EXPLICIT) },
	{ "9111 3: an unknown status explicitly", "", "GET", "", 299, FRESH, YES, BY(EXPLICIT) },
	{ "9111 3: an unknown status without", "", "GET", "", 299, MODIFIED, NO, BY(NO_LIFETIME) },
	{ "9111 3: beyond all classes", "", "GET", "", 600, FRESH, NO, BY(STATUS) },
	{ "9111 3: 404 explicitly", "", "GET", "", 404, FRESH, YES, BY(EXPLICIT) },
	{ "9111 3: 404 that has expired", "", "GET", "", 404, DATE "Cache-Control: max-age=0\n", NO,
	  BY(EXPIRED) },
	{ "negative_ttl is off", "", "GET", "", 404, DATE, NO, BY(NO_LIFETIME) },
	{ "negative_ttl: 404", "negative_ttl 30 seconds\n", "GET", "", 404, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 204", "negative_ttl 30 seconds\n", "GET", "", 204, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 400", "negative_ttl 30 seconds\n", "GET", "", 400, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 403", "negative_ttl 30 seconds\n", "GET", "", 403, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 405", "negative_ttl 30 seconds\n", "GET", "", 405, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 414", "negative_ttl 30 seconds\n", "GET", "", 414, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 421", "negative_ttl 30 seconds\n", "GET", "", 421, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 500", "negative_ttl 30 seconds\n", "GET", "", 500, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl: 503", "negative_ttl 30 seconds\n", "GET", "", 503, DATE, NEGATIVE,
	  BY(NEGATIVE_TTL) },
	{ "negative_ttl is not for 302", "negative_ttl 30 seconds\n", "GET", "", 302, DATE, NO,
	  BY(NO_LIFETIME) },
	{ "negative_ttl is not for 401", "negative_ttl 30 seconds\n", "GET", "", 401, DATE, NO,
	  BY(STATUS) },
	{ "negative_ttl is not for 408", "negative_ttl 30 seconds\n", "GET", "", 408, DATE, NO,
	  BY(STATUS) },
	{ "negative_ttl comes after what the reply says", "negative_ttl 30 seconds\n", "GET", "",
	  404, FRESH, YES, BY(EXPLICIT) },
	{ "negative_ttl comes after what the reply says, expired", "negative_ttl 30 seconds\n",
	  "GET", "", 404, DATE "Expires: 0\n", NO, BY(EXPIRED) },
	{ "negative_ttl does not lift no-cache", "negative_ttl 30 seconds\n", "GET", "", 404,
	  DATE "Cache-Control: no-cache\n", NO, BY(NO_LIFETIME) },
	{ "negative_ttl does not lift no-store", "negative_ttl 30 seconds\n", "GET", "", 404,
	  DATE "Cache-Control: no-store\n", NO, BY(NO_STORE) },
	{ "negative_ttl and credentials", "negative_ttl 30 seconds\n", "GET", AUTH, 404, DATE, NO,
	  BY(AUTHORIZATION) },

	/* is it worth it? */
	{ "9111 3: nothing says how long, and no validator", "", "GET", "", 200, DATE, NO,
	  BY(SHORT_LIVED) },
	{ "9111 4.3: ETag alone", "", "GET", "", 200, DATE "ETag: \"a\"\n", YES, BY(VALIDATABLE) },
	{ "9111 4.3: a weak ETag alone", "", "GET", "", 200, DATE "ETag: W/\"a\"\n", YES,
	  BY(VALIDATABLE) },
	{ "9111 4.3: Last-Modified alone", "", "GET", "", 200, DATE "Last-Modified: @0@\n", YES,
	  BY(VALIDATABLE) },
	{ "Last-Modified that is no date", "", "GET", "", 200, DATE "Last-Modified: x\n", NO,
	  BY(SHORT_LIVED) },
	{ "9111 5.2.2.4: no-cache with a validator", "", "GET", "", 200,
	  DATE "ETag: \"a\"\nCache-Control: no-cache\n", YES, BY(VALIDATABLE) },
	{ "no-cache without a validator", "", "GET", "", 200,
	  DATE "Cache-Control: no-cache, max-age=600\n", NO, BY(SHORT_LIVED) },
	{ "9111 5.2.2.4: no-cache with names", "", "GET", "", 200,
	  DATE "Cache-Control: no-cache=\"x-a\", max-age=600\n", YES, BY(FRESH) },
	{ "expired with a validator", "", "GET", "", 200, MODIFIED "Expires: 0\n", YES,
	  BY(VALIDATABLE) },
	{ "expired with a validator but without a body", "", "GET", "", 200,
	  MODIFIED "Expires: 0\nContent-Length: 0\n", NO, BY(SHORT_LIVED) },
	{ "fresh without a body", "", "GET", "", 200, FRESH "Content-Length: 0\n", YES, BY(FRESH) },
	{ "fresh for longer than minimum_expiry_time", "", "GET", "", 200,
	  DATE "Cache-Control: max-age=61\n", YES, BY(FRESH) },
	{ "fresh for no longer than minimum_expiry_time, but it says so (Squid 5.7)", "", "GET", "",
	  200, DATE "Cache-Control: max-age=60\n", YES, BY(EXPLICIT) },
	{ "another minimum_expiry_time", "minimum_expiry_time 5 seconds\n", "GET", "", 200,
	  DATE "Cache-Control: max-age=6\n", YES, BY(FRESH) },
	{ "minimum_expiry_time and Age", "", "GET", "", 200,
	  DATE "Age: 550\nCache-Control: max-age=600\n", YES, BY(EXPLICIT) },
	{ "minimum_expiry_time and what was computed", "", "GET", "", 200,
	  DATE "Last-Modified: @-100@\nContent-Length: 0\n", NO, BY(SHORT_LIVED) },
	{ "store-stale", "refresh_pattern . 0 20% 4320 store-stale\n", "GET", "", 200, DATE, YES,
	  BY(STORE_STALE) },
	{ "store-stale is not for no-store", "refresh_pattern . 0 20% 4320 store-stale\n", "GET",
	  "", 200, DATE "Cache-Control: no-store\n", NO, BY(NO_STORE) },
	{ "the rule's minimum makes it last", "refresh_pattern . 10 20% 4320\n", "GET", "", 200,
	  DATE, YES, BY(FRESH) },
	{ "override-expire makes it last", "refresh_pattern . 10 20% 4320 override-expire\n", "GET",
	  "", 200, DATE "Expires: 0\n", YES, BY(FRESH) },
	{ "9111 5.2.2.2: must-revalidate", "", "GET", "", 200,
	  DATE "Cache-Control: max-age=600, must-revalidate\n", YES, BY(FRESH) },
	{ "9111 3: public alone says no lifetime", "", "GET", "", 200,
	  DATE "Cache-Control: public\n", NO, BY(SHORT_LIVED) },

	/* contents */
	{ "9111 4.1: Vary: *", "", "GET", "", 200, FRESH "Vary: *\n", NO, BY(VARY) },
	{ "9111 4.1: * among others", "", "GET", "", 200, FRESH "Vary: accept, *\n", NO, BY(VARY) },
	{ "9111 4.1: * in another line", "", "GET", "", 200, FRESH "Vary: accept\nVary: *\n", NO,
	  BY(VARY) },
	{ "9111 4.1: Vary", "", "GET", "", 200, FRESH "Vary: accept, cookie\n", YES, BY(FRESH) },
	{ "Vary of what is no name", "", "GET", "", 200, FRESH "Vary: a b\n", NO, BY(VARY) },
	{ "multipart/x-mixed-replace", "", "GET", "", 200,
	  FRESH "Content-Type: Multipart/X-Mixed-Replace;boundary=x\n", NO, BY(PUSH) },
	{ "multipart/mixed", "", "GET", "", 200, FRESH "Content-Type: multipart/mixed;boundary=x\n",
	  YES, BY(FRESH) },
	{ "Set-Cookie does not forbid it", "", "GET", "", 200, FRESH "Set-Cookie: a=b\n", YES,
	  BY(FRESH) },
	{ "9213: CDN-Cache-Control is left alone", "", "GET", "", 200,
	  FRESH "CDN-Cache-Control: no-store\n", YES, BY(FRESH) },
};

static void check(int i, bool added_credentials, struct storable *s)
{
	struct rules r;

	rules_init(&r, cases[i].conf);
	const struct storable_question q = {
		.conf = &r.conf,
		.url = SPAN("http://h.example/"),
		.request = rules_request(&r, cases[i].method, cases[i].request),
		.reply = rules_reply(&r, cases[i].status, cases[i].reply),
		.request_s = RULES_NOW,
		.response_s = RULES_NOW,
		.added_credentials = added_credentials,
	};

	storable_check(&q, s);
	const bool may = storable_request(q.request);

	ck_assert_msg(may == (s->reason != STORABLE_BY_METHOD &&
	                      s->reason != STORABLE_BY_REQUEST_NO_STORE),
	              "%s: of the request alone: %d", cases[i].name, may);
	rules_fini(&r);
}

START_TEST(is_decided)
{
	struct storable s;

	check(_i, false, &s);
	ck_assert_msg(s.verdict == cases[_i].verdict && s.reason == cases[_i].reason,
	              "%s: verdict %d since %s", cases[_i].name, (int)s.verdict,
	              storable_reason_text(s.reason));
	ck_assert_msg(s.ttl_s == (s.verdict == NEGATIVE ? 30 : 0), "%s", cases[_i].name);
}
END_TEST

/* RFC 9111 3.5, where the proxy itself added them (cache_peer login=). */
START_TEST(added_credentials_count)
{
	struct storable s;

	check(0, true, &s);
	ck_assert_int_eq(s.verdict, NO);
	ck_assert_int_eq(s.reason, STORABLE_BY_AUTHORIZATION);
}
END_TEST

static const struct {
	const char *name, *reply, *kept;
} heads[] = {
	{ "9111 3.1: all but what is for one hop",
	  "Connection: close, X-Hop\nX-Hop: 1\nKeep-Alive: 5\nUpgrade: x\nProxy-Connection: "
	  "close\nX-A: b\n",
	  "X-A: b\n" },
	{ "9111 3.1: framing of the message", "Transfer-Encoding: chunked\nTrailer: x\nX-A: b\n",
	  "X-A: b\n" },
	{ "9111 3.1: fields of the proxy",
	  "Proxy-Authenticate: Basic\nProxy-Authentication-Info: x\nProxy-Authorization: x\nX-A: "
	  "b\n",
	  "X-A: b\n" },
	{ "9111 5.2.2.7: what private names", "X-A: 1\nX-B: 2\nCache-Control: private=\"x-a\"\n",
	  "X-B: 2\nCache-Control: private=\"x-a\"\n" },
	{ "9111 5.2.2.4: what no-cache names", "X-A: 1\nx-a: 2\nCache-Control: no-cache=X-A\n",
	  "Cache-Control: no-cache=X-A\n" },
	{ "cookies", "Set-Cookie: a=b\nSet-Cookie2: a=b\nSet-Cookie: c=d\nX-A: b\n", "X-A: b\n" },
	{ "names and order stay as they are", "x-b: 2\nX-a: 1\nx-B: 3\nETag: \"x\"\n",
	  "x-b: 2\nX-a: 1\nx-B: 3\nETag: \"x\"\n" },
	{ "Age, Content-Length and what other caches say stay",
	  "Age: 5\nContent-Length: 7\nCache-Status: a;hit\n",
	  "Age: 5\nContent-Length: 7\nCache-Status: a;hit\n" },
};

START_TEST(head_is_kept)
{
	struct http_head kept;
	struct rules r;

	rules_init(&r, "");
	const struct http_head *reply = rules_reply(&r, 200, heads[_i].reply);
	const uint32_t n = reply->n_fields;

	storable_head(reply, &r.arena, &kept);
	ck_assert_msg(strcmp(rules_fields(&r, &kept), heads[_i].kept) == 0, "%s: %s",
	              heads[_i].name, rules_fields(&r, &kept));
	ck_assert_uint_eq(reply->n_fields, n);
	ck_assert_uint_eq(kept.status, 200);
	http_head_add(&kept, HTTP_F_DATE, SPAN("x"));
	ck_assert_ptr_nonnull(http_head_get(&kept, HTTP_F_DATE));
	rules_fini(&r);
}
END_TEST

Suite *suite_storable(void);
Suite *suite_storable(void)
{
	Suite *s = suite_create("storable");
	TCase *t = tcase_create("storable");

	tcase_add_loop_test(t, is_decided, 0, ARRAY_LEN(cases));
	tcase_add_test(t, added_credentials_count);
	tcase_add_loop_test(t, head_is_kept, 0, ARRAY_LEN(heads));
	suite_add_tcase(s, t);
	return s;
}
