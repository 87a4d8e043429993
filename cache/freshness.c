/*
 * Freshness of stored replies. The order of the questions is Squid's (refresh_pattern), which RFC
 * 9111 4.2 leaves free; where Squid is laxer than the RFC for no configured reason, the RFC
 * holds.
 */
#include "cache/freshness.h"

#include "cache/refresh.h"
#include "http/date.h"

const char *freshness_reason_text(enum freshness_reason r)
{
	static const char *const texts[] = {
#define X(symbol, words) words,
		FRESHNESS_REASONS(X)
#undef X
	};

	return texts[r];
}

/* --- times of a reply ------------------------------------------------------------------------- */

static bool read_date(const struct http_head *h, enum http_field_id id, int64_t now_s, int64_t *t)
{
	const struct http_field *f = http_head_get(h, id);

	return f != NULL && http_date_parse(f->value, now_s, t) && *t >= 0;
}

/*
 * Expires less Date; the least of several (RFC 9111 4.2.1). What is no date has passed (5.3). -1:
 * none.
 */
static int64_t until_expires(const struct http_head *h, const struct freshness_times *t,
                             int64_t now_s, bool ignores_at_once)
{
	int64_t least = -1;

	if (http_head_get(h, HTTP_F_EXPIRES) == NULL)
		return -1;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		int64_t at;

		if (h->fields[i].id != HTTP_F_EXPIRES)
			continue;
		const bool is_date = http_date_parse(h->fields[i].value, now_s, &at);

		if (is_date && ignores_at_once && t->has_date && at == t->date_s)
			continue;
		const int64_t s =
			is_date && at > t->date_s ? MIN(at - t->date_s, CONTROL_SECONDS_MAX) : 0;

		least = least < 0 ? s : MIN(least, s);
	}
	return least;
}

void freshness_read_times(const struct http_head *reply, const struct control *c,
                          int64_t response_s, bool vary_ignore_expire, struct freshness_times *t)
{
	*t = (struct freshness_times){ .date_s = response_s, .last_modified_s = -1 };
	t->has_date = read_date(reply, HTTP_F_DATE, response_s, &t->date_s);
	/* RFC 9111 4.2.1: the first of these that is there. */
	if (control_has(c, CONTROL_S_MAXAGE))
		t->explicit_s = c->s_maxage_s;
	else if (control_has(c, CONTROL_MAX_AGE))
		t->explicit_s = c->max_age_s;
	else
		t->explicit_s = until_expires(reply, t, response_s,
		                              vary_ignore_expire &&
		                                      http_head_get(reply, HTTP_F_VARY) != NULL);
	if (t->explicit_s < 0)
		(void)read_date(reply, HTTP_F_LAST_MODIFIED, response_s, &t->last_modified_s);
}

bool freshness_has_validator(const struct http_head *reply)
{
	int64_t ignored;

	return http_head_get(reply, HTTP_F_ETAG) != NULL ||
	       read_date(reply, HTTP_F_LAST_MODIFIED, 0, &ignored);
}

/* RFC 9111 5.1: the first member counts; what is no number is not looked at. */
static int64_t age_value(const struct http_head *reply)
{
	const struct http_field *f = http_head_get(reply, HTTP_F_AGE);
	struct span rest, first;
	int64_t age;

	if (f == NULL)
		return 0;
	rest = f->value;
	return http_list_next(&rest, &first) && control_seconds(first, &age) ? age : 0;
}

int64_t freshness_age(const struct http_head *reply, const struct freshness_times *t,
                      int64_t request_s, int64_t response_s, int64_t now_s)
{
	/* Clocks are set, also back: nothing here may be negative. */
	const int64_t apparent = MAX(response_s - t->date_s, 0);
	const int64_t delay = MAX(response_s - request_s, 0);
	const int64_t initial = MAX(apparent, age_value(reply) + delay);
	const int64_t resident = MAX(now_s - response_s, 0);

	if (initial > CONTROL_SECONDS_MAX || resident > CONTROL_SECONDS_MAX)
		return CONTROL_SECONDS_MAX;
	return MIN(initial + resident, CONTROL_SECONDS_MAX);
}

int64_t freshness_staleness(const struct freshness_times *t, const struct refresh_rule *rule,
                            int64_t age_s, enum freshness_reason *reason, int64_t *lifetime_s)
{
	if (t->explicit_s >= 0) {
		*lifetime_s = t->explicit_s;
		*reason = age_s < t->explicit_s ? FRESHNESS_BY_EXPLICIT : FRESHNESS_BY_EXPIRED;
		return age_s < t->explicit_s ? -1 : age_s - t->explicit_s;
	}
	const bool by_lastmod = t->last_modified_s >= 0 && t->last_modified_s < t->date_s;
	int64_t lifetime = rule->min_s;

	if (by_lastmod &&
	    __builtin_mul_overflow(t->date_s - t->last_modified_s, rule->percent, &lifetime))
		lifetime = INT64_MAX;
	if (by_lastmod)
		lifetime /= 100;
	*lifetime_s = MIN(lifetime, rule->max_s);
	if (age_s > rule->max_s) {
		/* Squid counts from the maximum, also where it was stale before. */
		*reason = FRESHNESS_BY_TOO_OLD;
		return age_s - *lifetime_s;
	}
	if (age_s < lifetime) {
		*reason = by_lastmod ? FRESHNESS_BY_HEURISTIC : FRESHNESS_BY_MINIMUM;
		return -1;
	}
	*reason = by_lastmod ? FRESHNESS_BY_HEURISTIC : FRESHNESS_BY_NO_LIFETIME;
	return age_s - lifetime;
}

/* --- the questions, in their order ------------------------------------------------------------ */

struct check {
	const struct freshness_question *q;
	struct freshness *f;
	struct control reply, request;
	struct freshness_times times;
	const struct refresh_rule *rule;
	enum freshness_reason by; /* what staleness was found by */
	int64_t wanted_stale_s;   /* with min-fresh; -1: fresh for as long as is wanted */
};

static bool answer(struct check *k, enum freshness_verdict verdict, enum freshness_reason reason)
{
	k->f->verdict = verdict;
	k->f->reason = reason;
	return true;
}

/* RFC 9111 4.2.4: when it is stale it must be validated. s-maxage: 5.2.2.10. */
static bool must_revalidate(const struct check *k)
{
	return control_has(&k->reply,
	                   CONTROL_MUST_REVALIDATE | CONTROL_PROXY_REVALIDATE | CONTROL_S_MAXAGE);
}

/* 5.2.2.4. Private, where ignore-private had it stored: as Squid, not without asking. */
static bool always_revalidate(const struct check *k)
{
	return control_has(&k->reply, CONTROL_NO_CACHE | CONTROL_PRIVATE);
}

static int64_t max_stale(const struct check *k)
{
	return k->rule->max_stale_s >= 0 ? k->rule->max_stale_s : k->q->conf->max_stale_s;
}

/* Whether it may be used where the origin cannot be asked, or only says 5xx (4.2.4; RFC 5861 4). */
static bool may_serve_on_error(const struct check *k)
{
	const int64_t stale_s = k->f->stale_s;

	if (always_revalidate(k) || (k->q->meta->flags & COBJ_IS_STALE) != 0)
		return false;
	if (stale_s < 0)
		return true;
	if (must_revalidate(k) || stale_s > max_stale(k))
		return false;
	if (control_has(&k->reply, CONTROL_STALE_IF_ERROR) && stale_s > k->reply.stale_if_error_s)
		return false;
	return !control_has(&k->request, CONTROL_STALE_IF_ERROR) ||
	       stale_s <= k->request.stale_if_error_s;
}

/* Errors kept for negative_ttl have times of their own. */
static bool ask_negative(struct check *k)
{
	const struct cobj_meta *m = k->q->meta;

	if ((m->flags & COBJ_NEGATIVE) == 0)
		return false;
	const int64_t held_s = MAX(k->q->now_s - m->response_s, 0);

	k->f->lifetime_s = m->ttl_s;
	k->f->stale_s = held_s < m->ttl_s ? -1 : held_s - m->ttl_s;
	k->f->may_serve_on_error = false;
	if (k->f->stale_s >= 0 || (m->flags & COBJ_IS_STALE) != 0)
		return answer(k, FRESHNESS_RELOAD, FRESHNESS_BY_NEGATIVE_EXPIRED);
	if (control_has(&k->request, CONTROL_NO_CACHE))
		return answer(k, FRESHNESS_RELOAD, FRESHNESS_BY_REQUEST_NO_CACHE);
	return answer(k, FRESHNESS_FRESH, FRESHNESS_BY_NEGATIVE);
}

static bool ask_reply(struct check *k)
{
	if ((k->q->meta->flags & COBJ_IS_STALE) != 0)
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_MARKED_STALE);
	if (always_revalidate(k))
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_REPLY_NO_CACHE);
	if (k->wanted_stale_s >= 0 && must_revalidate(k))
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_MUST_REVALIDATE);
	return false;
}

/* A reload: the client says no-cache (5.2.1.4). */
static bool ask_reload(struct check *k)
{
	if (!control_has(&k->request, CONTROL_NO_CACHE) ||
	    (k->rule->options & REFRESH_IGNORE_RELOAD) != 0)
		return false;
	if ((k->rule->options & REFRESH_RELOAD_INTO_IMS) != 0 || k->q->conf->reload_into_ims)
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_RELOAD_INTO_IMS);
	k->f->may_serve_on_error = false;
	return answer(k, FRESHNESS_RELOAD, FRESHNESS_BY_REQUEST_NO_CACHE);
}

/* 5.2.1.1; not for what never changes (RFC 8246), and 0 is a reload too. */
static bool ask_max_age(struct check *k)
{
	if (!control_has(&k->request, CONTROL_MAX_AGE) || control_has(&k->reply, CONTROL_IMMUTABLE))
		return false;
	if (k->request.max_age_s == 0 && (k->rule->options & REFRESH_IGNORE_RELOAD) != 0)
		return false;
	if (k->request.max_age_s != 0 && k->f->age_s <= k->request.max_age_s)
		return false;
	return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_REQUEST_MAX_AGE);
}

static bool ask_request(struct check *k)
{
	const bool refreshes_ims =
		(k->rule->options & REFRESH_REFRESH_IMS) != 0 || k->q->conf->refresh_all_ims;

	if (refreshes_ims && http_head_get(k->q->request, HTTP_F_IF_MODIFIED_SINCE) != NULL)
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_REQUEST_IMS);
	if (ask_reload(k) || ask_max_age(k))
		return true;
	if (k->f->stale_s >= 0 && control_has(&k->request, CONTROL_MAX_STALE) &&
	    k->f->stale_s <= k->request.max_stale_s)
		return answer(k, FRESHNESS_STALE_ALLOWED, FRESHNESS_BY_REQUEST_MAX_STALE);
	return false;
}

bool freshness_is_overridden(const struct freshness_times *t, const struct refresh_rule *rule,
                             int64_t age_s, enum freshness_reason *reason)
{
	const bool is_explicit = t->explicit_s >= 0;

	if (age_s >= rule->min_s)
		return false;
	if (is_explicit && (rule->options & REFRESH_OVERRIDE_EXPIRE) != 0) {
		*reason = FRESHNESS_BY_OVERRIDE_EXPIRE;
		return true;
	}
	if (!is_explicit && *reason == FRESHNESS_BY_HEURISTIC &&
	    (rule->options & REFRESH_OVERRIDE_LASTMOD) != 0) {
		*reason = FRESHNESS_BY_OVERRIDE_LASTMOD;
		return true;
	}
	return false;
}

/* RFC 5861 3; a request that names an age takes nothing stale (5.2.1.1). */
static bool ask_while_revalidate(struct check *k)
{
	if (!control_has(&k->reply, CONTROL_STALE_WHILE_REVALIDATE) ||
	    control_has(&k->request, CONTROL_MAX_AGE | CONTROL_MIN_FRESH) ||
	    k->f->stale_s > k->reply.stale_while_revalidate_s)
		return false;
	return answer(k, FRESHNESS_SERVE_AND_REVALIDATE, FRESHNESS_BY_STALE_WHILE_REVALIDATE);
}

static bool ask_times(struct check *k)
{
	if (k->wanted_stale_s < 0)
		return answer(k, FRESHNESS_FRESH, k->by);
	if (k->f->stale_s < 0)
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_REQUEST_MIN_FRESH);
	if (k->f->stale_s > max_stale(k))
		return answer(k, FRESHNESS_REVALIDATE, FRESHNESS_BY_MAX_STALE);
	if (freshness_is_overridden(&k->times, k->rule, k->f->age_s, &k->by))
		return answer(k, FRESHNESS_FRESH, k->by);
	return ask_while_revalidate(k) || answer(k, FRESHNESS_REVALIDATE, k->by);
}

static void decide(struct check *k)
{
	const struct freshness_question *q = k->q;

	k->f->stale_s =
		freshness_staleness(&k->times, k->rule, k->f->age_s, &k->by, &k->f->lifetime_s);
	k->wanted_stale_s = k->f->stale_s;
	if (k->f->stale_s < 0 && control_has(&k->request, CONTROL_MIN_FRESH)) {
		enum freshness_reason ignored;
		int64_t lifetime_s;

		k->wanted_stale_s = freshness_staleness(&k->times, k->rule,
		                                        k->f->age_s + k->request.min_fresh_s,
		                                        &ignored, &lifetime_s);
	}
	k->f->may_serve_on_error = may_serve_on_error(k);
	if (q->conf->offline_mode)
		answer(k, k->f->stale_s < 0 ? FRESHNESS_FRESH : FRESHNESS_STALE_ALLOWED,
		       FRESHNESS_BY_OFFLINE);
	else if (!ask_negative(k) && !ask_reply(k) && !ask_request(k))
		(void)ask_times(k);
}

/*
 * Whether refresh_pattern has a say: not about what is fresh by its own words, unless the client
 * wants it fresher. That spares the expressions for most hits.
 */
static bool needs_rule(const struct check *k)
{
	const int64_t more_s =
		control_has(&k->request, CONTROL_MIN_FRESH) ? k->request.min_fresh_s : 0;

	return k->q->conf->refresh != NULL &&
	       (k->f->age_s + more_s >= k->times.explicit_s ||
	        control_has(&k->request, CONTROL_NO_CACHE | CONTROL_MAX_AGE) ||
	        http_head_get(k->q->request, HTTP_F_IF_MODIFIED_SINCE) != NULL);
}

void freshness_check(const struct freshness_question *q, struct freshness *f)
{
	struct acl_regex_scratch scratch;
	struct check k = { .q = q, .f = f };

	*f = (struct freshness){ 0 };
	control_parse(q->stored, &k.reply);
	control_parse(q->request, &k.request);
	freshness_read_times(q->stored, &k.reply, q->meta->response_s, q->conf->vary_ignore_expire,
	                     &k.times);
	f->age_s = freshness_age(q->stored, &k.times, q->meta->request_s, q->meta->response_s,
	                         q->now_s);
	if (!needs_rule(&k)) {
		k.rule = refresh_find(NULL, q->url, NULL);
		decide(&k);
	} else {
		acl_regex_scratch_init(&scratch);
		k.rule = refresh_find(q->conf->refresh, q->url, &scratch);
		decide(&k);
		acl_regex_scratch_fini(&scratch);
	}
	f->has_validator = f->verdict != FRESHNESS_FRESH && freshness_has_validator(q->stored);
	/* RFC 9111 5.2.1.7 */
	if (control_has(&k.request, CONTROL_ONLY_IF_CACHED) &&
	    (f->verdict == FRESHNESS_REVALIDATE || f->verdict == FRESHNESS_RELOAD))
		f->verdict = FRESHNESS_GATEWAY_TIMEOUT;
}
