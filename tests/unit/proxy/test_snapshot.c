/*
 * Configurations of the proxy core: what is taken, and what each refusal says.
 */
#include "tests/unit/unit.h"

#include "proxy/snapshot.h"

/* The first error of a configuration, "" if there is none. */
struct report {
	char text[512];
};

static void on_finding(void *arg, const struct conf_finding *f)
{
	struct report *r = arg;

	if (f->severity == CONF_ERROR && r->text[0] == '\0')
		snprintf(r->text, sizeof(r->text), "%s:%u: %s", f->place.file, f->place.line,
		         f->text);
}

static const struct {
	const char *conf, *says; /* a part of the first error; NULL: it loads */
} cases[] = {
	{ "http_port 3128\n", NULL },
	{ "http_port 127.0.0.1:3128 name=inner\n", NULL },
	{ "http_port [::1]:3128\n", NULL },
	{ "", "there is no http_port line" },
	{ "http_port\n", ":1: " },
	{ "http_port 0\n", "no address to listen on" },
	{ "http_port 65536\n", "no address to listen on" },
	{ "http_port ::1:3128\n", "no address to listen on" },
	{ "http_port 3128 accel\n", "not in Cuttle yet" },
	{ "http_port 3128 ssl-bump generate-host-certificates=on tls-cert=/x\n",
	  "the options ssl-bump, generate-host-certificates, tls-cert exist in Squid" },
	{ "http_port 3128 generate-host-certificates=on\n", "not in Cuttle yet" },
	{ "http_port 3128 vhosts\n", "unknown option" },
	{ "http_port 3128 intercept=1\n", "unknown option" },
	{ "http_port 3128 name=\n", "accepted is name=WORD" },
	{ "http_port 3128 tcpkeepalive\n", NULL },
	{ "http_port 3128 tcpkeepalive=60,30,3\n", NULL },
	{ "http_port 3128 tcpkeepalive=60\n", NULL },
	{ "http_port 3128 tcpkeepalive=60,x\n", "IDLE,INTERVAL,TIMEOUT" },
	{ "http_port 3128 tcpkeepalive=1,2,3,4\n", "IDLE,INTERVAL,TIMEOUT" },
	{ "http_port 3128 tcpkeepalive=-1\n", "IDLE,INTERVAL,TIMEOUT" },
	{ "http_port 3128 connection-auth=off\n", NULL },
	{ "http_port 3128 no-connection-auth\n", NULL },
	{ "http_port 3128 connection-auth=perhaps\n", "accepted is on or off" },
	{ "http_port 3128 disable-pmtu-discovery=always\n", NULL },
	{ "http_port 3128 disable-pmtu-discovery=on\n", "accepted is off, transparent or always" },
	{ "http_port 3128 worker-queues\n", NULL },
	{ "http_port 3128\naccept_filter data\n", NULL },
	{ "http_port 3128\naccept_filter data=5\n", NULL },
	{ "http_port 3128\naccept_filter data=0\n", "data=SECONDS" },
	{ "http_port 3128\naccept_filter httpready\n", NULL },
	{ "http_port 3128 nonsense\n", "unknown option" },
	{ "http_port 3128\nhttp_port 3128\n", "listened on already, see line 1" },
	{ "http_port 3128\nforwarded_for maybe\n", ":2: " },
	{ "http_port 3128\nvia yes\n", ":2: " },
	{ "http_port 3128\nvisible_hostname a b\n", NULL },
	{ "http_port 3128\nvisible_hostname (x)\n",
	  ":2: visible_hostname: the host name \"(x)\" cannot stand in a Via field" },
	{ "http_port 3128\nrequest_header_max_size 1 MB\n",
	  ":2: client_request_buffer_max_size must be larger" },
	{ "http_port 3128\nhttp_upgrade_request_protocols WebSocket allow all\n", NULL },
	{ "http_port 3128\nhttp_upgrade_request_protocols WebSocket allow nobody\n", "nobody" },
	{ "http_port 3128\nnote a b\nnote a \"b 100%% c\" all\n", NULL },
	{ "http_port 3128\nnote\n", ":2: " },
	{ "http_port 3128\nnote a\n", "a value is missing" },
	{ "http_port 3128\nnote a b nobody\n", "nobody" },
	{ "http_port 3128\non_unsupported_protocol tunnel all\n"
	  "on_unsupported_protocol respond\n",
	  NULL },
	{ "http_port 3128\non_unsupported_protocol\n", ":2: " },
	{ "http_port 3128\non_unsupported_protocol allow all\n", "unknown action" },
	{ "http_port 3128\nreply_body_max_size 0\nreply_body_max_size 10 MB all\n"
	  "reply_body_max_size none all\nreply_body_max_size -1\nreply_body_max_size 0 KB\n",
	  NULL },
	{ "http_port 3128\nreply_body_max_size\n", ":2: " },
	{ "http_port 3128\nreply_body_max_size ten MB\n", "is no size" },
	{ "http_port 3128\nreply_body_max_size 10 TB\n", "TB" },
	{ "http_port 3128\ncache deny all\nsend_hit deny all\nno_cache deny all\n", NULL },
	{ "http_port 3128\ncache deny nobody\n", "nobody" },
	{ "http_port 3128\nhttp_access2 deny nobody\n", "nobody" },
	{ "http_port 3128\nfollow_x_forwarded_for allow nobody\n", "nobody" },
	{ "http_port 3128\nacl_uses_indirect_client maybe\n", ":2: " },
};

START_TEST(configurations)
{
	struct report r = { "" };
	const struct proxy_options o = { .conf_text = cases[_i].conf };
	struct snapshot *s = proxy_load(&o, on_finding, &r);

	if (cases[_i].says == NULL) {
		ck_assert_msg(s != NULL, "%s: %s", cases[_i].conf, r.text);
		snapshot_unref(&s);
	} else {
		ck_assert_ptr_null(s);
		ck_assert_msg(strstr(r.text, cases[_i].says) != NULL, "%s: %s", cases[_i].conf,
		              r.text);
	}
	ck_assert_uint_eq(snapshot_count(), 0);
}
END_TEST

Suite *suite_snapshot(void);
Suite *suite_snapshot(void)
{
	Suite *s = suite_create("snapshot");
	TCase *t = tcase_create("snapshot");

	tcase_add_loop_test(t, configurations, 0, ARRAY_LEN(cases));
	suite_add_tcase(s, t);
	return s;
}
