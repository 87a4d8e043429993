/*
 * Policies and facts made of pieces.
 */
#include "tests/unit/admin/policies.h"

#include "http/parse.h"
#include "http/target.h"
#include "tests/unit/unit.h"

#define PICK(r, array) ((array)[random_below((r), ARRAY_LEN(array))])

/* What follows `acl NAME`; more than one of a line's values may be taken. */
static const char *const acls[] = {
	"src 10.0.0.0/8",
	"src 10.0.0.1 10.0.0.2",
	"src 10.1.0.0-10.1.0.255 2001:db8::/32",
	"src all",
	"dst 198.51.100.0/24",
	"dst 127.0.0.0/8 ::1",
	"dst -n 203.0.113.7",
	"dst all",
	"localip 10.9.0.1",
	"localport 3128",
	"myportname inside",
	"dstdomain .example.com",
	"dstdomain www.example.org example.net",
	"dstdomain -n .example",
	"dstdomain none",
	"srcdomain .lan",
	"srcdom_regex -i ^PC",
	"dstdom_regex ads[0-9]*",
	"dstdom_regex -n ^[0-9.]+$",
	"port 80 443",
	"port 1025-65535",
	"proto HTTP",
	"method GET HEAD",
	"method CONNECT",
	"method PURGE",
	"url_regex -i /ADMIN/",
	"url_regex ^http://www\\.",
	"url_regex (ads|track)er?[^a-z]",
	"urlpath_regex \\.(exe|zip)$",
	"browser -i curl",
	"browser ^Mozilla",
	"time MTWHF 08:00-18:00",
	"time SA",
	"time 22:00-06:00",
	"referer_regex -i INTRANET",
	"req_mime_type ^text/",
	"req_header X-One -i ^YES$",
	"req_header X-Two .",
	"maxconn 3",
	"random 1/2",
	"random 0.1",
	"note who",
	"note who joe",
	"note -m=, groups admin",
	"annotate_transaction who=joe",
	"annotate_transaction groups+=admin",
	"annotate_client seen=yes",
	"note seen yes",
	"transaction_initiator client",
	"transaction_initiator internal",
	"has request",
	"has response",
	"has ALE",
	"client_connection_mark 0x10/0xf0",
	"connections_encrypted",
	"urllogin joe",
	"myip 10.9.0.1",
	"myport 8080",
	/* with what stands for the number of another one */
	"any-of @ !@",
	"any-of @ @ @",
	"all-of @ @",
	"all-of !@ @",
};

/* The same for what is known only once there is a reply. */
static const char *const late_acls[] = {
	"http_status 200 404",
	"http_status 300-399 500-",
	"rep_mime_type -i ^TEXT/",
	"rep_mime_type ^$",
	"rep_header X-One -i ^YES$",
	"rep_header X-Two .",
	"peername up",
	"peername_regex ^(up|down)$",
	"hier_code HIER_DIRECT FIRSTUP_PARENT",
	"squid_error ERR_DNS_FAIL ERR_ACCESS_DENIED",
	"has response",
	"note who joe",
	"annotate_transaction who+=joe",
	"url_regex -i /ADMIN/",
	"dst 198.51.100.0/24",
	"any-of @ !@",
	"all-of @ @",
};

static const char *const hosts[] = { "www.example.com", "example.com",   "www.example.org",
	                             "example.net",     "ads12.example", "198.51.100.9",
	                             "127.0.0.1",       "[2001:db8::7]", "none" };
static const char *const ports[] = { "", ":80", ":443", ":8080", ":25" };
static const char *const paths[] = { "/",          "/admin/x",      "/%61dmin/?q=1", "/tracker/",
	                             "/setup.exe", "/a.zip?b=.exe", "/%00%zz" };
static const char *const agents[] = { "curl/8.0", "Mozilla/5.0 (X11)", "Curl", "" };
static const char *const fields[] = {
	"",
	"Referer: http://intranet.example/\r\n",
	"Content-Type: text/plain\r\n",
	"X-One: yes\r\n",
	"X-One: no\r\nX-One: YES\r\n",
	"X-Two: a\tb \xff%\r\n",
};
static const char *const methods[] = { "GET", "HEAD", "POST", "PURGE", "CONNECT", "FOO" };
static const char *const sources[] = { "10.0.0.1", "10.1.0.77", "192.0.2.3", "2001:db8::5", "::1" };
static const char *const targets[] = { "198.51.100.9", "127.0.0.1", "203.0.113.7", "::1",
	                               "2001:db8::7" };
static const char *const replies[] = { "200 OK", "304 Not Modified", "404 Not Found",
	                               "503 Service Unavailable" };
static const char *const peers[] = { "up", "down", "upper" };
static const char *const codes[] = { "HIER_DIRECT", "FIRSTUP_PARENT", "HIER_NONE" };
static const char *const errors[] = { "ERR_DNS_FAIL", "ERR_ACCESS_DENIED", "ERR_READ_ERROR" };
static const char *const names[] = { "pc7.lan", "PC8.example.com", "none", "www.example.org" };

/* An acl called by a letter and a number. */
static void put_acl(FILE *f, struct random *r, char letter, unsigned number)
{
	const char *text;

	/* The first ones have no others to name. */
	do
		text = letter == 'a' ? PICK(r, acls) : PICK(r, late_acls);
	while (number == 0 && strchr(text, '@') != NULL);
	fprintf(f, "acl %c%u ", letter, number);
	for (; *text != '\0'; text++) {
		if (*text == '@')
			fprintf(f, "%c%u", letter, random_below(r, number));
		else
			fputc(*text, f);
	}
	fputc('\n', f);
}

static void put_list(FILE *f, struct random *r, const char *directive, char letter, unsigned n_acls,
                     unsigned n_rules)
{
	for (unsigned i = 0; i < n_rules; i++) {
		fprintf(f, "%s %s", directive, random_below(r, 2) != 0 ? "allow" : "deny");
		for (unsigned k = 1 + random_below(r, 4); k > 0; k--)
			fprintf(f, " %s%c%u", random_below(r, 4) == 0 ? "!" : "", letter,
			        random_below(r, n_acls));
		fputc('\n', f);
	}
}

bool policies_have(const char *type)
{
	const struct span name = span_str(type);

	for (size_t i = 0; i < ARRAY_LEN(acls) + ARRAY_LEN(late_acls); i++) {
		struct span text =
			span_str(i < ARRAY_LEN(acls) ? acls[i] : late_acls[i - ARRAY_LEN(acls)]);

		if (span_eq(span_cut(&text, ' '), name))
			return true;
	}
	return false;
}

char *policies_text(struct random *r)
{
	const unsigned n_acls = 1 + random_below(r, 12), n_rules = 1 + random_below(r, 10);
	const unsigned n_late = 1 + random_below(r, 8), n_late_rules = 1 + random_below(r, 6);
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	CHECK(f != NULL);
	fprintf(f, "http_port 3128\n");
	for (unsigned i = 0; i < n_acls; i++)
		put_acl(f, r, 'a', i);
	for (unsigned i = 0; i < n_late; i++)
		put_acl(f, r, 'r', i);
	put_list(f, r, "http_access", 'a', n_acls, n_rules);
	put_list(f, r, "http_reply_access", 'r', n_late, n_late_rules);
	CHECK(fclose(f) == 0);
	return text;
}

static uint8_t some_state(struct random *r)
{
	static const enum fact_state states[] = { FACT_VALUE,  FACT_VALUE,  FACT_VALUE,
		                                  FACT_ABSENT, FACT_FAILED, FACT_UNKNOWN };

	return (uint8_t)PICK(r, states);
}

static void fill_request(struct facts *f, struct random *r, struct arena *a)
{
	const char *method = PICK(r, methods), *host = PICK(r, hosts), *port = PICK(r, ports);
	const bool is_connect = strcmp(method, "CONNECT") == 0;
	const char *agent = PICK(r, agents);
	struct http_head *h = ARENA_NEW(a, struct http_head);
	struct uri *u = ARENA_NEW(a, struct uri);
	struct http_scan scan = { 0, 0 };
	struct http_parse_error e;
	const char *detail = "";
	size_t used;
	const struct span text = arena_printf(
		a, "%s %s%s%s%s HTTP/1.1\r\nHost: h\r\n%s%s%s%s\r\n", method,
		is_connect ? "" : "http://", host, is_connect && *port == '\0' ? ":443" : port,
		is_connect ? "" : PICK(r, paths), *agent != '\0' ? "User-Agent: " : "", agent,
		*agent != '\0' ? "\r\n" : "", PICK(r, fields));

	http_head_init(h, a);
	ck_assert_int_eq(http_parse_request(text, 4096, &scan, h, &used, &e), HTTP_PARSE_OK);
	ck_assert_msg(http_target_uri(h, a, u, &detail), "%.*s: %s", SPAN_ARG(text), detail);
	f->request = h;
	f->method = h->method;
	f->method_name = h->method_name;
	f->uri = u;
	f->url = uri_text(u, a);
	f->state[FACT_REQUEST] = FACT_VALUE;
}

/* Three times of four there is one. */
static void fill_reply(struct facts *f, struct random *r, struct arena *a)
{
	struct http_head *h = ARENA_NEW(a, struct http_head);
	struct http_scan scan = { 0, 0 };
	struct http_parse_error e;
	size_t used;
	const struct span text = arena_printf(a, "HTTP/1.1 %s\r\n%s%s\r\n", PICK(r, replies),
	                                      PICK(r, fields), PICK(r, fields));

	f->state[FACT_HIER] = FACT_VALUE;
	f->hier_code = span_str(PICK(r, codes));
	f->peer = span_str(PICK(r, peers));
	f->error = span_str(PICK(r, errors));
	if (random_below(r, 2) != 0)
		f->state[FACT_PEER] = FACT_VALUE;
	if (random_below(r, 2) != 0)
		f->state[FACT_ERROR] = FACT_VALUE;
	if (random_below(r, 4) == 0)
		return;
	http_head_init(h, a);
	ck_assert_int_eq(http_parse_reply(text, 4096, &scan, h, &used, &e), HTTP_PARSE_OK);
	f->reply = h;
	f->state[FACT_REPLY] = FACT_VALUE;
}

static void fill_counts(struct facts *f, struct random *r, struct arena *a)
{
	static const char *const values[] = { "joe", "admin", "a,admin,b", "-", "" };
	static const char *const keys[] = { "who", "groups", "seen", "a=b" };
	struct notes *notes = ARENA_NEW(a, struct notes);

	for (unsigned n = random_below(r, 4); n > 0; n--)
		notes_add(notes, a, span_str(PICK(r, keys)), span_str(PICK(r, values)));
	f->notes = notes;
	f->draw = (uint64_t)random_below(r, UINT32_MAX) << 32 | random_below(r, UINT32_MAX);
	f->connections = 1 + random_below(r, 6);
	f->initiator = SPAN("client");
	f->mark = random_below(r, 0x40);
	f->is_client_encrypted = random_below(r, 2) != 0;
	f->state[FACT_NOTES] = f->state[FACT_DRAW] = f->state[FACT_CONNECTIONS] =
		f->state[FACT_INITIATOR] = FACT_VALUE;
	f->state[FACT_MARK] = some_state(r);
}

struct facts policies_facts(struct random *r, struct arena *a)
{
	struct facts f = { .port_name = random_below(r, 2) != 0 ? SPAN("inside") : SPAN("3128"),
		           .weekday = random_below(r, 7),
		           .minute = random_below(r, 24 * 60),
		           .src_name = span_str(PICK(r, names)),
		           .dst_name = span_str(PICK(r, names)),
		           .arena = a };
	struct ip *dst = arena_alloc(a, 3 * sizeof(*dst));

	memset(f.state, FACT_ABSENT, sizeof(f.state));
	f.state[FACT_SRC] = f.state[FACT_LOCAL] = f.state[FACT_PORT_NAME] = FACT_VALUE;
	f.state[FACT_CLOCK] = FACT_VALUE;
	f.state[FACT_DST_ADDRS] = some_state(r);
	f.state[FACT_SRC_NAME] = some_state(r);
	f.state[FACT_DST_NAME] = some_state(r);
	fill_counts(&f, r, a);
	ck_assert(ip_parse(span_str(PICK(r, sources)), &f.src.ip));
	ck_assert(ip_parse(SPAN("10.9.0.1"), &f.local.ip));
	f.local.port = random_below(r, 2) != 0 ? 3128 : 8080;
	f.n_dst = 1 + random_below(r, 3);
	for (unsigned i = 0; i < f.n_dst; i++)
		ck_assert(ip_parse(span_str(PICK(r, targets)), &dst[i]));
	f.dst = dst;
	fill_request(&f, r, a);
	fill_reply(&f, r, a);
	return f;
}
