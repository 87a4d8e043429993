/*
 * Lines about where requests go: whatever is read without errors makes ways for a request, each
 * once, and keys of pools that fit.
 */
#include "peer/peer_conf.h"
#include "peer/peer_page.h"
#include "peer/route.h"
#include "tests/fuzz/fuzz.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive directives[] = {
#include "acl/directives.tbl.h"
#include "peer/directives.tbl.h"
};
#undef DIRECTIVE

#define PEERS_MAX 64

static bool always(void *arg, const struct acl_rules *acls)
{
	(void)arg;
	return acls != NULL;
}

static void check_outgoing(const struct peer_conf *c)
{
	char key[OUTGOING_KEY_MAX];
	struct outgoing o;
	struct sock_marks m;

	outgoing_choose(&c->outgoing, always, NULL, &o);
	CHECK(outgoing_print_key(key, &o) <= key + sizeof(key));
	CHECK((o.marks.tos & 3) == 0);
	CHECK(!o.has_from4 || ip_is_v4(&o.from4.ip));
	CHECK(!o.has_from6 || !ip_is_v4(&o.from6.ip));
	(void)outgoing_choose_client(&c->outgoing, always, NULL, &m);
	(void)outgoing_choose_connmark(&c->outgoing, always, NULL);
}

static void check_routes(const struct peer_conf *c)
{
	struct route_peer views[PEERS_MAX];
	struct route_choice ways[PEERS_MAX + 1];
	struct route_question q = { .peers = views };

	for (const struct peer *p = c->peers; p != NULL && q.n_peers < PEERS_MAX; p = p->next) {
		CHECK(p->port != 0 && p->name[0] != '\0' && p->host[0] != '\0' &&
		      p->fail_limit > 0);
		CHECK((p->login == PEER_LOGIN_FIXED) == (p->credentials != NULL));
		views[q.n_peers++] = (struct route_peer){ .may_be_used = p->port % 2 != 0,
			                                  .is_default = p->is_default,
			                                  .is_round_robin = p->is_round_robin,
			                                  .weight = p->weight };
	}
	for (enum route_direct d = ROUTE_DIRECT_MAYBE; d <= ROUTE_DIRECT_NEVER; d++) {
		q.direct = d;
		q.prefer_direct = c->prefer_direct;
		const unsigned n = route_choose(&q, ways);

		CHECK(n <= q.n_peers + 1);
		for (unsigned i = 0; i < n; i++) {
			CHECK(ways[i].peer < (int)q.n_peers);
			CHECK(ways[i].peer != ROUTE_DIRECT || d != ROUTE_DIRECT_NEVER);
			CHECK(ways[i].peer == ROUTE_DIRECT || views[ways[i].peer].may_be_used);
			for (unsigned k = 0; k < i; k++)
				CHECK(ways[k].peer != ways[i].peer);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	void *sections[CONF_SECTION_N] = { NULL };
	struct acl_conf acl;
	struct peer_conf peer;
	struct arena a;

	acl_conf_init(&acl);
	peer_conf_init(&peer);
	sections[CONF_SECTION_acl] = &acl;
	sections[CONF_SECTION_peer] = &peer;
	struct conf_reader *r = conf_reader_new(directives, ARRAY_LEN(directives), sections);

	conf_forbid_files(r);
	conf_read_text(r, "squid.conf", span_of((const char *)bytes, n));
	conf_finish(r);
	acl_conf_finish(&acl, r);
	peer_conf_finish(&peer, r);
	if (conf_count(r, CONF_ERROR) == 0) {
		check_outgoing(&peer);
		check_routes(&peer);
		arena_init(&a);
		(void)peer_page(peer.peers, &a, 0);
		arena_fini(&a);
	}
	peer_conf_fini(&peer);
	acl_conf_fini(&acl);
	conf_reader_free(&r);
	return 0;
}
