/*
 * A value is a text, or a format whose line is the value.
 */
#include "log/value.h"

#include "log/line_int.h"

#define FIRST_BYTES 512u
#define MOST_BYTES  65536u

struct log_value {
	char *text;                /* if it is fixed */
	struct log_format *format; /* NULL: it is fixed */
};

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static void tell(void *arg, bool is_error, const char *text)
{
	struct conf_line *l = arg;

	if (is_error)
		conf_error(l, "%s", text);
	else
		conf_warning(l, "%s", text);
}

static void tell_dash(void *arg, const char *code, const char *why)
{
	conf_warning(arg, "%%%s is always \"-\" here: %s", code, why);
}

struct log_value *log_value_read(struct conf_line *l, struct span text, bool is_quoted)
{
	const struct log_findings findings = { tell, l, tell_dash };
	struct log_format *format = NULL;

	for (size_t i = 0; i < text.n; i++) {
		if (!is_control(text.p[i]))
			continue;
		conf_error(l, "a control byte (0x%02x) cannot be in a value",
		           (unsigned char)text.p[i]);
		return NULL;
	}
	if (is_quoted && span_find(text, '%') != text.n) {
		format = log_format_new(SPAN("(a value)"), text, &findings);
		if (format == NULL)
			return NULL;
	}
	struct log_value *v = check_calloc(1, sizeof(*v));

	v->format = format;
	v->text = format == NULL ? span_strdup(text) : NULL;
	return v;
}

void log_value_free(struct log_value **vp)
{
	struct log_value *v = *vp;

	*vp = NULL;
	if (v == NULL)
		return;
	log_format_unref(&v->format);
	free(v->text);
	free(v);
}

void log_value_bind(struct log_value *v, const struct log_format_conf *c, struct log_fields *needed)
{
	if (v->format != NULL)
		log_format_bind(v->format, c, needed);
}

bool log_value_is_fixed(const struct log_value *v, struct span *text)
{
	if (v->format != NULL)
		return false;
	*text = span_str(v->text);
	return true;
}

static struct span print(const struct log_value *v, const struct log_rec *rec, struct log_state *s,
                         struct arena *a)
{
	for (size_t room = FIRST_BYTES;; room *= 4) {
		char *p = arena_alloc(a, room);
		struct log_line line = { .p = p, .end = p + room };

		log_format_line(v->format, s, rec, &line);
		if (!line.is_cut || room >= MOST_BYTES)
			return span_of(p, (size_t)(line.p - p) - 1); /* without the newline */
	}
}

struct span log_value_text(const struct log_value *v, const struct log_rec *rec, struct arena *a)
{
	struct span fixed;

	if (log_value_is_fixed(v, &fixed))
		return fixed;
	struct log_state *s = log_state_new(v->format);
	const struct span text = print(v, rec, s, a);

	log_state_free(&s);
	for (char *p = (char *)(uintptr_t)text.p; p < text.p + text.n; p++)
		if (is_control(*p))
			*p = '?';
	return span_trim(text);
}
