/*
 * Local addresses and marks: which line is taken, what is refused, what a pool's key tells apart.
 */
#include <unistd.h>

#include "tests/unit/peer/peer_fixture.h"

/*
 * The acls of a line match if the text holds their names, as "src a b": asked by the rule's text.
 */
static bool all_match(void *arg, const struct acl_rules *acls)
{
	struct facts f = { 0 };
	struct trail trail;

	f.state[FACT_SRC] = FACT_VALUE;
	CHECK(ip_parse(span_str(arg), &f.src.ip));
	return acl_decide(acls, &f, VERDICT_DENY, &trail) == VERDICT_ALLOW;
}

#define ACLS "acl a src 192.0.2.1\nacl b src 192.0.2.2\n"

static const struct {
	const char *name, *conf, *client, *want;
} choices[] = {
	{ "nothing is configured", "", "192.0.2.1", "" },
	{ "without acls", "tcp_outgoing_address 10.0.0.1\n", "192.0.2.1", "4 10.0.0.1" },
	{ "both families",
	  "tcp_outgoing_address 10.0.0.1\ntcp_outgoing_address 2001:db8::1\n"
	  "tcp_outgoing_address 10.0.0.2\n",
	  "192.0.2.1", "4 10.0.0.1 6 2001:db8::1" },
	{ "the first line that matches",
	  "tcp_outgoing_address 10.0.0.1 a\ntcp_outgoing_address 10.0.0.2 b\n"
	  "tcp_outgoing_address 10.0.0.3\n",
	  "192.0.2.2", "4 10.0.0.2" },
	{ "negated acls", "tcp_outgoing_address 10.0.0.1 !a\ntcp_outgoing_address 10.0.0.2 a\n",
	  "192.0.2.1", "4 10.0.0.2" },
	{ "all acls of a line", "tcp_outgoing_address 10.0.0.1 a b\n", "192.0.2.1", "" },
	{ "type of service", "tcp_outgoing_tos 0x20 a\ntcp_outgoing_tos 0x10\n", "192.0.2.1",
	  "tos 0x20" },
	{ "its other names", "tcp_outgoing_ds 0x20 a\ntcp_outgoing_dscp 0x10\n", "192.0.2.2",
	  "tos 0x10" },
	{ "the bits of ECN", "tcp_outgoing_tos 0xff\n", "192.0.2.1", "tos 0xfc" },
	{ "decimal and octal", "tcp_outgoing_tos 040 a\ntcp_outgoing_tos 40\n", "192.0.2.1",
	  "tos 0x20" },
	{ "default: no more lines", "tcp_outgoing_tos default a\ntcp_outgoing_tos 0x10\n",
	  "192.0.2.1", "" },
	{ "type of service 0 is a value", "tcp_outgoing_tos 0\n", "192.0.2.1", "tos 0" },
	{ "a mark", "tcp_outgoing_mark 0xffffffff b\ntcp_outgoing_mark 17\n", "192.0.2.2",
	  "mark 0xffffffff" },
	{ "all of them", "tcp_outgoing_mark 1\ntcp_outgoing_tos 4\ntcp_outgoing_address 10.0.0.1\n",
	  "192.0.2.2", "4 10.0.0.1 tos 0x4 mark 0x1" },
	{ "for clients", "clientside_tos 8\nclientside_mark 2 a\nmark_client_packet 3\n",
	  "192.0.2.1", "client tos 0x8 client mark 0x2" },
};

static void print_marks(char *text, size_t cap, const char *who, const struct sock_marks *m)
{
	size_t n = strlen(text);

	if (m->has_tos)
		n += (size_t)snprintf(text + n, cap - n, "%stos %#x ", who, m->tos);
	if (m->has_mark)
		snprintf(text + n, cap - n, "%smark %#x ", who, m->mark);
}

START_TEST(choosing)
{
	struct peer_fixture f;
	char conf[512], text[256] = "", ip[IP_TEXT_MAX];
	char *client = strdup(choices[_i].client);
	struct outgoing o;
	struct sock_marks m;

	snprintf(conf, sizeof(conf), ACLS "%s", choices[_i].conf);
	peer_fixture_init(&f, conf);
	ck_assert_msg(conf_count(f.reader, CONF_ERROR) == 0, "%s", peer_fixture_findings(&f));
	outgoing_choose(&f.conf.outgoing, all_match, client, &o);
	if (o.has_from4)
		snprintf(text, sizeof(text), "4 %s ", ip_text(&o.from4.ip, ip));
	if (o.has_from6)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "6 %s ",
		         ip_text(&o.from6.ip, ip));
	print_marks(text, sizeof(text), "", &o.marks);
	ck_assert_int_eq(outgoing_choose_client(&f.conf.outgoing, all_match, client, &m),
	                 m.has_tos || m.has_mark);
	print_marks(text, sizeof(text), "client ", &m);
	if (text[0] != '\0')
		text[strlen(text) - 1] = '\0';
	ck_assert_msg(strcmp(text, choices[_i].want) == 0, "%s: %s", choices[_i].name, text);
	peer_fixture_fini(&f);
	free(client);
}
END_TEST

START_TEST(marks_of_connections)
{
	struct peer_fixture f;
	char a[] = "192.0.2.1", b[] = "192.0.2.2", c[] = "192.0.2.3";

	peer_fixture_init(&f, ACLS "mark_client_connection 0x5/0xff a\n"
	                           "mark_client_connection 7 b\n");
	const struct outgoing_conf *o = &f.conf.outgoing;
	const struct outgoing_line *l = outgoing_choose_connmark(o, all_match, a);

	ck_assert(l != NULL && l->value == 5 && l->mask == 0xff);
	l = outgoing_choose_connmark(o, all_match, b);
	ck_assert(l != NULL && l->value == 7 && l->mask == UINT32_MAX);
	ck_assert_ptr_null(outgoing_choose_connmark(o, all_match, c));
	ck_assert(outgoing_conf_marks(o));
	peer_fixture_fini(&f);
}
END_TEST

static const struct {
	const char *conf, *want;
} faults[] = {
	{ "tcp_outgoing_address", "a value is missing" },
	{ "tcp_outgoing_address localhost", "is no address of this machine" },
	{ "tcp_outgoing_address 0.0.0.0", "is no address of this machine" },
	{ "tcp_outgoing_address 10.0.0.1 nosuch", "no acl \"nosuch\"" },
	{ "tcp_outgoing_tos 256", "no number from 0 to 0xff" },
	{ "tcp_outgoing_tos -1", "no number from 0 to 0xff" },
	{ "tcp_outgoing_tos low", "no number from 0 to 0xff" },
	{ "tcp_outgoing_tos 5", "belong to ECN" },
	{ "tcp_outgoing_mark 0x100000000", "no number from 0 to 0xffffffff" },
	{ "tcp_outgoing_mark 1/2", "no number" },
	{ "mark_client_connection x", "is no mark" },
	{ "mark_client_connection 1/x", "is no mark" },
	{ "mark_client_connection 1/", "is no mark" },
	{ "mark_client_connection 0x100000000", "is no mark" },
	{ "acl d dst 10.0.0.1\ntcp_outgoing_address 10.0.0.1 d", "wait" },
	{ "acl d dst 10.0.0.1\nclientside_tos 4 d", "wait" },
};

START_TEST(what_is_refused)
{
	struct peer_fixture f;

	peer_fixture_init(&f, faults[_i].conf);
	ck_assert_msg(strstr(peer_fixture_findings(&f), faults[_i].want) != NULL, "%s: %s",
	              faults[_i].conf, peer_fixture_findings(&f));
	peer_fixture_fini(&f);
}
END_TEST

START_TEST(keys_tell_connections_apart)
{
	struct outgoing o[6] = { { 0 } };
	char keys[6][OUTGOING_KEY_MAX];
	size_t n[6];

	o[1].has_from4 = o[2].has_from4 = true;
	o[2].from4.ip = ip_from_v4(1);
	o[3].marks = (struct sock_marks){ .has_tos = true };
	o[4].marks = (struct sock_marks){ .has_mark = true };
	o[5].has_from4 = o[5].has_from6 = true;
	o[5].marks = (struct sock_marks){ true, true, 4, 5 };
	for (unsigned i = 0; i < 6; i++) {
		n[i] = (size_t)(outgoing_print_key(keys[i], &o[i]) - keys[i]);
		ck_assert(n[i] <= OUTGOING_KEY_MAX);
		for (unsigned k = 0; k < i; k++)
			ck_assert(!span_eq(span_of(keys[i], n[i]), span_of(keys[k], n[k])));
	}
	ck_assert_uint_eq(n[0], 0);
}
END_TEST

/* The kernel is asked what it has been told; a mark takes a capability that tests may not have. */
START_TEST(what_is_set_on_a_socket)
{
	const struct sock_marks m = { true, true, 0x20, 77 };
	const int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int tos = 0, tclass = 0;
	uint32_t mark = 0;
	socklen_t n = sizeof(int);

	if (fd < 0)
		return;
	ck_assert_int_eq(sock_set_marks(fd, &m), sock_can_mark());
	ck_assert_int_eq(getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &n), 0);
	ck_assert_int_eq(getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tclass, &n), 0);
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &n), 0);
	ck_assert(tos == 0x20 && tclass == 0x20);
	ck_assert_uint_eq(mark, sock_can_mark() ? 77 : 0);
	close(fd);
}
END_TEST

Suite *suite_outgoing(void);
Suite *suite_outgoing(void)
{
	Suite *s = suite_create("outgoing");
	TCase *t = tcase_create("outgoing");

	tcase_add_loop_test(t, choosing, 0, ARRAY_LEN(choices));
	tcase_add_test(t, marks_of_connections);
	tcase_add_loop_test(t, what_is_refused, 0, ARRAY_LEN(faults));
	tcase_add_test(t, keys_tell_connections_apart);
	tcase_add_test(t, what_is_set_on_a_socket);
	suite_add_tcase(s, t);
	return s;
}
