/*
 * cache_peer lines, what the state of a peer goes through, and what a reload keeps of it.
 */
#include "peer/peer_page.h"
#include "tests/unit/peer/peer_fixture.h"

static const struct {
	const char *line; /* behind "cache_peer " */
	const char *want; /* what became of it, or a part of the error behind '!' */
} lines[] = {
	{ "up.test parent 3128 0", "up.test=up.test:3128" },
	{ "Up.TEST parent 3128 0", "Up.TEST=up.test:3128" },
	{ "192.0.2.1 parent 3128 0 no-query name=a", "a=192.0.2.1:3128" },
	{ "[2001:db8::1] parent 8080 7", "[2001:db8::1]=2001:db8::1:8080" },
	{ "a parent 0x50 0 default round-robin weight=3 originserver",
	  "a=a:80 default round-robin originserver weight=3" },
	{ "a parent 1 3130 no-query", "a=a:1" },
	{ "a parent 1 0 connect-timeout=5 connect-fail-limit=2 max-conn=7",
	  "a=a:1 timeout=5000 limit=2 max=7" },
	{ "a parent 1 0 login=u:p", "a=a:1 fixed=Basic dTpw" },
	{ "a parent 1 0 login=u:a%20b%25%%c%zz%4", "a=a:1 fixed=Basic dTphIGIlJWMlenolNA==" },
	{ "a parent 1 0 login=u:", "a=a:1 fixed=Basic dTo=" },
	{ "a parent 1 0 login=PASS", "a=a:1 pass" },
	{ "a parent 1 0 login=PASSTHRU", "a=a:1 passthru" },
	{ "a parent 1 0 originserver login=PROXYPASS", "a=a:1 originserver proxypass" },
	{ "a parent 1 0 forceddomain=WWW.b.test", "a=a:1 host=www.b.test" },
	{ "a parent 1 0 proxy-only no-digest no-netdb-exchange no-delay allow-miss standby=2 "
	  "connection-auth=off closest-only background-ping",
	  "a=a:1" },
	{ "", "!a value is missing" },
	{ "a", "!a value is missing" },
	{ "a parent", "!a value is missing" },
	{ "a parent 80", "!a value is missing" },
	{ "a b!c 80 0", "!no type of peer" },
	{ "a/b parent 80 0", "!neither a host name nor an address" },
	{ "a:80 parent 80 0", "!neither a host name nor an address" },
	{ "a sibling 80 0", "!sibling peers are not built yet" },
	{ "a multicast 80 0", "!multicast peers are not built yet" },
	{ "a parent 0 0", "!is no port" },
	{ "a parent 65536 0", "!is no port" },
	{ "a parent 80 x", "!is no port" },
	{ "a parent 80 3130", "!ICP is not built yet" },
	{ "a parent 80 0 htcp", "!HTCP is not built yet" },
	{ "a parent 80 0 htcp=no-clr", "!HTCP is not built yet" },
	{ "a parent 80 0 carp", "!CARP is not built yet" },
	{ "a parent 80 0 carp-key=host", "!CARP is not built yet" },
	{ "a parent 80 0 userhash", "!not built yet" },
	{ "a parent 80 0 sourcehash", "!not built yet" },
	{ "a parent 80 0 weighted-round-robin", "!not built yet" },
	{ "a parent 80 0 tls", "!TLS to peers is not built yet" },
	{ "a parent 80 0 ssl", "!TLS to peers is not built yet" },
	{ "a parent 80 0 sslcert=/x", "!TLS to peers is not built yet" },
	{ "a parent 80 0 tls-cafile=/x", "!TLS to peers is not built yet" },
	{ "a parent 80 0 login=NEGOTIATE", "!not built yet" },
	{ "a parent 80 0 login=*:pw", "!not built yet" },
	{ "a parent 80 0 login=user", "!takes USER:PASSWORD" },
	{ "a parent 80 0 front-end-https=on", "!not built yet" },
	{ "a parent 80 0 wieght=2", "!did you mean weight" },
	{ "a parent 80 0 weight=x", "!is no number" },
	{ "a parent 80 0 connect-fail-limit=0", "!is no number from 1 on" },
	{ "a parent 80 0 name=", "!without a name" },
	{ "a parent 80 0\ncache_peer a parent 81 0", "!there is a peer called a already" },
	{ "a parent 80 0\ncache_peer_access b allow all", "!no cache_peer \"b\"" },
	{ "a parent 80 0\ncache_peer_access a alow all", "!unknown action" },
	{ "a parent 80 0\nacl d dst 10.0.0.1\ncache_peer_access a allow d", "!wait" },
};

static const char *text_of(const struct peer *p)
{
	static char text[256];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "%s=%s:%u%s%s%s", p->name, p->host, p->port,
	                     p->is_default ? " default" : "",
	                     p->is_round_robin ? " round-robin" : "",
	                     p->is_originserver ? " originserver" : "");
	if (p->weight != 1)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " weight=%u", p->weight);
	if (p->connect_timeout_ms != -1)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " timeout=%lld",
		                      (long long)p->connect_timeout_ms);
	if (p->fail_limit != 10)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " limit=%u", p->fail_limit);
	if (p->max_conn != 0)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " max=%u", p->max_conn);
	if (p->login == PEER_LOGIN_FIXED)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " fixed=%s", p->credentials);
	else if (p->login != PEER_LOGIN_NONE)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
		                      p->login == PEER_LOGIN_PASS       ? " pass"
		                      : p->login == PEER_LOGIN_PASSTHRU ? " passthru"
		                                                        : " proxypass");
	if (p->forced_host != NULL)
		snprintf(text + n, sizeof(text) - n, " host=%s", p->forced_host);
	return text;
}

START_TEST(cache_peer_lines)
{
	struct peer_fixture f;
	char conf[512];
	const bool is_error = lines[_i].want[0] == '!';

	snprintf(conf, sizeof(conf), "cache_peer %s\n", lines[_i].line);
	peer_fixture_init(&f, conf);
	ck_assert_msg((conf_count(f.reader, CONF_ERROR) == 1) == is_error, "%s: %s", lines[_i].line,
	              peer_fixture_findings(&f));
	if (is_error)
		ck_assert_msg(strstr(peer_fixture_findings(&f), lines[_i].want + 1) != NULL,
		              "%s: %s", lines[_i].line, peer_fixture_findings(&f));
	else
		ck_assert_str_eq(text_of(f.conf.peers), lines[_i].want);
	peer_fixture_fini(&f);
}
END_TEST

START_TEST(the_other_directives)
{
	struct peer_fixture f;

	peer_fixture_init(&f, "");
	ck_assert(!f.conf.prefer_direct && f.conf.nonhierarchical_direct && !f.conf.retry_on_error);
	ck_assert_int_eq(f.conf.connect_timeout_ms, 30000);
	ck_assert(f.conf.peers == NULL && f.conf.always_direct == NULL);
	peer_fixture_fini(&f);
	peer_fixture_init(&f, "prefer_direct on\nnonhierarchical_direct off\nretry_on_error on\n"
	                      "peer_connect_timeout 2 seconds\nalways_direct allow all\n"
	                      "never_direct allow all\n");
	ck_assert(f.conf.prefer_direct && !f.conf.nonhierarchical_direct && f.conf.retry_on_error);
	ck_assert_int_eq(f.conf.connect_timeout_ms, 2000);
	ck_assert(f.conf.always_direct != NULL && f.conf.never_direct != NULL);
	ck_assert_ptr_nonnull(
		strstr(peer_fixture_findings(&f), "6: warning: there is no cache_peer"));
	peer_fixture_fini(&f);
	peer_fixture_init(&f, "never_direct deny all\n");
	ck_assert_str_eq(peer_fixture_findings(&f), "");
	peer_fixture_fini(&f);
	peer_fixture_init(&f, "never_direct deny localhost\n");
	ck_assert_ptr_nonnull(
		strstr(peer_fixture_findings(&f), "1: warning: there is no cache_peer"));
	peer_fixture_fini(&f);
}
END_TEST

START_TEST(down_after_so_many_failures_and_up_again)
{
	struct peer_fixture f;

	peer_fixture_init(&f, "cache_peer a parent 1 0 connect-fail-limit=3\n");
	const struct peer *p = f.conf.peers;

	for (unsigned round = 0; round < 2; round++) {
		peer_failed(p, 1);
		peer_failed(p, 2);
		peer_connected(p, 3); /* not in a row */
		peer_failed(p, 4);
		peer_failed(p, 5);
		ck_assert(peer_is_up(p));
		peer_failed(p, 6);
		ck_assert(!peer_is_up(p));
		peer_failed(p, 7);
		peer_connected(p, 8);
		ck_assert(peer_is_up(p));
	}
	ck_assert_uint_eq(p->state->deaths, 2);
	ck_assert_uint_eq(p->state->connect_fails, 12);
	ck_assert_uint_eq(p->state->connects, 4);
	peer_fixture_fini(&f);
}
END_TEST

START_TEST(room_for_so_many_connections)
{
	struct peer_fixture f;
	struct stream_tally *t[3];

	peer_fixture_init(&f, "cache_peer a parent 1 0 max-conn=2\ncache_peer b parent 1 0\n");
	const struct peer *a = f.conf.peers, *b = a->next;

	t[0] = peer_reserve(a);
	ck_assert(t[0] != NULL && peer_has_room(a));
	t[1] = peer_reserve(a);
	ck_assert(t[1] != NULL && !peer_has_room(a) && peer_reserve(a) == NULL);
	ck_assert_uint_eq(a->state->open, 2);
	t[0]->leave(t[0]);
	ck_assert(peer_has_room(a));
	for (unsigned i = 0; i < 100; i++)
		ck_assert(peer_reserve(b) == &b->state->tally);
	ck_assert(peer_has_room(b));
	for (unsigned i = 0; i < 100; i++)
		b->state->tally.leave(&b->state->tally);
	/* A connection may outlive the configuration: it keeps the state. */
	peer_fixture_fini(&f);
	t[1]->leave(t[1]);
}
END_TEST

START_TEST(a_reload_keeps_what_is_known)
{
	struct peer_fixture old, new;

	peer_fixture_init(&old, "cache_peer a parent 1 0 connect-fail-limit=1\n"
	                        "cache_peer b parent 1 0\ncache_peer c parent 1 0 name=d\n");
	peer_fixture_init(&new, "cache_peer c parent 1 0 name=d weight=2\n"
	                        "cache_peer a parent 1 0\ncache_peer b parent 2 0\n");
	peer_failed(old.conf.peers, 1);
	peers_inherit(new.conf.peers, old.conf.peers);
	const struct peer *d = new.conf.peers, *a = d->next, *b = a->next;

	ck_assert_ptr_eq(a->state, old.conf.peers->state);
	ck_assert(!peer_is_up(a));
	ck_assert_ptr_eq(d->state, old.conf.peers->next->next->state);
	ck_assert_ptr_ne(b->state, old.conf.peers->next->state); /* another port is another peer */
	peer_fixture_fini(&old);
	ck_assert(!peer_is_up(a));
	peer_fixture_fini(&new);
}
END_TEST

START_TEST(the_managers_page)
{
	struct peer_fixture f;
	struct arena a;

	arena_init(&a);
	ck_assert_span(peer_page(NULL, &a, 0), SPAN("There are no neighbors installed.\n"));
	peer_fixture_init(&f, "cache_peer u.test parent 3128 0 name=x default login=u:geheim\n");
	const struct span page = peer_page(f.conf.peers, &a, 0);
	char *text = span_strdup(page);

	ck_assert_ptr_nonnull(strstr(text, "Parent     : x\nHost       : u.test/3128/0\n"));
	ck_assert_ptr_nonnull(strstr(text, "Status     : Up\n"));
	ck_assert(strstr(text, "geheim") == NULL && strstr(text, "Basic") == NULL);
	free(text);
	peer_fixture_fini(&f);
	arena_fini(&a);
}
END_TEST

Suite *suite_peer(void);
Suite *suite_peer(void)
{
	Suite *s = suite_create("peer");
	TCase *t = tcase_create("peer");

	tcase_add_loop_test(t, cache_peer_lines, 0, ARRAY_LEN(lines));
	tcase_add_test(t, the_other_directives);
	tcase_add_test(t, down_after_so_many_failures_and_up_again);
	tcase_add_test(t, room_for_so_many_connections);
	tcase_add_test(t, a_reload_keeps_what_is_known);
	tcase_add_test(t, the_managers_page);
	suite_add_tcase(s, t);
	return s;
}
