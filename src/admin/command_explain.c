/*
 * `cuttle explain`: a request told by options, or a recorded one, explained by a policy.
 *
 * The options are made into a line of the log format "facts", so that there is one way from text
 * to facts.
 */
#include <inttypes.h>
#include <netdb.h>
#include <time.h>

#include "admin/command.h"
#include "admin/explain.h"
#include "http/uri.h"
#include "log/facts.h"
#include "proxy/proxy.h"

enum {
	POLICY,
	FACTS,
	SRC,
	METHOD,
	URL,
	HEADER,
	USER,
	TIME,
	DST,
	RESOLVE,
	LOCAL,
	PORT_NAME,
	SRC_NAME,
	DST_NAME,
	STATUS,
	REPLY_HEADER,
	NOTE,
	FACT,
	JSON,
	BRIEF,
	N_OPTIONS
};

static const struct command_option rows[N_OPTIONS] = {
	[POLICY] = { "policy", "FILE", "the configuration; default: the installed one" },
	[FACTS] = { "facts", "LINE",
	            "a recorded line of the log format facts; - reads it from stdin" },
	[SRC] = { "src", "ADDR[:PORT]", "the client's address" },
	[METHOD] = { "method", "METHOD", "default: GET, or CONNECT for https URLs and HOST:PORT" },
	[URL] = { "url", "URL", "what is asked for: a URL, or HOST:PORT" },
	[HEADER] = { "header", "NAME: VALUE", "a field of the request; may be repeated" },
	[USER] = { "user", "NAME", "who the client has proved to be" },
	[TIME] = { "time", "TIME",
	           "YYYY-MM-DD HH:MM local time, or seconds since 1970; default: now" },
	[DST] = { "dst", "ADDR,...", "the addresses of the URL's host" },
	[RESOLVE] = { "resolve", NULL, "look the host's addresses up now" },
	[LOCAL] = { "local", "ADDR:PORT", "where the client connected to" },
	[PORT_NAME] = { "port-name", "NAME", "the name of the listening port" },
	[SRC_NAME] = { "src-name", "NAME",
	               "the client's name by reverse lookup; - if it has none" },
	[DST_NAME] = { "dst-name", "NAME",
	               "the name of a host that is an address; - if it has none" },
	[STATUS] = { "status", "CODE",
	             "the reply's status: explains the rules about replies too, and what the cache "
	             "does with it" },
	[REPLY_HEADER] = { "reply-header", "NAME: VALUE",
	                   "a field of the reply; may be repeated; the status is 200 without "
	                   "--status" },
	[NOTE] = { "note", "NAME=VALUE", "an annotation; may be repeated" },
	[FACT] = { "fact", "KEY=VALUE", "any other word of the log format facts; may be repeated" },
	[JSON] = { "json", NULL, "print one JSON object" },
	[BRIEF] = { "brief", NULL,
	            "print only what decided and what came nearest to the contrary" },
};

struct inquiry {
	const char *policy, *facts, *method, *url, *time;
	bool is_json, is_brief, is_resolve, has_dst, has_dst_name, has_reply, has_status;
	FILE *words; /* "key=value ..." as the options give them */
	char *text;
	size_t n;
	struct arena arena;
};

static bool refuse(const char *what, const char *value, const char *want)
{
	fprintf(stderr, "cuttle explain: %s \"%s\" is not accepted; accepted is %s\n", what, value,
	        want);
	return false;
}

static void put_word(struct inquiry *q, const char *key, struct span value)
{
	fprintf(q->words, " %s=", key);
	for (size_t i = 0; i < value.n; i++) {
		const uint8_t c = (uint8_t)value.p[i];

		if (c > ' ' && c < 0x7f && c != '%')
			fputc(c, q->words);
		else
			fprintf(q->words, "%%%02X", c);
	}
}

/* A word of which "-" alone means that there is none. */
static void put_known(struct inquiry *q, const char *key, const char *value)
{
	put_word(q, key, span_str(value));
}

static bool put_address(struct inquiry *q, const char *key, const char *value)
{
	struct endpoint e = { .port = 0 };
	char text[ENDPOINT_TEXT_MAX];
	struct span host = span_str(value);
	uint64_t port = 0;

	if (!ip_parse(host, &e.ip)) {
		size_t colon = host.n;

		while (colon != 0 && host.p[colon - 1] != ':')
			colon--;
		if (colon == 0 || !span_to_u64(span_skip(host, colon), &port) || port > UINT16_MAX)
			return refuse(key, value, "an address, or ADDRESS:PORT");
		host.n = colon - 1;
		if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
			host = span_of(host.p + 1, host.n - 2);
		if (!ip_parse(host, &e.ip))
			return refuse(key, value, "an address, or ADDRESS:PORT");
		e.port = (uint16_t)port;
	}
	put_word(q, key, span_str(endpoint_text(&e, text)));
	return true;
}

static bool put_addresses(struct inquiry *q, const char *value)
{
	struct ip ip;

	for (struct span rest = span_str(value); rest.p != NULL;)
		if (!ip_parse(span_cut(&rest, ','), &ip))
			return refuse("--dst", value, "addresses with commas between them");
	q->has_dst = true;
	put_word(q, "dst", span_str(value));
	return true;
}

static bool put_field(struct inquiry *q, const char *prefix, const char *value)
{
	struct span text = span_str(value);
	const struct span name = span_cut(&text, ':');
	char key[256];

	if (text.p == NULL || !http_is_token(name) || name.n > sizeof(key) - 8)
		return refuse("the field", value, "NAME: VALUE");
	snprintf(key, sizeof(key), "%s.%.*s", prefix, SPAN_ARG(name));
	put_word(q, key, span_trim(text));
	return true;
}

/* "KEY=VALUE" as a word, with `prefix` before its key. */
static bool put_pair(struct inquiry *q, const char *option, const char *prefix, const char *value)
{
	struct span text = span_str(value);
	const struct span key = span_cut(&text, '=');
	char name[256];

	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] <= ' ' || key.p[i] >= 0x7f || key.p[i] == '%')
			text.p = NULL;
	if (text.p == NULL || key.n == 0 || key.n > sizeof(name) - 8)
		return refuse(option, value, "a name, \"=\" and a value");
	snprintf(name, sizeof(name), "%s%.*s", prefix, SPAN_ARG(key));
	put_word(q, name, text);
	return true;
}

static bool put_note(struct inquiry *q, const char *value)
{
	put_known(q, "notes", "some");
	return put_pair(q, "--note", "note.", value);
}

/* --- what has to be worked out ---------------------------------------------------------------- */

static bool put_time(struct inquiry *q)
{
	uint64_t seconds = (uint64_t)time(NULL);
	struct tm tm = { .tm_isdst = -1 };
	char zone[8], text[32];

	if (q->time != NULL && !span_to_u64(span_str(q->time), &seconds)) {
		const char *end = strptime(q->time, "%Y-%m-%d %H:%M", &tm);

		if (end == NULL || *end != '\0')
			return refuse("--time", q->time, "YYYY-MM-DD HH:MM, or seconds since 1970");
		seconds = (uint64_t)mktime(&tm);
	}
	const time_t at = (time_t)seconds;

	if (localtime_r(&at, &tm) == NULL || strftime(zone, sizeof(zone), "%z", &tm) == 0)
		return refuse("--time", q->time, "a time that this system can represent");
	snprintf(text, sizeof(text), "%" PRIu64 ".000000", seconds);
	put_word(q, "time", span_str(text));
	put_word(q, "zone", span_str(zone));
	return true;
}

static bool put_resolved(struct inquiry *q, const struct uri *u)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char host[256], text[IP_TEXT_MAX];
	struct endpoint e;

	if (!span_to_cstr(u->host, host, sizeof(host)))
		return refuse("the host", host, "a shorter one");
	const int rc = getaddrinfo(host, NULL, &hints, &found);

	if (rc != 0) {
		fprintf(stderr, "cuttle explain: note: %s: %s\n", host, gai_strerror(rc));
		put_word(q, "dst", SPAN("!"));
		return true;
	}
	const char *lead = " dst=";

	for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next) {
		if (!endpoint_from_sockaddr(ai->ai_addr, &e))
			continue;
		fprintf(q->words, "%s%s", lead, ip_text(&e.ip, text));
		lead = ",";
	}
	freeaddrinfo(found);
	return true;
}

/* The URL as the road of a request sees it. */
static bool put_url(struct inquiry *q)
{
	const char *detail = "";
	struct span url = span_str(q->url);
	char text[IP_TEXT_MAX];
	struct uri u;

	if (uri_parse_absolute(url, &q->arena, &u, &detail)) {
		if (u.scheme == URI_HTTPS && q->method == NULL) {
			fprintf(stderr,
			        "cuttle explain: note: clients ask a proxy for https URLs by"
			        " CONNECT, so that is explained\n");
			url = arena_printf(&q->arena,
			                   u.host_is_ip && !ip_is_v4(&u.ip) ? "[%.*s]:%u"
			                                                    : "%.*s:%u",
			                   SPAN_ARG(u.host), u.port);
			q->method = "CONNECT";
		}
	} else if (q->method == NULL && uri_parse_authority(url, &q->arena, &u, &detail)) {
		q->method = "CONNECT";
	}
	if (q->method == NULL)
		q->method = "GET";
	const bool is_connect = strcmp(q->method, "CONNECT") == 0;

	if (is_connect ? !uri_parse_authority(url, &q->arena, &u, &detail)
	               : !uri_parse_absolute(url, &q->arena, &u, &detail)) {
		fprintf(stderr,
		        "cuttle explain: --url %s: %s: the proxy answers 400, whatever the"
		        " policy says\n",
		        q->url, detail);
		return false;
	}
	put_known(q, "method", q->method);
	put_word(q, "url", uri_text(&u, &q->arena));
	if (!u.host_is_ip && !q->has_dst_name)
		put_word(q, "dstname", SPAN("-"));
	if (q->has_dst)
		return true;
	if (u.host_is_ip)
		put_word(q, "dst", span_str(ip_text(&u.ip, text)));
	return u.host_is_ip || !q->is_resolve || put_resolved(q, &u);
}

/* --- options ---------------------------------------------------------------------------------- */

static bool take(struct inquiry *q, int id, const char *value)
{
	switch (id) {
	case POLICY:
		q->policy = value;
		return true;
	case FACTS:
		q->facts = value;
		return true;
	case METHOD:
		q->method = value;
		return http_is_token(span_str(value)) || refuse("--method", value, "a method");
	case URL:
		q->url = value;
		return true;
	case TIME:
		q->time = value;
		return true;
	case SRC:
		return put_address(q, "src", value);
	case LOCAL:
		return put_address(q, "local", value);
	case DST:
		return put_addresses(q, value);
	case HEADER:
		return put_field(q, "req", value);
	case REPLY_HEADER:
		q->has_reply = true;
		return put_field(q, "rep", value);
	case NOTE:
		return put_note(q, value);
	case FACT:
		return put_pair(q, "--fact", "", value);
	case DST_NAME:
		q->has_dst_name = true;
		put_known(q, "dstname", value);
		return true;
	case SRC_NAME:
	case USER:
	case PORT_NAME:
	case STATUS:
		q->has_status = q->has_status || id == STATUS;
		put_known(q,
		          id == SRC_NAME ? "srcname"
		          : id == USER   ? "user"
		          : id == STATUS ? "reply"
		                         : "portname",
		          value);
		return true;
	case RESOLVE:
		q->is_resolve = true;
		return true;
	case JSON:
		q->is_json = true;
		return true;
	case BRIEF:
		q->is_brief = true;
		return true;
	default:
		UNREACHABLE("an option of explain");
	}
}

/* The line to be explained; NULL: reported. */
static char *line_of(struct inquiry *q)
{
	char *line = NULL;
	size_t cap = 0;

	if (q->facts != NULL && strcmp(q->facts, "-") == 0) {
		ssize_t n = getline(&line, &cap, stdin);

		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		if (n > 0)
			return line;
		free(line);
		fprintf(stderr, "cuttle explain: there is no line on stdin\n");
		return NULL;
	}
	if (q->facts != NULL)
		return check_strdup(q->facts);
	if (q->url == NULL) {
		fprintf(stderr, "cuttle explain: what is to be explained? Give --url and --src, or"
		                " --facts; see cuttle explain --help\n");
		return NULL;
	}
	if (!put_url(q) || !put_time(q))
		return NULL;
	if (q->has_reply && !q->has_status)
		put_known(q, "reply", "200");
	CHECK(fflush(q->words) == 0);
	return check_strdup(q->text);
}

/*
 * How to tell the facts that nobody has told: the one that is needed, and those that may be next.
 */
static void advise(const struct explanation *e)
{
	static const char *const how[FACT_N] = {
		[FACT_SRC] = "--src",
		[FACT_LOCAL] = "--local",
		[FACT_PORT_NAME] = "--port-name",
		[FACT_DST_ADDRS] = "--dst, or --resolve",
		[FACT_SRC_NAME] = "--src-name",
		[FACT_DST_NAME] = "--dst-name",
		[FACT_USER] = "--user",
		[FACT_REPLY] = "--status",
	};
	for (unsigned f = 0; f < FACT_N; f++)
		if ((e->untold & 1u << f) != 0)
			fprintf(stderr, "cuttle explain: note: %s was not told: %s; give %s%s\n",
			        fact_name((enum fact)f), fact_text((enum fact)f),
			        how[f] != NULL ? how[f] : "--fact ",
			        how[f] != NULL ? "" : fact_name((enum fact)f));
}

static int explain(struct inquiry *q, const char *line)
{
	struct log_facts_record rec;
	struct explanation e;
	const char *error;

	if (!log_facts_read(span_str(line), &q->arena, &rec, &error)) {
		fprintf(stderr, "cuttle explain: %s: %s\n", error, line);
		return EXIT_FAILURE;
	}
	struct snapshot *s = command_load(
		q->policy != NULL ? q->policy : SYSCONFDIR "/cuttle/cuttle.conf", false);

	if (s == NULL)
		return EXIT_FAILURE;
	rec.facts.arena = &q->arena;
	/* Of recorded lines, only the fields are there that some acl reads. */
	explain_request(s, &rec.facts, q->facts != NULL ? -1 : rec.time_us / 1000000, &q->arena,
	                &e);
	if (q->is_json)
		explain_print_json(stdout, &e, &rec.facts, &q->arena);
	else
		explain_print(stdout, &e, q->is_brief, &q->arena);
	advise(&e);
	snapshot_unref(&s);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_explain(int argc, char *argv[])
{
	struct inquiry q = { 0 };
	const char *value = NULL;
	int id, status = EXIT_FAILURE;

	arena_init(&q.arena);
	q.words = open_memstream(&q.text, &q.n);
	CHECK(q.words != NULL);
	/* What holds for most requests; --note and --fact may say otherwise. */
	fprintf(q.words, "facts=%d notes=none initiator=client", LOG_FACTS_VERSION);
	while ((id = command_next(argc, argv, rows, N_OPTIONS, &value)) >= 0)
		if (!take(&q, id, value))
			break;
	if (id == COMMAND_HELPED)
		status = EXIT_SUCCESS;
	char *line = id == COMMAND_END ? line_of(&q) : NULL;

	if (line != NULL)
		status = explain(&q, line);
	free(line);
	(void)fclose(q.words);
	free(q.text);
	arena_fini(&q.arena);
	return status;
}
