/*
 * Rewriting heads on their way through.
 */
#include "header/forward.h"

#include "http/date.h"
#include "http/serialise.h"

bool forward_is_loop(const struct http_head *h, const struct forward_identity *id)
{
	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest, element;

		if (h->fields[i].id != HTTP_F_VIA)
			continue;
		rest = h->fields[i].value;
		while (http_list_next(&rest, &element)) {
			/* received-protocol RWS received-by [ RWS comment ] */
			(void)span_cut(&element, ' ');
			element = span_trim(element);
			const struct span by =
				element.p != NULL ? span_cut(&element, ' ') : SPAN_NULL;

			if (span_eq_nocase(by, id->name) && element.p != NULL &&
			    span_starts_nocase(span_trim(element), SPAN("(" FORWARD_PRODUCT)))
				return true;
		}
	}
	return false;
}

static void copy_end_to_end(const struct http_head *in, struct http_head *out)
{
	struct arena *a = out->arena;

	*out = *in;
	out->arena = a;
	out->cap_fields = in->n_fields + 8;
	out->fields = arena_alloc(a, out->cap_fields * sizeof(out->fields[0]));
	if (in->n_fields != 0)
		memcpy(out->fields, in->fields, in->n_fields * sizeof(out->fields[0]));
	http_head_remove_hop_by_hop(out);
}

static void add_via(struct http_head *out, const struct forward_identity *id)
{
	/* The version received (RFC 9110 7.6.3); others than these two were refused. */
	http_head_add(out, HTTP_F_VIA, out->version == 10 ? id->via_1_0 : id->via);
}

static void add_forwarded_for(struct http_head *out, const struct forward_request *f)
{
	struct span had = SPAN_NULL, client = f->client_ip;

	switch (f->conf->forwarded_for) {
	case FORWARDED_FOR_TRANSPARENT:
		return;
	case FORWARDED_FOR_DELETE:
		http_head_remove(out, HTTP_F_X_FORWARDED_FOR);
		return;
	case FORWARDED_FOR_TRUNCATE:
		break;
	case FORWARDED_FOR_OFF:
		client = SPAN("unknown");
		had = http_head_joined(out, HTTP_F_X_FORWARDED_FOR);
		break;
	case FORWARDED_FOR_ON:
		had = http_head_joined(out, HTTP_F_X_FORWARDED_FOR);
		break;
	}
	http_head_remove(out, HTTP_F_X_FORWARDED_FOR);
	http_head_add(out, HTTP_F_X_FORWARDED_FOR,
	              had.n == 0 ? client
	                         : arena_printf(out->arena, "%.*s, %.*s", SPAN_ARG(had),
	                                        SPAN_ARG(client)));
}

void forward_request(const struct http_head *in, struct http_head *out,
                     const struct forward_request *f)
{
	copy_end_to_end(in, out);
	if (!f->passes_proxy_authorization)
		http_head_remove(out, HTTP_F_PROXY_AUTHORIZATION);
	if (f->hides_authorization || f->authorization.n != 0)
		http_head_remove(out, HTTP_F_AUTHORIZATION);
	if (f->proxy_authorization.n != 0)
		http_head_add(out, HTTP_F_PROXY_AUTHORIZATION, f->proxy_authorization);
	if (f->authorization.n != 0)
		http_head_add(out, HTTP_F_AUTHORIZATION, f->authorization);
	/* RFC 9112 3.2.2: Host is what the target says. */
	http_head_remove(out, HTTP_F_HOST);
	http_head_add(out, HTTP_F_HOST,
	              f->host.n != 0 ? f->host : uri_host_text(f->uri, out->arena));
	if (f->conf->via)
		add_via(out, f->identity);
	add_forwarded_for(out, f);
	if (f->max_forwards >= 0) {
		http_head_remove(out, HTTP_F_MAX_FORWARDS);
		http_head_add(out, HTTP_F_MAX_FORWARDS,
		              arena_printf(out->arena, "%lld", (long long)f->max_forwards));
	}
	if (f->upgrade.n != 0) {
		http_head_add(out, HTTP_F_CONNECTION, SPAN("upgrade"));
		http_head_add(out, HTTP_F_UPGRADE, f->upgrade);
	}
	http_head_set_framing(out, &f->framing);
}

/*
 * A reply that ends with its head: a length there can only mislead a client that believes it
 * against RFC 9112 6.3, to whom the next reply on the connection, another origin's perhaps, would
 * be a body. So it passes only where it has a meaning, and as one number.
 */
static void tidy_length(const struct http_head *in, struct http_head *out)
{
	struct http_framing said = { HTTP_BODY_LENGTH, 0 };

	if (in->status >= 200 && in->status != 204 && http_said_length(in, &said.length))
		http_head_set_framing(out, &said);
	else
		http_head_remove(out, HTTP_F_CONTENT_LENGTH);
}

/* Does this scheme authenticate the connection rather than the request? */
static bool is_binding(struct span scheme)
{
	static const struct span schemes[] = { { "NTLM", 4 },
		                               { "Negotiate", 9 },
		                               { "Kerberos", 8 } };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (span_eq_nocase(scheme, schemes[i]))
			return true;
	return false;
}

/* Is one of the schemes named by a field of this id such a one? */
static bool names_binding_scheme(const struct http_head *h, enum http_field_id id)
{
	if (http_head_get(h, id) == NULL)
		return false;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest = h->fields[i].value, challenge;

		if (h->fields[i].id != id)
			continue;
		while (http_list_next(&rest, &challenge))
			if (is_binding(span_cut(&challenge, ' ')))
				return true;
	}
	return false;
}

/*
 * Each field begins with the scheme of its first challenge; servers that offer several send
 * several.
 */
static void hide_binding_challenges(struct http_head *h)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest = span_trim(h->fields[i].value);

		if (h->fields[i].id != HTTP_F_WWW_AUTHENTICATE || !is_binding(span_cut(&rest, ' ')))
			h->fields[kept++] = h->fields[i];
	}
	h->n_fields = kept;
}

void forward_reply(const struct http_head *in, struct http_head *out, const struct forward_reply *f)
{
	const struct http_field *upgrade = http_head_get(in, HTTP_F_UPGRADE);

	copy_end_to_end(in, out);
	/* RFC 9110 11.7.1: who is asked for credentials is the next client, which is us. */
	if (!f->passes_proxy_authenticate)
		http_head_remove(out, HTTP_F_PROXY_AUTHENTICATE);
	if (f->hides_connection_auth)
		hide_binding_challenges(out);
	if (f->framing == NULL)
		tidy_length(in, out);
	if (f->conf->via)
		add_via(out, f->identity);
	if (f->upgrades) {
		http_head_add(out, HTTP_F_CONNECTION, SPAN("upgrade"));
		if (upgrade != NULL)
			http_head_add(out, HTTP_F_UPGRADE, upgrade->value);
		return;
	}
	if (in->status < 200)
		return;
	/* RFC 9110 6.6.1: a recipient with a clock adds a missing Date. */
	if (http_head_get(out, HTTP_F_DATE) == NULL) {
		char date[HTTP_DATE_LEN + 1];

		http_date_print(f->now, date);
		http_head_add(out, HTTP_F_DATE,
		              arena_dup(out->arena, span_of(date, HTTP_DATE_LEN)));
	}
	if (f->framing != NULL)
		http_head_set_framing(out, f->framing);
	if (!f->keep_alive)
		http_head_add(out, HTTP_F_CONNECTION, SPAN("close"));
	else if (f->client_is_1_0)
		http_head_add(out, HTTP_F_CONNECTION, SPAN("keep-alive"));
}

bool forward_is_persistent(const struct http_head *h)
{
	if (http_head_has_token(h, HTTP_F_CONNECTION, SPAN("close")))
		return false;
	if (h->version >= 11)
		return true;
	return http_head_has_token(h, HTTP_F_CONNECTION, SPAN("keep-alive")) ||
	       (h->status == 0 &&
	        http_head_has_token(h, HTTP_F_PROXY_CONNECTION, SPAN("keep-alive")));
}

bool forward_binds_connection(const struct http_head *request, const struct http_head *reply)
{
	return names_binding_scheme(request, HTTP_F_AUTHORIZATION) ||
	       names_binding_scheme(request, HTTP_F_PROXY_AUTHORIZATION) ||
	       names_binding_scheme(reply, HTTP_F_WWW_AUTHENTICATE) ||
	       names_binding_scheme(reply, HTTP_F_PROXY_AUTHENTICATE);
}

struct http_framing forward_framing(const struct http_framing *from, bool receiver_is_1_0)
{
	struct http_framing f = *from;

	if (from->kind == HTTP_BODY_CHUNKED || from->kind == HTTP_BODY_CLOSE)
		f.kind = receiver_is_1_0 ? HTTP_BODY_CLOSE : HTTP_BODY_CHUNKED;
	return f;
}

/* Protocol names are compared in any case (RFC 9110 7.8). */
static bool has_name(const struct upgrade_rules *u, struct span name)
{
	struct span rest = span_str(u->protocol != NULL ? u->protocol : "");

	return u->protocol != NULL && span_eq_nocase(span_cut(&rest, '/'), name);
}

/* What names a version is for that version only. */
static bool is_for(const struct upgrade_rules *u, struct span name, struct span protocol)
{
	return has_name(u, name) && (strchr(u->protocol, '/') == NULL ||
	                             span_eq_nocase(span_str(u->protocol), protocol));
}

const struct upgrade_rules *forward_upgrade_next(const struct header_conf *c, struct span protocol,
                                                 const struct upgrade_rules *at)
{
	struct span with_version = protocol;
	const struct span name = span_cut(&with_version, '/');
	bool is_named = false;

	for (const struct upgrade_rules *u = c->upgrades; u != NULL && !is_named; u = u->next)
		is_named = has_name(u, name) && acl_rules_last(u->rules) != NULL;
	for (at = at != NULL ? at->next : c->upgrades; at != NULL; at = at->next)
		if (is_for(at, name, protocol) || (!is_named && at->protocol == NULL))
			return at;
	return NULL;
}

static bool has_element(struct span list, struct span wanted)
{
	struct span element;

	while (http_list_next(&list, &element))
		if (span_eq_nocase(element, wanted))
			return true;
	return false;
}

bool forward_upgrade_is_offered(const struct http_head *reply, struct span offered)
{
	struct span rest = http_head_joined(reply, HTTP_F_UPGRADE), element;
	unsigned n = 0;

	for (; rest.p != NULL && http_list_next(&rest, &element); n++)
		if (!has_element(offered, element))
			return false;
	return n != 0;
}
