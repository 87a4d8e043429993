/*
 * Answers made here: error pages, and the header fields that tell a client why.
 */
#include "base/counters.h"
#include "base/oplog.h"
#include "header/forward.h"
#include "http/date.h"
#include "http/serialise.h"
#include "proxy/fetch.h"
#include "proxy/txn.h"

/* What a client may know of the rule that denied it; the place only with deny_detail. */
static struct span denial_text(const struct txn *t)
{
	struct arena *a = &((struct txn *)(uintptr_t)t)->arena;

	if (!t->rule_denied)
		return span_str(why_row(t->why)->sentence);
	if (txn_conf(t)->proxy.deny_detail && t->rule_place.n != 0)
		return arena_printf(a, "%.*s [%.*s]", SPAN_ARG(t->rule), SPAN_ARG(t->rule_place));
	return t->rule;
}

/* Printable US-ASCII; quoted: with what a quoted string needs (RFC 8941 3.3.3). */
static struct span clean(struct arena *a, struct span s, bool quoted)
{
	char *out = arena_alloc(a, s.n * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (quoted && (c == '"' || c == '\\'))
			out[n++] = '\\';
		out[n++] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
	}
	return span_of(out, n);
}

static void add_proxy_status(struct txn *t, const struct why_row *row)
{
	struct http_head *h = &t->reply;
	struct arena *a = &t->arena;

	if (row->proxy_status != NULL)
		http_head_add(h, HTTP_F_PROXY_STATUS,
		              arena_printf(a, "%s; error=%s; details=\"%.*s\"",
		                           txn_conf(t)->proxy.visible_hostname, row->proxy_status,
		                           SPAN_ARG(clean(a, denial_text(t), true))));
}

/* texts: where the texts of addresses go. */
struct page_texts {
	char client[IP_TEXT_MAX], server[IP_TEXT_MAX], local[IP_TEXT_MAX];
};

static struct errorpage_facts page_facts(struct txn *t, const struct why_row *row,
                                         struct page_texts *texts)
{
	const struct snapshot *s = txn_conf(t);
	const bool has_server = t->server.port != 0;
	return (struct errorpage_facts){
		.url = t->has_uri ? t->url : t->request.target,
		.method = t->request.method_name,
		.scheme = t->has_uri ? t->uri.scheme_text : SPAN_NULL,
		.host = t->has_uri ? t->uri.host : SPAN_NULL,
		.port = t->has_uri ? arena_printf(&t->arena, "%u", t->uri.port) : SPAN_NULL,
		.path = t->has_uri ? t->uri.path : SPAN_NULL,
		.client_ip = span_str(ip_text(&t->session->peer.ip, texts->client)),
		.server_ip =
			has_server ? span_str(ip_text(&t->server.ip, texts->server)) : SPAN_NULL,
		.local_ip = span_str(ip_text(&t->session->local.ip, texts->local)),
		.local_port = arena_printf(&t->arena, "%u", t->session->local.port),
		.proxy_host = span_str(s->proxy.visible_hostname),
		.product = s->header.httpd_suppress_version_string
		                   ? SPAN(FORWARD_PRODUCT)
		                   : SPAN(FORWARD_PRODUCT "/" PACKAGE_VERSION),
		.cache_mgr = span_str(s->proxy.cache_mgr != NULL ? s->proxy.cache_mgr : ""),
		.sentence = span_str(row->sentence),
		.detail = t->detail,
		.acls = t->rule_denied ? denial_text(t) : SPAN_NULL,
		.dns_error =
			t->why == WHY_DNS_FAIL || t->why == WHY_DNS_TIMEOUT ? t->detail : SPAN_NULL,
		.now = loop_wall_us(t->worker->loop) / 1000000,
	};
}

/* RFC 9110 15.3.5, 15.3.6: whatever followed their head would be taken for the next reply. */
static bool has_content(unsigned status)
{
	return status != 204 && status != 205;
}

/* Fill t->reply and aim the sink; HEAD gets the fields of a GET without the body. */
static void begin_answer(struct txn *t, unsigned status, struct span reason, struct span type,
                         struct span body)
{
	const struct snapshot *s = txn_conf(t);
	const bool is_head = t->request.method == HTTP_HEAD && t->request.version != 0;
	const struct http_framing framing = { HTTP_BODY_LENGTH, body.n };
	char date[HTTP_DATE_LEN + 1];
	struct http_head *h = &t->reply;

	h->status = status;
	h->reason = reason.n != 0 ? reason : span_str(http_status_phrase(status));
	h->version = 11;
	http_date_print(loop_wall_us(t->worker->loop) / 1000000, date);
	http_head_add(h, HTTP_F_SERVER,
	              s->header.httpd_suppress_version_string
	                      ? SPAN(FORWARD_PRODUCT)
	                      : SPAN(FORWARD_PRODUCT "/" PACKAGE_VERSION));
	http_head_add(h, HTTP_F_DATE, arena_dup(&t->arena, span_of(date, HTTP_DATE_LEN)));
	if (type.n != 0 && has_content(status))
		http_head_add(h, HTTP_F_CONTENT_TYPE, type);
	http_head_add(h, HTTP_F_CACHE_CONTROL, SPAN("no-store"));
	/* RFC 9110 8.6: none in a 204. */
	if (status != 204)
		http_head_set_framing(h, &framing);
	if (s->header.via)
		http_head_add(h, HTTP_F_VIA, arena_dup(&t->arena, s->identity.via));
	if (!t->keep_alive)
		http_head_add(h, HTTP_F_CONNECTION, SPAN("close"));
	else if (t->request.version < 11)
		http_head_add(h, HTTP_F_CONNECTION, SPAN("keep-alive"));
	body_source_fini(&t->own_body);
	body_source_init_memory(&t->own_body, is_head ? SPAN_NULL : body);
	t->source = &t->own_body;
	t->reply_framing = framing;
	if (is_head || status == 204)
		t->reply_framing.kind = HTTP_BODY_NONE;
	txn_facts_set_reply(t, h);
}

void txn_answer_prepare(struct txn *t, unsigned status, struct span type, struct span body)
{
	if (!body_source_is_over(&t->request_body))
		t->keep_alive = false;
	http_head_init(&t->reply, &t->arena);
	begin_answer(t, status, SPAN_NULL, type, body);
}

/* What deny_info has for the acl that denied; NULL: nothing. */
static const struct deny_info *info_of(const struct txn *t)
{
	return t->rule_denied ? deny_info_find(txn_conf(t)->error.deny_infos, t->last_acl) : NULL;
}

static void begin_redirection(struct txn *t, const struct why_row *row, const struct deny_info *d)
{
	const bool is_get_or_head = t->request.method == HTTP_GET || t->request.method == HTTP_HEAD;
	struct arena *a = &t->arena;
	struct page_texts texts;
	const struct errorpage_facts f = page_facts(t, row, &texts);

	http_head_add(&t->reply, HTTP_F_LOCATION, errorpage_location(d->what, &f, a));
	http_head_add(&t->reply, HTTP_F_X_SQUID_ERROR,
	              arena_printf(a, "%u Access Denied", d->status != 0 ? d->status : 403));
	begin_answer(t, deny_info_redirect_status(d, is_get_or_head, t->request.version), SPAN_NULL,
	             SPAN("text/html; charset=utf-8"), SPAN(""));
}

/* RFC 9111 5.2.2.2: a stored reply that must be validated, and the origin cannot be reached. */
static bool is_failed_validation(const struct txn *t)
{
	return t->cache != NULL && t->cache->is_validating && txn_cache_is_origins_fault(t->why);
}

/* RFC 9110 9.3.6: a 2xx would tell the client that its tunnel is open. */
static unsigned page_status(const struct txn *t, const struct why_row *row,
                            const struct deny_info *d)
{
	if (d == NULL)
		return row->status == 503 && is_failed_validation(t) ? 504 : row->status;
	return d->status == 0 || (t->is_connect && d->status < 300) ? 403 : d->status;
}

/* d may be NULL. */
static void begin_page(struct txn *t, const struct why_row *row, const struct deny_info *d)
{
	const struct errorpages *pages = txn_conf(t)->errorpages;
	struct arena *a = &t->arena;
	struct http_head *h = &t->reply;
	struct span reason = SPAN_NULL;
	struct page_texts texts;
	const struct errorpage_facts f = page_facts(t, row, &texts);
	const struct page_set *set =
		errorpages_choose(pages, http_head_joined(&t->request, HTTP_F_ACCEPT_LANGUAGE));
	const struct span language = errorpages_language(pages, set);
	const bool has_own = d != NULL && errorpages_have(pages, span_str(d->what));
	const char *name = has_own ? d->what : row->page;
	const unsigned status = page_status(t, row, d);

	http_head_add(h, HTTP_F_X_SQUID_ERROR,
	              d != NULL && d->status != 0 ? arena_printf(a, "%u:%s 0", status, name)
	                                          : arena_printf(a, "%s 0", name));
	if (language.n != 0) {
		http_head_add(h, HTTP_F_VARY, SPAN("Accept-Language"));
		http_head_add(h, HTTP_F_CONTENT_LANGUAGE, arena_dup(a, language));
	}
	/* Clients show nothing else of a refused CONNECT than its reason phrase. */
	if (t->is_connect)
		reason = arena_printf(a, "%s%.*s", t->rule_denied ? "Denied by " : "",
		                      SPAN_ARG(clean(a, denial_text(t), false)));
	begin_answer(t, status, reason, SPAN("text/html; charset=utf-8"),
	             has_content(status) ? errorpage_render(pages, set, name, &f, a) : SPAN(""));
}

/* Make t->reply an error page for t->why; its body is t->source. */
static void prepare_error(struct txn *t)
{
	const struct why_row *row = why_row(t->why);
	const struct deny_info *d = info_of(t);
	/*
	 * A client that sends what it should not, or that is still sending, is not listened to
	 * again.
	 */
	const bool is_clients_fault = t->why >= WHY_BAD_REQUEST && t->why <= WHY_CONFLICT_HOST;

	if (!body_source_is_over(&t->request_body) || is_clients_fault || t->is_connect ||
	    !txn_conf(t)->proxy.persistent_connection_after_error)
		t->keep_alive = false;
	http_head_init(&t->reply, &t->arena);
	/*
	 * What was decided about another reply, by rules that may be gone, says nothing of this
	 * one.
	 */
	t->reply_pass = (struct header_pass){ NULL };
	add_proxy_status(t, row);
	if (d != NULL && d->kind == DENY_INFO_REDIRECT)
		begin_redirection(t, row, d);
	else
		begin_page(t, row, d);
}

/* Its reply, should one still come, is nobody's. */
void txn_leave_fetch(struct txn *t)
{
	const struct fetch_facts f = fetch_facts(t->fetch);

	t->server = f.server;
	t->server_status = f.status;
	t->attempts = (uint8_t)MIN(t->attempts + f.attempts, 255u);
	if (f.dns_us >= 0)
		t->dns_us = f.dns_us;
	fetch_end(&t->fetch);
}

/* What access.log has no field for: the rule, and where it stands. */
static void tell_when_debugging(const struct txn *t)
{
	char client[IP_TEXT_MAX], method[32], url[256], detail[256];

	if (!oplog_wants(OPLOG_DEBUG) || why_row(t->why)->page == NULL)
		return;
	const struct span more = t->rule_denied ? t->rule : t->detail;

	oplog(OPLOG_DEBUG, "%s %s %s: %s%s%s%s%.*s", ip_text(&t->session->peer.ip, client),
	      oplog_escape(t->request.method_name, method, sizeof(method)),
	      oplog_escape(t->has_uri ? t->url : t->request.target, url, sizeof(url)),
	      why_row(t->why)->sentence, more.n != 0 ? ": " : "",
	      oplog_escape(more, detail, sizeof(detail)), t->rule_place.n != 0 ? ", " : "",
	      SPAN_ARG(t->rule_place));
}

/* deny_info TCP_RESET: nothing at all is said. */
static bool is_reset(const struct txn *t)
{
	const struct deny_info *d = info_of(t);

	return d != NULL && d->kind == DENY_INFO_RESET;
}

struct machine_next txn_step_send_error(struct txn *t)
{
	const struct why_row *row = why_row(t->why);

	txn_cache_fail(t, t->why);
	if (t->is_refresh)
		return TXN_GO(FINISH);
	if (txn_cache_saves(t))
		return TXN_GO(SERVE);
	txn_cache_stop_reading(t);
	if (row->is_error)
		count(COUNT_CLIENT_ERRORS);
	tell_when_debugging(t);
	if (t->why == WHY_REQUEST_TIMEOUT || t->why == WHY_BODY_TIMEOUT)
		count(COUNT_CLIENT_TIMEOUTS);
	if (t->fetch != NULL)
		txn_leave_fetch(t);
	/* Too late for another reply: one has begun, or an interim one is half written. */
	if (t->has_reply || (body_sink_has_begun(&t->sink) && t->sink.head.n != 0)) {
		t->end = SESSION_ABORT;
		return TXN_GO(FINISH);
	}
	if (row->page == NULL)
		return TXN_GO(FINISH);
	if (t->why == WHY_REPLY_TOO_LARGE)
		t->is_reply_refused = true;
	if (t->is_reply_refused)
		t->result = LOG_TCP_DENIED_REPLY;
	/* The page is judged as any reply; the settings are gone if a body has begun to come. */
	if (t->snapshot == NULL)
		t->snapshot = snapshot_ref(t->worker->snapshot);
	txn_facts_fill(t);
	if (is_reset(t)) {
		t->end = SESSION_ABORT;
		return TXN_GO(FINISH);
	}
	prepare_error(t);
	return TXN_GO(REPLY_ACCESS);
}
