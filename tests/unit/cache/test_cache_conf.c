/*
 * The directives of the cache. Defaults and words are those of Squid's documentation.
 */
#include "tests/unit/cache/rules.h"

#include "cache/refresh.h"

START_TEST(defaults_are_squids)
{
	struct rules r;

	rules_init(&r, "");
	const struct cache_conf *c = &r.conf;

	ck_assert_str_eq(rules_findings(&r), "");
	ck_assert_ptr_null(c->dirs);
	ck_assert_uint_eq(c->cache_mem_bytes, 256 << 20);
	ck_assert_uint_eq(c->max_object_bytes, 4 << 20);
	ck_assert_uint_eq(c->min_object_bytes, 0);
	ck_assert_uint_eq(c->max_object_in_memory_bytes, 512 << 10);
	ck_assert_int_eq(c->memory_cache_mode, MEMORY_CACHE_ALWAYS);
	ck_assert_uint_eq(c->swap_low_pct, 90);
	ck_assert_uint_eq(c->swap_high_pct, 95);
	ck_assert_int_eq(c->store_sync_ms, 10000);
	ck_assert_ptr_null(c->refresh);
	ck_assert_int_eq(c->max_stale_s, 604800);
	ck_assert_int_eq(c->minimum_expiry_s, 60);
	ck_assert_int_eq(c->negative_ttl_s, 0);
	ck_assert(!c->offline_mode && !c->reload_into_ims && !c->refresh_all_ims);
	ck_assert(c->cache_miss_revalidate && !c->vary_ignore_expire && !c->collapsed_forwarding);
	ck_assert_int_eq(c->quick_abort_min_bytes, 16 << 10);
	ck_assert_int_eq(c->quick_abort_max_bytes, 16 << 10);
	ck_assert_uint_eq(c->quick_abort_pct, 95);
	ck_assert_int_eq(c->read_ahead_bytes, 16 << 10);
	ck_assert_ptr_null(c->range_limits);
	ck_assert_ptr_null(c->cache);
	rules_fini(&r);
}
END_TEST

START_TEST(values_are_taken)
{
	struct rules r;

	rules_init(&r, "cache_mem 8 MB\nmaximum_object_size 2 GB\nminimum_object_size 1 KB\n"
	               "maximum_object_size_in_memory none\nmemory_cache_mode network\n"
	               "cache_swap_low 80\ncache_swap_high 85\nstore_sync 500 milliseconds\n"
	               "max_stale 2 hours\nminimum_expiry_time 0 seconds\nnegative_ttl 1 minute\n"
	               "offline_mode on\nreload_into_ims on\nrefresh_all_ims on\n"
	               "cache_miss_revalidate off\nvary_ignore_expire on\ncollapsed_forwarding on\n"
	               "quick_abort_min -1 KB\nquick_abort_max 2 MB\nquick_abort_pct 50\n"
	               "read_ahead_gap 64 KB\nno_cache deny all\nsend_hit deny all\n"
	               "store_miss deny all\ncollapsed_forwarding_access deny all\n");
	const struct cache_conf *c = &r.conf;

	ck_assert_str_eq(rules_findings(&r), "");
	ck_assert_uint_eq(c->cache_mem_bytes, 8 << 20);
	ck_assert_uint_eq(c->max_object_bytes, UINT64_C(2) << 30);
	ck_assert_uint_eq(c->min_object_bytes, 1024);
	ck_assert_uint_eq(c->max_object_in_memory_bytes, UINT64_MAX);
	ck_assert_int_eq(c->memory_cache_mode, MEMORY_CACHE_NETWORK);
	ck_assert_uint_eq(c->swap_low_pct, 80);
	ck_assert_uint_eq(c->swap_high_pct, 85);
	ck_assert_int_eq(c->store_sync_ms, 500);
	ck_assert_int_eq(c->max_stale_s, 7200);
	ck_assert_int_eq(c->minimum_expiry_s, 0);
	ck_assert_int_eq(c->negative_ttl_s, 60);
	ck_assert(c->offline_mode && c->reload_into_ims && c->refresh_all_ims);
	ck_assert(!c->cache_miss_revalidate && c->vary_ignore_expire && c->collapsed_forwarding);
	ck_assert_int_eq(c->quick_abort_min_bytes, -1);
	ck_assert_int_eq(c->quick_abort_max_bytes, 2 << 20);
	ck_assert_uint_eq(c->quick_abort_pct, 50);
	ck_assert_int_eq(c->read_ahead_bytes, 64 << 10);
	ck_assert(c->cache != NULL && c->send_hit != NULL && c->store_miss != NULL &&
	          c->collapsed_forwarding_access != NULL);
	rules_fini(&r);
}
END_TEST

START_TEST(folders_are_read)
{
	struct rules r;

	rules_init(&r, "cache_dir ufs /a/b/ 100 16 256\n"
	               "cache_dir aufs /c 1 1 1 min-size=5 max-size=1000\n"
	               "cache_dir rock /d 10 max-size=-1 no-store\n"
	               "cache_dir diskd /e 10 16 256 read-only\n"
	               "maximum_object_size 1 MB\nminimum_object_size 3 bytes\n");
	const struct cache_dir *d = r.conf.dirs;

	ck_assert_str_eq(rules_findings(&r), "");
	ck_assert_span(d->path, SPAN("/a/b"));
	ck_assert_str_eq(d->path.p, "/a/b");
	ck_assert_uint_eq(d->max_bytes, 100 << 20);
	ck_assert_uint_eq(d->min_object_bytes, 3);
	ck_assert_uint_eq(d->max_object_bytes, 1 << 20);
	ck_assert(!d->is_read_only);
	d = d->next;
	ck_assert_span(d->path, SPAN("/c"));
	ck_assert_uint_eq(d->min_object_bytes, 5);
	ck_assert_uint_eq(d->max_object_bytes, 1000);
	d = d->next;
	ck_assert_span(d->path, SPAN("/d"));
	ck_assert_uint_eq(d->max_object_bytes, UINT64_MAX);
	ck_assert(d->is_read_only);
	ck_assert(d->next->is_read_only);
	ck_assert_ptr_null(d->next->next);
	rules_fini(&r);
}
END_TEST

static const struct {
	const char *conf, *says; /* a part of the findings; "": there is none */
} findings[] = {
	{ "cache_dir\n", "1: error" },
	{ "cache_dir foo /a 1\n", "unknown type" },
	{ "cache_dir null /a\n", "1: warning" },
	{ "cache_dir null /a 100 16 256\n", "nothing is kept on disk without" },
	{ "cache_dir ufs a 100 16 256\n", "full path" },
	{ "cache_dir ufs /a\n", "1: error" },
	{ "cache_dir ufs /a 100\n", "1: error" },
	{ "cache_dir ufs /a 100 16\n", "1: error" },
	{ "cache_dir ufs /a 0 16 256\n", "a positive number" },
	{ "cache_dir ufs /a -5 16 256\n", "a positive number" },
	{ "cache_dir ufs /a 99999999999999 16 256\n", "out of range" },
	{ "cache_dir ufs /a x 16 256\n", "a positive number" },
	{ "cache_dir rock /a 100 16 256\n", "unknown option \"16\"" },
	{ "cache_dir rock /a 100 max-size=x\n", "number of bytes" },
	{ "cache_dir rock /a 100 max-size=\n", "number of bytes" },
	{ "cache_dir rock /a 100 slot-size=4096\n", "slot-size= has no effect" },
	{ "cache_dir diskd /a 100 1 1 Q1=4\n", "Q1= has no effect" },
	{ "cache_dir rock /a 100 max-sise=1\n", "unknown option" },
	{ "cache_dir rock /a 100\ncache_dir ufs /a/ 100 16 256\n", "/a is named twice" },
	{ "cache_dir rock /a 100 min-size=10 max-size=9\n", "nothing can be stored" },
	{ "memory_cache_mode sometimes\n", "unknown mode" },
	{ "memory_cache_mode never\n", "" },
	{ "cache_mem -1\n", "" },
	{ "cache_mem x MB\n", "1: error" },
	{ "cache_mem 5\n", "no unit" },
	{ "cache_swap_low 99\n", "cache_swap_low is above cache_swap_high" },
	{ "cache_swap_low 101\n", "1: error" },
	{ "quick_abort_min 5\n", "no unit after 5: KB are meant" },
	{ "quick_abort_min x\n", "is no size" },
	{ "max_stale 5\n", "1: error" },
	{ "range_offset_limit 5 MB nobody\n", "nobody" },
	{ "range_offset_limit none all\n", "" },
	{ "range_offset_limit\n", "1: error" },
	{ "range_offset_limit x\n", "is no size" },
	{ "acl a rep_header X-A b\nrange_offset_limit none a\n", "2: " },
	{ "ignore_ims_on_miss on\n", "cache_miss_revalidate" },
	{ "cache deny nobody\n", "nobody" },
	{ "refresh_pattern\n", "1: error" },
	{ "refresh_pattern .\n", "1: error" },
	{ "refresh_pattern . 0\n", "1: error" },
	{ "refresh_pattern . 0 20%\n", "1: error" },
	{ "refresh_pattern . 0 20% 4320\n", "" },
	{ "refresh_pattern . x 20% 4320\n", "number of minutes" },
	{ "refresh_pattern . 0 x% 4320\n", "expected a percentage" },
	{ "refresh_pattern . 0 -5% 4320\n", "expected a percentage" },
	{ "refresh_pattern . 0 20% 4320 ignore-no-store\n", "ignore-no-store: " },
	{ "refresh_pattern . 0 20% 4320 ignore-private\n", "ignore-private: " },
	{ "refresh_pattern . 0 20% 4320 ignore-no-cache\n", "the option ignore-no-cache" },
	{ "refresh_pattern . 0 20% 4320 ignore-auth ignore-must-revalidate\n", "nothing any more" },
	{ "refresh_pattern . 0 20% 4320 override-expires\n", "did you mean override-expire?" },
	{ "refresh_pattern . 0 20% 4320 max-stale=x\n", "number of seconds" },
	{ "refresh_pattern ( 0 20% 4320\n", "without ')'" },
	{ "refresh_pattern \"a\" 0 20% 4320\n", "must not be in quotes" },
	{ "refresh_pattern . 999999 20% 999999\n", "more than a year" },
	{ "refresh_pattern . -1 20% 4320\n", "negative" },
};

START_TEST(findings_are_told)
{
	struct rules r;

	rules_init(&r, findings[_i].conf);
	ck_assert_msg(*findings[_i].says == '\0'
	                      ? *rules_findings(&r) == '\0'
	                      : strstr(rules_findings(&r), findings[_i].says) != NULL,
	              "%s: %s", findings[_i].conf, rules_findings(&r));
	rules_fini(&r);
}
END_TEST

static bool is_wanted(void *arg, const struct acl_rules *acls)
{
	unsigned *left = arg;

	ck_assert_ptr_nonnull(acls);
	return (*left)-- == 0;
}

START_TEST(range_limits_are_asked_in_order)
{
	static const int64_t limits[] = { 5 << 20, INT64_MAX, 0 };
	struct rules r;

	rules_init(&r, "acl a method GET\nrange_offset_limit 5 MB a\nrange_offset_limit none\n");
	for (unsigned i = 0; i < ARRAY_LEN(limits); i++) {
		unsigned before = i;

		ck_assert_int_eq(cache_conf_range_limit(&r.conf, is_wanted, &before), limits[i]);
	}
	rules_fini(&r);
}
END_TEST

static const struct {
	const char *name, *conf;
	uint64_t expected, received;
	bool finishes;
} downloads[] = {
	{ "little is missing", "", 1000000, 1000000 - 16383, true },
	{ "more than quick_abort_max is missing", "", 1000000, 1000000 - 16385, false },
	{ "between, less than the percentage", "quick_abort_min 0 KB\nquick_abort_max 1 MB\n",
	  1000000, 900000, false },
	{ "between, more than the percentage", "quick_abort_min 0 KB\nquick_abort_max 1 MB\n",
	  1000000, 960001, true },
	{ "-1: always", "quick_abort_min -1 KB\n", 1000000, 0, true },
	{ "-1: always, of whatever length", "quick_abort_min -1 KB\n", UINT64_MAX, 0, true },
	{ "of unknown length", "", UINT64_MAX, 1000000, false },
	{ "0 and 0: never", "quick_abort_min 0 KB\nquick_abort_max 0 KB\n", 1000000, 999999,
	  false },
	{ "longer than it said", "", 10, 11, false },
};

START_TEST(abandoned_downloads_are_weighed)
{
	struct rules r;

	rules_init(&r, downloads[_i].conf);
	ck_assert_msg(cache_conf_finishes_abandoned(&r.conf, downloads[_i].expected,
	                                            downloads[_i].received) ==
	                      downloads[_i].finishes,
	              "%s", downloads[_i].name);
	rules_fini(&r);
}
END_TEST

static const struct {
	const char *url;
	int64_t min_s;
} urls[] = {
	{ "ftp://a/x.gif", 1440 * 60 }, { "http://a/cgi-bin/x.gif", 0 },
	{ "http://a/x?y", 0 },          { "http://a/CGI-BIN/x", 0 },
	{ "http://a/x.gif", 5 * 60 },   { "http://a/x.GIF", 7 * 60 },
	{ "http://a/x y", 6 * 60 },     { "http://a/ftp:", 7 * 60 },
};

START_TEST(first_rule_counts)
{
	struct acl_regex_scratch scratch;
	struct rules r;

	rules_init(&r, "refresh_pattern ^ftp: 1440 20% 10080\n"
	               "refresh_pattern -i (/cgi-bin/|\\?) 0 0% 0\n"
	               "refresh_pattern -i +i \\.gif$ 5 0% 0\n"
	               "refresh_pattern x\\ y 6 0% 0\n"
	               "refresh_pattern . 7 20% 4320 reload-into-ims max-stale=5\n");
	acl_regex_scratch_init(&scratch);
	const struct refresh_rule *rule =
		refresh_find(r.conf.refresh, span_str(urls[_i].url), &scratch);

	ck_assert_msg(rule->min_s == urls[_i].min_s, "%s: %lld", urls[_i].url,
	              (long long)rule->min_s);
	ck_assert_uint_eq(rule->options & ~REFRESH_RELOAD_INTO_IMS, 0);
	acl_regex_scratch_fini(&scratch);
	rules_fini(&r);
}
END_TEST

/* So many that the list is searched by its index (acl/regex_list.c). */
START_TEST(first_of_many_rules_counts)
{
	struct acl_regex_scratch scratch;
	char *conf = check_calloc(300, 64), *p = conf;
	struct rules r;

	p += snprintf(p, 64, "refresh_pattern q+ 9999 0%% 0\n");
	for (unsigned i = 0; i < 250; i++)
		p += snprintf(p, 64, "refresh_pattern /part%u/ %u 0%% 0\n", 1000 - i, i);
	rules_init(&r, conf);
	ck_assert_str_eq(rules_findings(&r), "");
	acl_regex_scratch_init(&scratch);
	ck_assert_int_eq(
		refresh_find(r.conf.refresh, SPAN("http://a/part900/part950/part800/"), &scratch)
			->min_s,
		50 * 60);
	ck_assert_int_eq(refresh_find(r.conf.refresh, SPAN("http://a/part900/q"), &scratch)->min_s,
	                 9999 * 60);
	ck_assert_int_eq(refresh_find(r.conf.refresh, SPAN("http://a/x"), &scratch)->percent, 20);
	acl_regex_scratch_fini(&scratch);
	rules_fini(&r);
	free(conf);
}
END_TEST

Suite *suite_cache_conf(void);
Suite *suite_cache_conf(void)
{
	Suite *s = suite_create("cache_conf");
	TCase *t = tcase_create("cache_conf");

	tcase_add_test(t, defaults_are_squids);
	tcase_add_test(t, values_are_taken);
	tcase_add_test(t, folders_are_read);
	tcase_add_loop_test(t, findings_are_told, 0, ARRAY_LEN(findings));
	tcase_add_test(t, range_limits_are_asked_in_order);
	tcase_add_loop_test(t, abandoned_downloads_are_weighed, 0, ARRAY_LEN(downloads));
	tcase_add_loop_test(t, first_rule_counts, 0, ARRAY_LEN(urls));
	tcase_add_test(t, first_of_many_rules_counts);
	suite_add_tcase(s, t);
	return s;
}
