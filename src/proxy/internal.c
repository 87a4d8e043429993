/*
 * Answers made here.
 */
#include "proxy/internal.h"

#include "http/serialise.h"
#include "proxy/process.h"

#include <inttypes.h>

#define MANAGER_PREFIX "/squid-internal-mgr/"

static bool is_our_name(const struct txn *t)
{
	const struct proxy_conf *c = &t->snapshot->proxy;
	const struct uri *u = &t->uri;

	if (u->host_is_ip)
		return ip_eq(&u->ip, &t->session->local.ip);
	if (span_eq_nocase(u->host, span_str(c->visible_hostname)) ||
	    span_eq_nocase(u->host, span_str(c->unique_hostname)) ||
	    span_eq_nocase(u->host, SPAN("localhost")))
		return true;
	for (const struct name_list *n = c->hostname_aliases; n != NULL; n = n->next)
		if (span_eq_nocase(u->host, span_str(n->name)))
			return true;
	return false;
}

bool internal_is_manager(const struct txn *t)
{
	return !t->is_connect && t->uri.scheme == URI_HTTP &&
	       t->uri.port == t->session->local.port &&
	       span_starts(t->uri.path, SPAN(MANAGER_PREFIX)) && is_our_name(t);
}

void internal_manager(struct txn *t)
{
	struct span action = span_skip(t->uri.path, sizeof(MANAGER_PREFIX) - 1);
	struct span type = SPAN("text/plain; charset=utf-8"), body;
	proxy_page_fn *page = t->worker->proxy->options.page;

	action = span_cut(&action, '?');
	if (t->request.method != HTTP_GET && t->request.method != HTTP_HEAD) {
		txn_answer_prepare(t, 405, type, SPAN("The manager answers GET only.\n"));
		return;
	}
	if (page == NULL || !page(t->worker->proxy, t->snapshot, action, &t->arena, &type, &body)) {
		txn_answer_prepare(t, 404, type, SPAN("No such page; see the page \"menu\".\n"));
		return;
	}
	txn_answer_prepare(t, 200, type, body);
}

/* RFC 9110 9.3.8: the request as received, without what is likely to be secret. */
static struct span echo(struct txn *t)
{
	struct http_head h = t->request;

	h.fields = arena_alloc(&t->arena, sizeof(h.fields[0]) * (h.cap_fields + 1));
	memcpy(h.fields, t->request.fields, sizeof(h.fields[0]) * h.n_fields);
	http_head_remove(&h, HTTP_F_AUTHORIZATION);
	http_head_remove(&h, HTTP_F_PROXY_AUTHORIZATION);
	http_head_remove(&h, HTTP_F_COOKIE);
	const size_t n = http_request_size(&h, h.target);
	char *text = arena_alloc(&t->arena, n);

	http_print_request(text, &h, h.target);
	return span_of(text, n);
}

void internal_last_hop(struct txn *t)
{
	if (t->request.method == HTTP_TRACE) {
		txn_answer_prepare(t, 200, SPAN("message/http"), echo(t));
		return;
	}
	txn_answer_prepare(t, 200, SPAN("text/plain"), SPAN_NULL);
}

void internal_purge(struct txn *t, uint64_t n, enum store_purge_lack lack)
{
	const struct span type = SPAN("text/plain; charset=utf-8");
	const struct span text =
		arena_printf(&t->arena, "%" PRIu64 " object%s\n", n, n == 1 ? "" : "s");

	if (lack != STORE_PURGE_WHOLE)
		txn_answer_prepare(t, lack == STORE_PURGE_NOT_WALKED ? 503 : 500, type,
		                   span_str(store_purge_text(lack)));
	else if (t->is_manager)
		txn_answer_prepare(t, n != 0 ? 200 : 404, type,
		                   n != 0 ? text : SPAN("nothing was found\n"));
	else
		txn_answer_prepare(t, n != 0 ? 200 : 404, SPAN_NULL, SPAN_NULL);
}
