/*
 * What the rules and acls of one configuration have done: their slots in the tally, and the rows
 * that are told of them.
 */
#include "acl/tally.h"
#include "acl/type.h"

static uint32_t take(struct acl_set *s, char kind, struct span a, struct span b,
                     struct conf_place place)
{
	const size_t n = a.n + b.n + strlen(place.file) + 4;
	char *key = check_malloc(n);
	const int length =
		snprintf(key, n, "%c%.*s %.*s\n%s", kind, SPAN_ARG(a), SPAN_ARG(b), place.file);
	const uint32_t slot = acl_tally_take(s->tally, s, span_of(key, MIN((size_t)length, n - 1)));

	free(key);
	if (slot != ACL_SLOT_NONE)
		s->slots[s->n_slots++] = slot;
	return slot;
}

static size_t count_slots(const struct acl_set *s)
{
	size_t n = s->n;

	for (struct list *l = s->rules.next; l != &s->rules; l = l->next)
		n += 1 + CONTAINER_OF(l, struct acl_rules, in_set)->n_rules;
	return n;
}

void acl_conf_count(struct acl_conf *c, struct acl_tally *t)
{
	struct acl_set *s = c->set;

	CHECK(s->is_finished && s->tally == NULL);
	s->tally = t;
	s->slots = check_calloc(count_slots(s) + 1, sizeof(*s->slots));
	for (struct list *l = s->rules.next; l != &s->rules; l = l->next) {
		struct acl_rules *r = CONTAINER_OF(l, struct acl_rules, in_set);
		const struct span name = span_str(r->label);

		for (size_t i = 0; i < r->n_rules; i++)
			r->rules[i].slot = take(s, r->rules[i].is_report_only ? 'o' : 'r', name,
			                        r->rules[i].text, r->rules[i].place);
		r->slot = take(s, 'e', name, SPAN(""),
		               r->n_rules != 0 ? r->rules[0].place : (struct conf_place){ "", 0 });
	}
	for (size_t i = 0; i < s->n; i++)
		s->acls[i]->slot =
			take(s, 'a', span_str(s->acls[i]->name), span_str(s->acls[i]->type->name),
		             (struct conf_place){ "", 0 });
}

static void tell_list(const struct acl_rules *r, acl_tally_fn *each, void *arg)
{
	for (size_t i = 0; i < r->n_rules; i++) {
		const struct acl_rule *rule = &r->rules[i];
		const struct acl_tally_row row = {
			.directive = r->label,
			.text = rule->text.n != 0 ? rule->text : SPAN("(all)"),
			.place = rule->place,
			.is_report_only = rule->is_report_only,
			.shadow = rule->shadow,
			.hits = acl_tally_sum(r->set->tally, rule->slot),
		};

		each(arg, &row);
	}
	const struct acl_tally_row end = {
		.directive = r->label,
		.hits = acl_tally_sum(r->set->tally, r->slot),
	};

	each(arg, &end);
}

void acl_conf_each_hit(const struct acl_conf *c, acl_tally_fn *each, void *arg)
{
	const struct acl_set *s = c->set;

	if (s->tally == NULL)
		return;
	for (struct list *l = s->rules.next; l != &s->rules; l = l->next)
		tell_list(CONTAINER_OF(l, struct acl_rules, in_set), each, arg);
	for (size_t i = 0; i < s->n; i++) {
		const struct acl_tally_row row = {
			.directive = s->acls[i]->name,
			.type = s->acls[i]->type->name,
			.place = s->acls[i]->place,
			.hits = acl_tally_sum(s->tally, s->acls[i]->slot),
		};

		each(arg, &row);
	}
}
