/*
 * Sets of domains and addresses, and lists of expressions, against plain implementations of the
 * same.
 */
#include "acl/addr_set.h"
#include "acl/domain_set.h"
#include "acl/regex_list.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

/* --- domains ---------------------------------------------------------------------------------- */

static const struct {
	const char *name, *ok;
} names[] = {
	{ "example.com", "yes" },
	{ ".example.com", "yes" },
	{ "example.com.", "yes" },
	{ "localhost", "yes" },
	{ "_x.a-b.c1", "yes" },
	{ "192.0.2.1", "yes" },
	{ "2001:db8::1", "yes" },
	{ "[2001:db8::1]", "yes" },
	{ ".", NULL },
	{ "", NULL },
	{ "*.example.com", NULL },
	{ "http://x/", NULL },
	{ "example.com/x", NULL },
	{ "example.com:80", NULL },
	{ "b\xc3\xbc"
	  "cher.example",
	  NULL },
	{ "a b", NULL },
	{ "a@b", NULL },
	{ "a..b", NULL },
	{ "..com", NULL },
	{ "a.b..", NULL },
};

START_TEST(only_names_of_hosts_are_taken)
{
	struct acl_domains *s = acl_domains_new();
	const char *why = NULL;

	ck_assert_msg(acl_domains_add(s, span_str(names[_i].name), &why) == (names[_i].ok != NULL),
	              "%s", names[_i].name);
	ck_assert((why == NULL) == (names[_i].ok != NULL));
	acl_domains_finish(s);
	acl_domains_free(&s);
}
END_TEST

START_TEST(a_name_may_be_long)
{
	struct acl_domains *s = acl_domains_new();
	char name[300], host[600];
	const char *why;

	memset(name, 'a', sizeof(name));
	ck_assert(!acl_domains_add(s, span_of(name, 255), &why));
	ck_assert(acl_domains_add(s, span_of(name, 254), &why));
	name[0] = '.';
	ck_assert(acl_domains_add(s, span_of(name, 255), &why));
	acl_domains_finish(s);
	name[0] = 'a';
	ck_assert(acl_domains_has(s, span_of(name, 254)));
	/* A host longer than any name still ends in one; many labels do not matter. */
	for (size_t i = 0; i < 300; i++)
		host[i] = i % 2 == 0 ? 'x' : '.';
	memset(host + 300, 'a', 254);
	ck_assert(acl_domains_has(s, span_of(host, 554)));
	struct acl_domain_key k;

	acl_domain_key_init(&k, span_of(host, 554));
	ck_assert(acl_domains_has_key(s, &k));
	acl_domain_key_init(&k, span_of(host, 553));
	ck_assert(!acl_domains_has_key(s, &k));
	acl_domains_free(&s);
}
END_TEST

static void random_name(struct random *r, char *text, size_t cap, bool dot)
{
	size_t n = dot && random_below(r, 2) == 0 ? (size_t)snprintf(text, cap, ".") : 0;

	for (unsigned labels = 1 + random_below(r, 4); labels > 0; labels--)
		n += (size_t)snprintf(text + n, cap - n, "%c%s%s", "abA"[random_below(r, 3)],
		                      random_below(r, 3) == 0 ? "b" : "", labels > 1 ? "." : "");
}

/* Squid's rule, spelt out. */
static bool plain_match(struct span entry, struct span host)
{
	if (entry.p[0] != '.')
		return span_eq_nocase(entry, host);
	return span_ends_nocase(host, entry) || span_eq_nocase(span_skip(entry, 1), host);
}

START_TEST(domains_match_as_one_by_one)
{
	struct random r = random_seeded(5);

	for (unsigned i = random_test_count(20000) / 100; i > 0; i--) {
		struct acl_domains *s = acl_domains_new();
		char entries[40][32], host[32];
		const unsigned n = random_below(&r, ARRAY_LEN(entries) + 1);
		const char *why;

		for (unsigned k = 0; k < n; k++) {
			random_name(&r, entries[k], sizeof(entries[k]), true);
			ck_assert(acl_domains_add(s, span_str(entries[k]), &why));
		}
		acl_domains_finish(s);
		for (unsigned h = 0; h < 100; h++) {
			struct acl_domain_key key;
			struct span entry;
			bool want = false, below;

			random_name(&r, host, sizeof(host), false);
			for (unsigned k = 0; k < n; k++)
				want = want || plain_match(span_str(entries[k]), span_str(host));
			acl_domain_key_init(&key, span_str(host));
			ck_assert_msg(acl_domains_has(s, span_str(host)) == want, "%s", host);
			ck_assert(acl_domains_has_key(s, &key) == want);
			ck_assert(acl_domains_find(s, &key, &entry, &below) == want);
		}
		acl_domains_free(&s);
	}
}
END_TEST

START_TEST(a_long_list_is_small)
{
	enum { N = 100000 };
	struct acl_domains *s = acl_domains_new();
	char name[32];
	const char *why;

	for (unsigned i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "host-%06u.example.com", i); /* 23 bytes */
		ck_assert(acl_domains_add(s, span_str(name), &why));
	}
	acl_domains_finish(s);
	ck_assert_uint_le(acl_domains_bytes(s), 40u * N);
	ck_assert_uint_eq(acl_domains_merged(&(const struct acl_domains *){ s }, 1), 0);
	ck_assert(acl_domains_has(s, SPAN("HOST-099999.example.com.")));
	ck_assert(!acl_domains_has(s, SPAN("host-100000.example.com")));
	acl_domains_free(&s);
}
END_TEST

/* --- addresses -------------------------------------------------------------------------------- */

static struct ip small_ip(unsigned v)
{
	struct ip ip = { { 0x20, 1 } };

	/* Numbers that cross the halves of an address. */
	ip.b[7] = (uint8_t)(v >> 3);
	memset(ip.b + 8, (v & 4) != 0 ? 0xff : 0, 7);
	ip.b[15] = (uint8_t)((v & 4) != 0 ? 0xfc | (v & 3) : v & 3);
	return ip;
}

START_TEST(addresses_match_as_one_by_one)
{
	struct random r = random_seeded(6);

	for (unsigned i = random_test_count(20000) / 100; i > 0; i--) {
		struct acl_addrs *s = acl_addrs_new();
		bool want[256] = { false };

		for (unsigned k = random_below(&r, 12); k > 0; k--) {
			const unsigned first = random_below(&r, 240),
				       last = first + random_below(&r, 16);
			const struct ip from = small_ip(first), to = small_ip(last);

			acl_addrs_add(s, &from, &to);
			memset(want + first, true, last - first + 1);
		}
		acl_addrs_finish(s);
		for (unsigned v = 0; v < 256; v++) {
			const struct ip ip = small_ip(v);

			ck_assert(acl_addrs_has(s, &ip) == want[v]);
		}
		acl_addrs_free(&s);
	}
}
END_TEST

START_TEST(ranges_at_the_ends_of_all_addresses)
{
	struct acl_addrs *s = acl_addrs_new();
	struct ip zero = { { 0 } }, ones, mid = { { 0x80 } };

	memset(ones.b, 0xff, sizeof(ones.b));
	acl_addrs_add(s, &ones, &ones);
	acl_addrs_add(s, &zero, &zero);
	acl_addrs_finish(s);
	ck_assert(acl_addrs_has(s, &zero) && acl_addrs_has(s, &ones) && !acl_addrs_has(s, &mid));
	acl_addrs_free(&s);
	s = acl_addrs_new();
	acl_addrs_add(s, &zero, &ones);
	acl_addrs_add(s, &mid, &ones);
	acl_addrs_finish(s);
	ck_assert_uint_eq(acl_addrs_count(s), 1);
	ck_assert(acl_addrs_has(s, &mid));
	acl_addrs_free(&s);
}
END_TEST

/* --- lists of expressions --------------------------------------------------------------------- */

/* One text that holds the literals of more expressions than are remembered as tried. */
START_TEST(a_text_may_call_up_everything)
{
	struct acl_regexes *l = acl_regexes_new();
	struct acl_regex_scratch s;
	char text[4000], expr[32], why[80];
	size_t n = 0;

	for (unsigned i = 0; i < 600; i++) {
		snprintf(expr, sizeof(expr), "%c%ckq.*x$", 'a' + (int)(i % 24),
		         'a' + (int)(i / 24));
		struct acl_regex *r = acl_regex_new(span_str(expr), false, why, sizeof(why));

		acl_regexes_add(l, &r);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.4s", expr);
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n, "x");
	acl_regexes_finish(l);
	acl_regex_scratch_init(&s);
	ck_assert_int_eq(acl_regexes_match(l, span_of(text, n), &s, NULL), REGEX_YES);
	ck_assert_int_eq(acl_regexes_match(l, span_of(text, n - 1), &s, NULL), REGEX_NO);
	acl_regex_scratch_fini(&s);
	acl_regexes_free(&l);
}
END_TEST

Suite *suite_sets(void);
Suite *suite_sets(void)
{
	Suite *s = suite_create("acl/sets");
	TCase *t = tcase_create("sets");

	tcase_set_timeout(t, 900);
	tcase_add_loop_test(t, only_names_of_hosts_are_taken, 0, ARRAY_LEN(names));
	tcase_add_test(t, a_name_may_be_long);
	tcase_add_test(t, domains_match_as_one_by_one);
	tcase_add_test(t, a_long_list_is_small);
	tcase_add_test(t, addresses_match_as_one_by_one);
	tcase_add_test(t, ranges_at_the_ends_of_all_addresses);
	tcase_add_test(t, a_text_may_call_up_everything);
	suite_add_tcase(s, t);
	return s;
}
