/*
 * Running a compiled format over a record. Runs on the log thread, for each line.
 */
#include "log/format.h"

#include "log/facts.h"
#include "log/format_int.h"

#define LOG_STATE_MAGIC 0x1057a7e0u

struct log_state *log_state_new(const struct log_format *f)
{
	struct log_state *s = check_calloc(1, sizeof(*s) + f->n_stamps * sizeof(s->stamps[0]));

	CHECK(f->is_bound);

	s->magic = LOG_STATE_MAGIC;
	s->zone_of = -1;
	for (unsigned i = 0; i < f->n_stamps; i++)
		s->stamps[i].second = INT64_MIN;
	return s;
}

void log_state_free(struct log_state **s)
{
	if (*s == NULL)
		return;
	CHECK_OBJ(*s, LOG_STATE_MAGIC);
	OBJ_FREE(*s, LOG_STATE_MAGIC);
}

void log_state_next(struct log_state *s)
{
	s->sequence++;
}

/* Zones change at most on a quarter of an hour. */
static int zone_minutes(struct log_state *s, int64_t us)
{
	const time_t second = (time_t)(us / 1000000);
	struct tm tm;

	if (second / 900 != s->zone_of) {
		s->zone_of = second / 900;
		s->zone_minutes = localtime_r(&second, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
	}
	return s->zone_minutes;
}

/* Between `from` and l->p lies a value: fill up its column. */
static void pad(struct log_line *l, char *from, const struct log_op *op)
{
	const size_t n = (size_t)(l->p - from);

	if (n >= op->width)
		return;
	const size_t more = MIN(op->width - n, (size_t)(l->end - l->p));

	l->is_cut |= more < op->width - n;
	if (op->is_left) {
		memset(l->p, ' ', more);
	} else {
		memmove(from + more, from, n);
		memset(from, ' ', more);
	}
	l->p += more;
}

/* A column that cuts its text leaves the line whole. */
static void put_cut(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	char *end = l->end;
	const bool was_cut = l->is_cut, fits = (size_t)(end - l->p) >= (size_t)op->max;

	if (fits)
		l->end = l->p + op->max;
	log_values[op->code].put(l, r, op);
	l->end = end;
	if (fits)
		l->is_cut = was_cut;
}

static void put_op(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	char *from = l->p;

	if (unlikely(op->max >= 0 && log_values[op->code].is_text))
		put_cut(l, r, op);
	else
		log_values[op->code].put(l, r, op);
	if (unlikely(l->p == from)) {
		if (!op->may_be_empty && !l->is_cut)
			log_put_char(l, '-');
		return;
	}
	if (unlikely(op->width != 0))
		pad(l, from, op);
}

void log_format_line(const struct log_format *f, struct log_state *s, const struct log_rec *rec,
                     struct log_line *l)
{
	const struct log_run r = { .format = f, .state = s, .rec = rec };
	char *begin = l->p;

	CHECK_OBJ(f, LOG_FORMAT_MAGIC);
	for (size_t i = 0; i < f->n_ops; i++) {
		const struct log_op *op = &f->ops[i];

		if (op->code == LOG_CODE_LITERAL)
			log_put_span(l, op->arg);
		else if (op->code == LOG_CODE_NATIVE)
			log_put_native(l, rec, &f->conf);
		else if (op->code == LOG_CODE_FACTS)
			log_facts_line(l, rec, zone_minutes(s, rec->start_us));
		else
			put_op(l, &r, op);
	}
	if (l->is_cut && l->p != begin)
		l->p[-1] = '\n';
}
