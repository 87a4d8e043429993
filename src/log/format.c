/*
 * Running a compiled format over a record. Runs on the log thread, for each line.
 */
#include "log/format.h"

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

/* Between `from` and l->p lies a value: fill up its column. */
static void pad(struct log_line *l, char *from, const struct log_op *op)
{
	const size_t n = (size_t)(l->p - from);
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
	op->put(l, r, op);
	l->end = end;
	if (fits)
		l->is_cut = was_cut;
}

static inline void put_lead(struct log_line *l, const struct log_op *op)
{
	if (unlikely((size_t)(l->end - l->p) < sizeof(op->lead))) {
		log_put_bytes(l, op->lead, op->n_lead);
		return;
	}
	memcpy(l->p, op->lead, sizeof(op->lead));
	l->p += op->n_lead;
}

static inline void put_op(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	char *from = l->p;

	if (unlikely(op->is_cut_at_max))
		put_cut(l, r, op);
	else
		op->put(l, r, op);
	if (unlikely(l->p == from)) {
		if (!op->may_be_empty && !l->is_cut)
			log_put_char(l, '-');
		return;
	}
	if (unlikely((size_t)(l->p - from) < op->width))
		pad(l, from, op);
}

void log_format_line(const struct log_format *f, struct log_state *s, const struct log_rec *rec,
                     struct log_line *l)
{
	const struct log_run r = { .format = f, .state = s, .rec = rec };
	char *begin = l->p;

	CHECK_OBJ(f, LOG_FORMAT_MAGIC);
	for (const struct log_op *op = f->ops, *end = op + f->n_ops; op != end; op++) {
		put_lead(l, op);
		put_op(l, &r, op);
	}
	if (l->is_cut && l->p != begin)
		l->p[-1] = '\n';
}
