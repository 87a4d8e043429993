/*
 * The choice of ways, as a table. Expectations are Squid's documented order (doc of cache_peer,
 * never_direct, prefer_direct, nonhierarchical_direct); a test in tests/integration asks a real
 * one.
 */
#include "peer/route.h"
#include "tests/unit/unit.h"

/*
 * Peers: a letter each, with signs behind it: x dead or not allowed, r round-robin, d default, and
 * digits: the weight (1 if none). Picks are all 0 but where given.
 */
static const struct {
	const char *name, *peers;
	enum route_direct direct;
	bool is_hierarchical, prefer_direct, nonhierarchical_off;
	const char *want; /* the letters, - for direct; with codes: F R D A H */
} rows[] = {
	{ "no peers", "", ROUTE_DIRECT_MAYBE, true, false, false, "-H" },
	{ "no peers, never direct", "", ROUTE_DIRECT_NEVER, true, false, false, "" },
	{ "no peers, always direct", "", ROUTE_DIRECT_ONLY, true, false, false, "-H" },
	{ "one peer", "a", ROUTE_DIRECT_MAYBE, true, false, false, "aF -H" },
	{ "one peer, always direct", "a", ROUTE_DIRECT_ONLY, true, false, false, "-H" },
	{ "one peer, never direct", "a", ROUTE_DIRECT_NEVER, true, false, false, "aF" },
	{ "one peer, dead", "ax", ROUTE_DIRECT_MAYBE, true, false, false, "-H" },
	{ "one peer, dead, never direct", "ax", ROUTE_DIRECT_NEVER, true, false, false, "" },
	{ "not hierarchical", "a", ROUTE_DIRECT_MAYBE, false, false, false, "-H" },
	{ "not hierarchical, never direct", "a", ROUTE_DIRECT_NEVER, false, false, false, "aF" },
	{ "not hierarchical, but to peers all the same", "a", ROUTE_DIRECT_MAYBE, false, false,
	  true, "aF -H" },
	{ "direct is preferred", "a b", ROUTE_DIRECT_MAYBE, true, true, false, "-H aF bA" },
	{ "direct is preferred, not hierarchical", "a", ROUTE_DIRECT_MAYBE, false, true, false,
	  "-H" },
	{ "preferred or not, never is never", "a", ROUTE_DIRECT_NEVER, true, true, false, "aF" },
	{ "the first that is up", "ax b c", ROUTE_DIRECT_MAYBE, true, false, false, "bF cA -H" },
	{ "all of them, never direct", "a bx c", ROUTE_DIRECT_NEVER, true, false, false, "aF cA" },
	{ "a default one is none the better", "a bd", ROUTE_DIRECT_MAYBE, true, false, false,
	  "aF bA -H" },
	{ "round-robin comes first", "a br c", ROUTE_DIRECT_MAYBE, true, false, false,
	  "bR aA cA -H" },
	{ "of equals the last", "ar br cr", ROUTE_DIRECT_NEVER, true, false, false, "cR aA bA" },
	{ "round-robin, dead", "a brx", ROUTE_DIRECT_NEVER, true, false, false, "aF" },
	{ "round-robin, weight 0", "ar0 b", ROUTE_DIRECT_NEVER, true, false, false, "aF bA" },
};

static unsigned parse_peers(const char *text, struct route_peer *peers)
{
	unsigned n = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == 'x')
			peers[n - 1].may_be_used = false;
		else if (*c == 'r')
			peers[n - 1].is_round_robin = true;
		else if (*c == 'd' && c != text && c[-1] != ' ')
			peers[n - 1].is_default = true;
		else if (*c >= '0' && *c <= '9')
			peers[n - 1].weight = (unsigned)(*c - '0');
		else if (*c != ' ')
			peers[n++] = (struct route_peer){ .may_be_used = true, .weight = 1 };
	}
	return n;
}

static char code_of(enum log_hier h)
{
	return h == LOG_FIRSTUP_PARENT      ? 'F'
	       : h == LOG_ROUNDROBIN_PARENT ? 'R'
	       : h == LOG_DEFAULT_PARENT    ? 'D'
	       : h == LOG_ANY_OLD_PARENT    ? 'A'
	       : h == LOG_HIER_DIRECT       ? 'H'
	                                    : '?';
}

START_TEST(choices)
{
	struct route_peer peers[8];
	struct route_choice out[9];
	const struct route_question q = {
		.direct = rows[_i].direct,
		.is_hierarchical = rows[_i].is_hierarchical,
		.prefer_direct = rows[_i].prefer_direct,
		.nonhierarchical_direct = !rows[_i].nonhierarchical_off,
		.peers = peers,
		.n_peers = parse_peers(rows[_i].peers, peers),
	};
	const unsigned n = route_choose(&q, out);
	char text[64] = "";

	for (unsigned i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%c%c",
		         i != 0 ? " " : "", out[i].peer < 0 ? '-' : 'a' + out[i].peer,
		         code_of(out[i].hier));
	ck_assert_msg(strcmp(text, rows[_i].want) == 0, "%s: %s", rows[_i].name, text);
}
END_TEST

/* Over many requests each peer gets its share, and none waits longer than its turn. */
START_TEST(turns_by_weight)
{
	struct route_peer peers[3] = { { true, false, true, 0, 1 },
		                       { true, false, true, 0, 2 },
		                       { true, false, true, 0, 3 } };
	struct route_choice out[4];
	const struct route_question q = { .direct = ROUTE_DIRECT_NEVER,
		                          .peers = peers,
		                          .n_peers = 3 };

	for (unsigned i = 1; i <= 600; i++) {
		ck_assert_uint_eq(route_choose(&q, out), 3);
		ck_assert(out[0].hier == LOG_ROUNDROBIN_PARENT);
		peers[out[0].peer].picks++;
		for (unsigned k = 0; k < 3; k++)
			ck_assert(peers[k].picks * 6 + 12 > i * peers[k].weight);
	}
	ck_assert(peers[0].picks == 100 && peers[1].picks == 200 && peers[2].picks == 300);
}
END_TEST

START_TEST(hierarchical_requests)
{
	ck_assert(route_is_hierarchical(true, false, false));
	ck_assert(route_is_hierarchical(false, true, false));
	ck_assert(!route_is_hierarchical(true, false, true));
	ck_assert(!route_is_hierarchical(false, false, false));
}
END_TEST

START_TEST(replies_after_which_another_way_is_tried)
{
	static const unsigned always[] = { 502, 504 }, sometimes[] = { 403, 500, 501, 503 },
			      never[] = { 200, 301, 400, 401, 404, 407, 505 };

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		ck_assert(route_may_try_another(always[i], false) &&
		          route_may_try_another(always[i], true));
	for (size_t i = 0; i < ARRAY_LEN(sometimes); i++)
		ck_assert(!route_may_try_another(sometimes[i], false) &&
		          route_may_try_another(sometimes[i], true));
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		ck_assert(!route_may_try_another(never[i], false) &&
		          !route_may_try_another(never[i], true));
}
END_TEST

Suite *suite_route(void);
Suite *suite_route(void)
{
	Suite *s = suite_create("route");
	TCase *t = tcase_create("choose");

	tcase_add_loop_test(t, choices, 0, ARRAY_LEN(rows));
	tcase_add_test(t, turns_by_weight);
	tcase_add_test(t, hierarchical_requests);
	tcase_add_test(t, replies_after_which_another_way_is_tried);
	suite_add_tcase(s, t);
	return s;
}
