/*
 * if, else and endif. A branch inside a branch that is not taken is not taken either, whatever its
 * own condition says, and its condition is not even looked at. Branches do not reach across files.
 */
#include "conf/conf_int.h"

struct conf_branch {
	struct conf_branch *outer;
	struct conf_place place;
	bool is_outer_active;
	bool is_true; /* of the branch that we are in */
	bool has_else;
};

bool conf_condition_is_active(const struct conf_source *s)
{
	return s->branch == NULL || (s->branch->is_outer_active && s->branch->is_true);
}

/* true, false, or INT = INT. */
static bool evaluate(struct conf_line *l)
{
	const struct span text = l->rest;
	int64_t left, right;

	if (span_eq(text, SPAN("true")))
		return true;
	if (span_eq(text, SPAN("false")))
		return false;
	const size_t equals = span_find(text, '=');

	if (equals != text.n && conf_parse_int(span_trim(span_of(text.p, equals)), &left) &&
	    conf_parse_int(span_trim(span_skip(text, equals + 1)), &right))
		return left == right;
	conf_error_both(l, "the condition is not understood; write true, false or NUMBER = NUMBER");
	return true; /* so that the findings of the branch are told too */
}

static void branch_open(struct conf_source *s, struct conf_line *l)
{
	struct conf_branch *b = ARENA_NEW(&s->reader->arena, struct conf_branch);

	b->outer = s->branch;
	b->place = l->place;
	b->is_outer_active = conf_condition_is_active(s);
	b->is_true = b->is_outer_active && evaluate(l);
	if (!b->is_outer_active) {
		conf_difference(
			l->reader, l->place,
			"the condition is not looked at, as the lines around it are not read");
		conf_as_squid(l->reader,
		              "looks at it alone: where it holds, the lines within are applied");
	}
	s->branch = b;
}

static void expect_nothing_more(struct conf_line *l)
{
	if (l->rest.n == 0)
		return;
	conf_error(l, "nothing may follow on the line%s",
	           span_starts(l->rest, SPAN("if ")) ? "; there is no \"else if\"" : "");
	conf_as_squid(l->reader, "takes no notice of what follows");
}

static void branch_else(struct conf_source *s, struct conf_line *l)
{
	if (s->branch == NULL) {
		conf_error_both(l, "there is no \"if\" before it");
		return;
	}
	if (s->branch->has_else) {
		conf_error(l, "the \"if\" of line %u has an \"else\" already",
		           s->branch->place.line);
		conf_as_squid(l->reader, "changes sides once more, without a word");
	}
	s->branch->has_else = true;
	s->branch->is_true = !s->branch->is_true;
	expect_nothing_more(l);
}

static void branch_close(struct conf_source *s, struct conf_line *l)
{
	if (s->branch == NULL) {
		conf_error_both(l, "there is no \"if\" before it");
		return;
	}
	s->branch = s->branch->outer;
	expect_nothing_more(l);
}

/* Squid takes a comment behind these words for a mistake; here it is one, as anywhere. */
static struct span without_comment(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '#' && (i == 0 || conf_is_blank(s.p[i - 1])))
			s.n = i;
	return span_trim(s);
}

bool conf_condition(struct conf_source *s, struct conf_line *l)
{
	static const struct {
		struct span name;
		void (*run)(struct conf_source *s, struct conf_line *l);
	} words[] = {
		{ SPAN("if"), branch_open },
		{ SPAN("else"), branch_else },
		{ SPAN("endif"), branch_close },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!span_eq(l->name, words[i].name))
			continue;
		const struct span rest = without_comment(l->rest);

		if (rest.n != l->rest.n && conf_condition_is_active(s)) {
			conf_difference(l->reader, l->place, "a comment may follow \"%.*s\"",
			                SPAN_ARG(l->name));
			conf_as_squid(
				l->reader,
				i == 0 ? "takes it for a part of the condition and does not start"
				       : "takes no notice of what follows");
		}
		l->rest = rest;
		words[i].run(s, l);
		return true;
	}
	return false;
}

void conf_condition_end(struct conf_source *s)
{
	for (; s->branch != NULL; s->branch = s->branch->outer) {
		conf_report(s->reader, CONF_ERROR, s->branch->place,
		            "this \"if\" has no \"endif\" before the end of the file");
		conf_as_squid(s->reader, CONF_SQUID_STOPS);
	}
}
