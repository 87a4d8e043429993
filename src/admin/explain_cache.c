/*
 * The part of an explanation that is about the cache: which line of refresh_pattern applies, and
 * whether and how long a reply that was told would be kept. Asked of what requests ask, too.
 */
#include "admin/explain.h"

#include "admin/json.h"
#include "base/arena.h"
#include "proxy/snapshot.h"

/* What a list said that was asked; VERDICT_ALLOW: it was not. */
static enum verdict said(const struct explanation *e, const char *directive)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->stages[i].directive, directive) == 0)
			return e->stages[i].x.verdict;
	return VERDICT_ALLOW;
}

bool explain_asks_cache(const struct snapshot *s, const struct facts *f,
                        const struct explanation *so_far)
{
	const struct cache_conf *const c = &s->cache;

	return (f->method == HTTP_GET || f->method == HTTP_HEAD) &&
	       (c->cache_mem_bytes != 0 || c->dirs != NULL) &&
	       said(so_far, "cache") == VERDICT_ALLOW;
}

static void judge_reply(const struct snapshot *s, const struct facts *f, int64_t now_s,
                        struct explain_cache *c)
{
	const struct cobj_meta meta = { .request_s = now_s,
		                        .response_s = now_s,
		                        .status = (uint16_t)f->reply->status };
	const struct storable_question may = { .conf = &s->cache,
		                               .url = f->url,
		                               .request = f->request,
		                               .reply = f->reply,
		                               .request_s = now_s,
		                               .response_s = now_s };
	const struct freshness_question q = { .conf = &s->cache,
		                              .url = f->url,
		                              .request = f->request,
		                              .stored = f->reply,
		                              .meta = &meta,
		                              .now_s = now_s };

	c->has_reply = true;
	storable_check(&may, &c->storable);
	freshness_check(&q, &c->freshness);
}

void explain_cache(const struct snapshot *s, const struct facts *f, int64_t now_s,
                   struct explanation *out)
{
	struct acl_regex_scratch scratch;

	if (f->request == NULL || f->url.p == NULL || !explain_asks_cache(s, f, out))
		return;
	acl_regex_scratch_init(&scratch);
	out->cache.rule = refresh_find(s->cache.refresh, f->url, &scratch);
	acl_regex_scratch_fini(&scratch);
	if (f->reply != NULL && now_s >= 0)
		judge_reply(s, f, now_s, &out->cache);
	out->cache.is_denied = said(out, "store_miss") != VERDICT_ALLOW;
	if (out->cache.is_denied)
		out->cache.storable.verdict = STORABLE_NO;
}

static const char *why(const struct explain_cache *c)
{
	return c->is_denied ? "store_miss does not allow it"
	                    : storable_reason_text(c->storable.reason);
}

static const char *verdict_word(enum storable_verdict v)
{
	switch (v) {
	case STORABLE_NO:
		return "no";
	case STORABLE_YES:
		return "yes";
	case STORABLE_NEGATIVELY:
		return "for a while";
	}
	UNREACHABLE("storable_verdict");
}

/* For how long it answers without the origin being asked; 0: not at all. */
static int64_t fresh_s(const struct explain_cache *c)
{
	const struct freshness *const f = &c->freshness;

	if (c->storable.verdict == STORABLE_NO)
		return 0;
	if (c->storable.verdict == STORABLE_NEGATIVELY)
		return c->storable.ttl_s;
	if (f->verdict != FRESHNESS_FRESH)
		return 0;
	/* What is stale by its own words is fresh by override-expire or override-lastmod. */
	return (f->stale_s < 0 ? f->lifetime_s : c->rule->min_s) - f->age_s;
}

static const char *fresh_by(const struct explain_cache *c)
{
	return c->storable.verdict == STORABLE_NEGATIVELY
	               ? storable_reason_text(c->storable.reason)
	               : freshness_reason_text(c->freshness.reason);
}

static void print_reply(FILE *to, const struct explain_cache *c)
{
	fprintf(to, "stored: %s: %s\n", verdict_word(c->storable.verdict), why(c));
	if (c->storable.verdict == STORABLE_NO)
		return;
	if (fresh_s(c) > 0)
		fprintf(to, "answers such a request: for %lld s: %s\n", (long long)fresh_s(c),
		        fresh_by(c));
	else
		fprintf(to, "answers such a request: once the origin was asked: %s\n", fresh_by(c));
}

void explain_print_cache(FILE *to, const struct explain_cache *c, struct arena *a)
{
	const struct refresh_rule *const r = c->rule;

	if (r == NULL)
		return;
	const struct span text = refresh_rule_text(r, a);

	if (r->place.file != NULL)
		fprintf(to, "\nrefresh_pattern\napplies: refresh_pattern %s%.*s %.*s  # %s:%u\n",
		        r->is_icase ? "-i " : "", SPAN_ARG(r->regex), SPAN_ARG(text), r->place.file,
		        r->place.line);
	else
		fprintf(to, "\nrefresh_pattern\napplies: no line; then it is . %.*s\n",
		        SPAN_ARG(text));
	if (c->has_reply)
		print_reply(to, c);
}

void explain_print_cache_json(FILE *to, const struct explain_cache *c, struct arena *a)
{
	const struct refresh_rule *const r = c->rule;

	if (r == NULL) {
		fputs(",\"refresh_pattern\":null,\"reply\":null", to);
		return;
	}
	fprintf(to, ",\"refresh_pattern\":{\"min_s\":%lld,\"percent\":%lld,\"max_s\":%lld",
	        (long long)r->min_s, (long long)r->percent, (long long)r->max_s);
	json_member(to, "text", refresh_rule_text(r, a));
	json_member(to, "regex", r->regex);
	fprintf(to, ",\"icase\":%s", r->is_icase ? "true" : "false");
	json_member(to, "file", r->place.file != NULL ? span_str(r->place.file) : SPAN_NULL);
	fprintf(to, ",\"line\":%u}", r->place.line);
	if (!c->has_reply) {
		fputs(",\"reply\":null", to);
		return;
	}
	fprintf(to, ",\"reply\":{\"stored\":%s",
	        c->storable.verdict != STORABLE_NO ? "true" : "false");
	json_member(to, "why", span_str(why(c)));
	fprintf(to, ",\"fresh_s\":%lld", (long long)fresh_s(c));
	json_member(to, "fresh_by",
	            c->storable.verdict != STORABLE_NO ? span_str(fresh_by(c)) : SPAN_NULL);
	fputc('}', to);
}
