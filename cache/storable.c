/*
 * What may be stored. The statuses are sorted as Squid does; what says explicitly how long it is
 * good is stored also where Squid would not (RFC 9111 3).
 */
#include "cache/storable.h"

#include "cache/control.h"
#include "cache/freshness.h"
#include "cache/refresh.h"
#include "cache/vary.h"
#include "http/body.h"

const char *storable_reason_text(enum storable_reason r)
{
	static const char *const texts[] = {
#define X(symbol, words) words,
		STORABLE_REASONS(X)
#undef X
	};

	return texts[r];
}

/* How a status is treated. */
enum status_kind {
	STATUS_USUAL,    /* stored if it is fresh, or can be validated */
	STATUS_EXPLICIT, /* if it says how long it is fresh */
	STATUS_ERROR,    /* the same, or for negative_ttl */
	STATUS_NEVER
};

/*
 * Never are replies that are about a condition, a range, credentials or the connection of one
 * request. Whether a status is known matters to must-understand.
 */
static enum status_kind status_kind(unsigned status, bool *is_known)
{
	*is_known = true;
	switch (status) {
	case 200:
	case 203:
	case 300:
	case 301:
	case 308:
	case 410:
		return STATUS_USUAL;
	case 302:
	case 303:
	case 307:
		return STATUS_EXPLICIT;
	case 204:
	case 305:
	case 400:
	case 403:
	case 404:
	case 405:
	case 414:
	case 421:
	case 500:
	case 501:
	case 502:
	case 503:
	case 504:
		return STATUS_ERROR;
	case 206:
	case 304:
	case 401:
	case 407:
	case 408:
	case 409:
	case 411:
	case 412:
	case 413:
	case 415:
	case 416:
	case 417:
	case 422:
	case 423:
	case 424:
	case 425:
	case 426:
	case 428:
	case 429:
	case 431:
	case 505:
	case 506:
	case 507:
	case 508:
	case 511:
		return STATUS_NEVER;
	}
	*is_known = false;
	return status >= 200 && status < 600 ? STATUS_EXPLICIT : STATUS_NEVER;
}

struct check {
	const struct storable_question *q;
	struct storable *s;
	struct control request, reply;
	const struct refresh_rule *rule;
	enum status_kind kind;
	bool status_is_known;
};

static bool answer(struct check *k, enum storable_verdict verdict, enum storable_reason reason)
{
	k->s->verdict = verdict;
	k->s->reason = reason;
	return true;
}

static bool refuse(struct check *k, enum storable_reason reason)
{
	return answer(k, STORABLE_NO, reason);
}

/* --- what forbids it -------------------------------------------------------------------------- */

static bool ask_request(struct check *k)
{
	if (k->q->request->method != HTTP_GET)
		return refuse(k, STORABLE_BY_METHOD);
	/* Squid's ignore-no-store is for replies only (seen at 5.7). */
	if (control_has(&k->request, CONTROL_NO_STORE))
		return refuse(k, STORABLE_BY_REQUEST_NO_STORE);
	return false;
}

static bool ask_status(struct check *k)
{
	const unsigned status = k->q->reply->status;

	k->kind = status_kind(status, &k->status_is_known);
	if (status == 206)
		return refuse(k, STORABLE_BY_PARTIAL);
	/* RFC 9111 5.2.2.3 */
	if (!k->status_is_known && control_has(&k->reply, CONTROL_MUST_UNDERSTAND))
		return refuse(k, STORABLE_BY_NOT_UNDERSTOOD);
	return k->kind == STATUS_NEVER && refuse(k, STORABLE_BY_STATUS);
}

static bool ask_control(struct check *k)
{
	/* RFC 9111 5.2.2.3: who understands the status does not look at no-store beside it. */
	const bool is_no_store = control_has(&k->reply, CONTROL_NO_STORE) &&
	                         !control_has(&k->reply, CONTROL_MUST_UNDERSTAND);

	if (is_no_store && (k->rule->options & REFRESH_IGNORE_NO_STORE) == 0)
		return refuse(k, STORABLE_BY_NO_STORE);
	if (control_has(&k->reply, CONTROL_PRIVATE) &&
	    (k->rule->options & REFRESH_IGNORE_PRIVATE) == 0)
		return refuse(k, STORABLE_BY_PRIVATE);
	return false;
}

/* RFC 9111 3.5; no-cache as Squid: it is validated each time, with credentials. */
static bool is_for_all(const struct control *reply)
{
	return control_has(reply, CONTROL_PUBLIC | CONTROL_MUST_REVALIDATE | CONTROL_S_MAXAGE) ||
	       (control_has(reply, CONTROL_FIELD) && control_has(reply, CONTROL_NO_CACHE));
}

static bool ask_credentials(struct check *k)
{
	if (http_head_get(k->q->request, HTTP_F_AUTHORIZATION) == NULL && !k->q->added_credentials)
		return false;
	return !is_for_all(&k->reply) && refuse(k, STORABLE_BY_AUTHORIZATION);
}

bool storable_is_for_all(const struct http_head *reply)
{
	struct control c;

	control_parse(reply, &c);
	return is_for_all(&c);
}

static bool ask_content(struct check *k)
{
	const struct http_field *type = http_head_get(k->q->reply, HTTP_F_CONTENT_TYPE);

	if (type != NULL && span_starts_nocase(type->value, SPAN("multipart/x-mixed-replace")))
		return refuse(k, STORABLE_BY_PUSH);
	if (!vary_is_usable(k->q->reply))
		return refuse(k, STORABLE_BY_VARY);
	return false;
}

/* --- what allows it --------------------------------------------------------------------------- */

static bool can_be_validated(const struct check *k)
{
	uint64_t length;

	/* Of what has no body nothing is won by asking whether it is still the same. */
	return freshness_has_validator(k->q->reply) &&
	       !(http_said_length(k->q->reply, &length) && length == 0);
}

/* Is it fresh so long, and may it be used without asking? */
static bool lasts(const struct check *k, const struct freshness_times *t, int64_t age_s)
{
	enum freshness_reason by;
	int64_t lifetime_s;

	if (control_has(&k->reply, CONTROL_NO_CACHE | CONTROL_PRIVATE))
		return false;
	return freshness_staleness(t, k->rule, age_s, &by, &lifetime_s) < 0 ||
	       freshness_is_overridden(t, k->rule, age_s, &by);
}

static void ask_lifetime(struct check *k)
{
	const struct storable_question *q = k->q;
	struct freshness_times t;

	freshness_read_times(q->reply, &k->reply, q->response_s, q->conf->vary_ignore_expire, &t);
	const int64_t age_s =
		freshness_age(q->reply, &t, q->request_s, q->response_s, q->response_s);

	if (k->kind == STATUS_USUAL) {
		if (lasts(k, &t, age_s + q->conf->minimum_expiry_s))
			answer(k, STORABLE_YES, STORABLE_BY_FRESH);
		else if (can_be_validated(k))
			answer(k, STORABLE_YES, STORABLE_BY_VALIDATABLE);
		/*
		 * Squid takes Date for a validator too: what says itself how long it lasts comes
		 * in.
		 */
		else if (age_s < t.explicit_s && lasts(k, &t, age_s))
			answer(k, STORABLE_YES, STORABLE_BY_EXPLICIT);
		else if ((k->rule->options & REFRESH_STORE_STALE) != 0)
			answer(k, STORABLE_YES, STORABLE_BY_STORE_STALE);
		else
			refuse(k, STORABLE_BY_SHORT_LIVED);
	} else if (t.explicit_s >= 0) {
		if (age_s < t.explicit_s)
			answer(k, STORABLE_YES, STORABLE_BY_EXPLICIT);
		else
			refuse(k, STORABLE_BY_EXPIRED);
	} else if (k->kind == STATUS_ERROR && q->conf->negative_ttl_s > 0 &&
	           !control_has(&k->reply, CONTROL_NO_CACHE | CONTROL_PRIVATE)) {
		k->s->ttl_s = q->conf->negative_ttl_s;
		answer(k, STORABLE_NEGATIVELY, STORABLE_BY_NEGATIVE_TTL);
	} else {
		refuse(k, STORABLE_BY_NO_LIFETIME);
	}
}

static void decide(struct check *k)
{
	if (!ask_request(k) && !ask_status(k) && !ask_control(k) && !ask_credentials(k) &&
	    !ask_content(k))
		ask_lifetime(k);
}

void storable_check(const struct storable_question *q, struct storable *s)
{
	struct check k = { .q = q, .s = s };
	struct acl_regex_scratch scratch;

	*s = (struct storable){ 0 };
	control_parse(q->request, &k.request);
	control_parse(q->reply, &k.reply);
	if (q->conf->refresh == NULL) {
		k.rule = refresh_find(NULL, q->url, NULL);
		decide(&k);
		return;
	}
	acl_regex_scratch_init(&scratch);
	k.rule = refresh_find(q->conf->refresh, q->url, &scratch);
	decide(&k);
	acl_regex_scratch_fini(&scratch);
}

bool storable_request(const struct http_head *request)
{
	struct control c;

	control_parse(request, &c);
	return request->method == HTTP_GET && !control_has(&c, CONTROL_NO_STORE);
}

/* --- what is kept ----------------------------------------------------------------------------- */

static bool is_left_out(const struct http_field *f, const struct control *c)
{
	switch ((unsigned)f->id) {
	case HTTP_F_PROXY_AUTHENTICATE:
	case HTTP_F_PROXY_AUTHENTICATION_INFO:
	case HTTP_F_PROXY_AUTHORIZATION:
	case HTTP_F_SET_COOKIE:
		return true;
	}
	return span_eq_nocase(f->name, SPAN("Set-Cookie2")) ||
	       control_names(&c->private_of, f->name) || control_names(&c->no_cache_of, f->name);
}

void storable_head(const struct http_head *reply, struct arena *a, struct http_head *kept)
{
	struct control c;
	uint32_t n = 0;

	control_parse(reply, &c);
	*kept = *reply;
	kept->arena = a;
	kept->fields = arena_alloc(a, (reply->n_fields + 4) * sizeof(kept->fields[0]));
	kept->cap_fields = reply->n_fields + 4;
	memcpy(kept->fields, reply->fields, reply->n_fields * sizeof(kept->fields[0]));
	http_head_remove_hop_by_hop(kept);
	for (uint32_t i = 0; i < kept->n_fields; i++)
		if (!is_left_out(&kept->fields[i], &c))
			kept->fields[n++] = kept->fields[i];
	kept->n_fields = n;
}
