/*
 * Explanations as JSON (RFC 8259).
 */
#include "admin/explain.h"

#include "admin/json.h"

static void put_rule(FILE *to, const char *name, const struct trail *t, const struct acl_rule *r,
                     struct conf_place at)
{
	fprintf(to, ",\"%s\":", name);
	if (r == NULL) {
		fputs("null", to);
		return;
	}
	fputs("{\"directive\":", to);
	json_string(to, span_str(t->directive));
	json_member(to, "text", acl_rule_text(r));
	json_member(to, "file", span_str(at.file));
	fprintf(to, ",\"line\":%u}", at.line);
}

static const char *result_word(enum acl_match m)
{
	switch (m) {
	case ACL_NO:
		return "no";
	case ACL_YES:
		return "yes";
	case ACL_NEED:
		return "need";
	case ACL_UNDECIDED:
		return "undecided";
	}
	UNREACHABLE("acl_match");
}

static void put_steps(FILE *to, const char *name, const struct acl_step *steps, size_t n)
{
	fprintf(to, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		const struct acl_step *s = &steps[i];
		const struct conf_place at = acl_rule_place(s->rule);

		fprintf(to, "%s{\"acl\":", i != 0 ? "," : "");
		json_string(to, span_str(s->acl));
		json_member(to, "type", span_str(s->type));
		json_member(to, "file", span_str(at.file));
		fprintf(to, ",\"line\":%u,\"depth\":%u,\"negated\":%s,\"matches\":\"%s\"", at.line,
		        s->depth, s->is_negated ? "true" : "false", result_word(s->result));
		json_member(to, "value", s->has_subject ? s->compared : SPAN_NULL);
		json_member(to, "entry", s->entry);
		if (s->result == ACL_NEED)
			json_member(to, "needs", span_str(fact_name(s->need)));
		fputc('}', to);
	}
	fputc(']', to);
}

static void put_facts(FILE *to, const char *name, unsigned bits)
{
	bool is_first = true;

	fprintf(to, ",\"%s\":[", name);
	for (unsigned f = 0; f < FACT_N; f++) {
		if ((bits & 1u << f) == 0)
			continue;
		fprintf(to, "%s\"%s\"", is_first ? "" : ",", fact_name((enum fact)f));
		is_first = false;
	}
	fputc(']', to);
}

static void put_stage(FILE *to, const struct explain_stage *stage)
{
	const struct acl_explanation *x = &stage->x;

	fputs("{\"directive\":", to);
	json_string(to, span_str(stage->directive));
	json_member(to, "verdict", span_str(verdict_text(x->verdict)));
	put_rule(to, "rule", &x->trail, x->trail.rule, x->trail.place);
	if (x->trail.detail != NULL)
		json_member(to, "detail", span_str(x->trail.detail));
	if (x->verdict == VERDICT_NEED)
		json_member(to, "needs", span_str(fact_name(x->trail.need)));
	put_facts(to, "facts", stage->needed);
	put_steps(to, "steps", x->steps, x->n_steps);
	put_rule(to, "nearest", &x->trail, x->nearest,
	         x->nearest != NULL ? acl_rule_place(x->nearest) : x->trail.place);
	put_steps(to, "obstacles", x->obstacles, x->n_obstacles);
	fputc('}', to);
}

void explain_print_json(FILE *to, const struct explanation *e, const struct facts *f,
                        struct arena *a)
{
	fputs("{\"verdict\":", to);
	json_string(to, span_str(verdict_text(e->verdict)));
	json_member(to, "method", f->method_name);
	json_member(to, "url", f->url);
	put_facts(to, "untold", e->untold);
	fputs(",\"stages\":[", to);
	for (size_t i = 0; i < e->n; i++) {
		if (i != 0)
			fputc(',', to);
		put_stage(to, &e->stages[i]);
	}
	fputs("],\"ssrf_protection\":[", to);
	for (unsigned i = 0; i < e->n_addresses; i++) {
		const struct explain_address *x = &e->addresses[i];
		char text[IP_TEXT_MAX];

		fprintf(to, "%s{\"address\":\"%s\",\"class\":\"%s\",\"passes\":%s}",
		        i != 0 ? "," : "", ip_text(&x->ip, text), floor_class_text(x->class),
		        x->class == FLOOR_PASSES || x->is_named ? "true" : "false");
	}
	fputc(']', to);
	explain_print_cache_json(to, &e->cache, a);
	fputs("}\n", to);
}
