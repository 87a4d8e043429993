/*
 * Ready-made setters for plain values. Each stores only what it has understood.
 */
#include "conf/conf.h"

void conf_set_onoff(struct conf_line *l, void *field)
{
	bool *value = field;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	const bool is_enable = span_eq(word, SPAN("enable")),
		   is_disable = span_eq(word, SPAN("disable"));

	if (is_enable || is_disable)
		conf_warning(l, "\"%.*s\" is an old word for \"%s\"", SPAN_ARG(word),
		             is_enable ? "on" : "off");
	if (is_enable || is_disable)
		conf_as_squid(l->reader, CONF_SQUID_WARNS);
	if (is_enable || span_eq(word, SPAN("on")))
		*value = true;
	else if (is_disable || span_eq(word, SPAN("off")))
		*value = false;
	else
		conf_error_both(l, "\"%.*s\" is neither on nor off", SPAN_ARG(word));
}

/* A whole number, or a finding. */
static bool need_int(struct conf_line *l, int64_t *v)
{
	struct span word;

	if (!conf_need_word(l, &word))
		return false;
	if (conf_parse_int(word, v))
		return true;
	conf_error_both(
		l,
		"\"%.*s\" is not a whole number (decimal, 0x and hexadecimal, or 0 and octal "
		"digits)",
		SPAN_ARG(word));
	return false;
}

void conf_set_int(struct conf_line *l, void *field)
{
	int64_t *value = field, v;

	if (need_int(l, &v))
		*value = v;
}

void conf_set_percent(struct conf_line *l, void *field)
{
	unsigned *value = field;
	struct span word;
	int64_t v;

	if (!conf_need_word(l, &word))
		return;
	const struct span number =
		span_of(word.p, word.n - (word.n != 0 && word.p[word.n - 1] == '%'));

	if (conf_parse_int(number, &v) && v >= 0 && v <= 100) {
		*value = (unsigned)v;
		return;
	}
	conf_error(l, "\"%.*s\" is not a percentage between 0 and 100", SPAN_ARG(word));
	conf_as_squid(l->reader, conf_parse_int(number, &v) ? CONF_SQUID_TAKES : CONF_SQUID_STOPS);
}

/* Whether letters stick to a number, as in 10MB, which Squid does not take either. */
static size_t glued_at(struct span word)
{
	size_t n = 0;

	while (n < word.n && ((word.p[n] >= '0' && word.p[n] <= '9') || word.p[n] == '.'))
		n++;
	return n;
}

static void refuse_amount(struct conf_line *l, struct span number, struct span unit,
                          bool is_known_unit, const char *units)
{
	const size_t glued = glued_at(number);
	const struct span tail = span_skip(number, glued);

	if (unit.n != 0 && !is_known_unit) {
		conf_error(l, "unknown unit \"%.*s\" (use %s)", SPAN_ARG(unit), units);
		conf_as_squid(l->reader, span_eq(number, SPAN("0"))
		                                 ? "takes no notice of a unit after 0"
		                                 : CONF_SQUID_STOPS);
	} else if (glued != 0 && (conf_is_byte_unit(tail) || conf_is_time_unit(tail)))
		conf_error_both(l, "a blank is needed between number and unit: \"%.*s %.*s\"",
		                (int)glued, number.p, SPAN_ARG(tail));
	else
		conf_error_both(l, "\"%.*s%s%.*s\" is not a number in range (use %s)",
		                SPAN_ARG(number), unit.n != 0 ? " " : "", SPAN_ARG(unit), units);
}

/* The word behind a number, if there is one. */
static struct span take_unit(struct conf_line *l)
{
	struct span unit;

	return conf_word(l, &unit) ? unit : SPAN("");
}

#define BYTE_UNITS "bytes, KB, MB or GB"
#define TIME_UNITS                                                                                 \
	"milliseconds, seconds, minutes, hours, days, weeks, fortnights, months, years or decades"

void conf_set_bytes(struct conf_line *l, void *field)
{
	int64_t *value = field, v;
	struct span number, unit = SPAN("");

	if (!conf_need_word(l, &number))
		return;
	if (!span_eq(number, SPAN("none")))
		unit = take_unit(l);
	if (!conf_parse_bytes(number, unit, 1, &v)) {
		refuse_amount(l, number, unit, conf_is_byte_unit(unit), BYTE_UNITS);
		return;
	}
	if (unit.n == 0 && v != 0 && v != INT64_MAX) {
		conf_warning(l, "no unit, so these are bytes (units are " BYTE_UNITS ")");
		conf_as_squid(l->reader, CONF_SQUID_WARNS);
	}
	*value = v;
}

void conf_set_ms(struct conf_line *l, void *field)
{
	int64_t *value = field, v;
	struct span number;

	if (!conf_need_word(l, &number))
		return;
	const struct span unit = take_unit(l);

	if (conf_parse_ms(number, unit, &v))
		*value = v;
	else if (unit.n == 0 && glued_at(number) == number.n)
		conf_error_both(l, "the unit is missing (use " TIME_UNITS ")");
	else
		refuse_amount(l, number, unit, conf_is_time_unit(unit), TIME_UNITS);
}

static void replace(char **value, struct span s)
{
	free(*value);
	*value = span_eq(s, SPAN("none")) ? NULL : span_strdup(s);
}

void conf_set_string(struct conf_line *l, void *field)
{
	struct span word;

	if (conf_need_word(l, &word))
		replace(field, word);
}

void conf_set_line(struct conf_line *l, void *field)
{
	const struct span rest = conf_rest(l);

	if (rest.n == 0)
		conf_error_both(l, "a value is missing; write %s %s", l->directive->name,
		                l->directive->syntax);
	else
		replace(field, rest);
}
