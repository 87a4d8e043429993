/*
 * The index of directives, and the check of the tables it is made from.
 */
#include "conf/index.h"

#include "conf/suggest.h"

#define N_TABLES 3

struct table_of_rows {
	const struct conf_directive *rows;
	size_t n;
};

/* In the order of precedence among rows of the same kind. */
static void tables_get(const struct conf_directive *rows, size_t n,
                       struct table_of_rows t[N_TABLES])
{
	t[0] = (struct table_of_rows){ rows, n };
	t[1].rows = conf_language_directives(&t[1].n);
	t[2].rows = conf_squid_directives(&t[2].n);
}

static size_t count_names(const struct conf_directive *row)
{
	struct span rest = span_trim(span_str(row->aliases));
	size_t n = 1;

	while (rest.n != 0) {
		(void)span_cut(&rest, ' ');
		rest = span_trim(rest);
		n++;
	}
	return n;
}

static void add_names(struct conf_index *x, const struct conf_directive *row, unsigned row_id)
{
	struct span rest = span_trim(span_str(row->aliases));

	x->entries[x->n++] = (struct conf_index_entry){ span_str(row->name), row, row_id, false };
	while (rest.n != 0) {
		const struct span alias = span_cut(&rest, ' ');

		rest = span_trim(rest);
		x->entries[x->n++] = (struct conf_index_entry){ alias, row, row_id, true };
	}
}

static int compare_entries(const void *va, const void *vb)
{
	const struct conf_index_entry *a = va, *b = vb;
	const int d = span_cmp(a->name, b->name);

	if (d != 0)
		return d;
	if ((a->row->state == CONF_WORKS) != (b->row->state == CONF_WORKS))
		return a->row->state == CONF_WORKS ? -1 : 1;
	return (a->row_id > b->row_id) - (a->row_id < b->row_id);
}

/* All names with their duplicates, the winner of each first. */
static void fill_sorted(struct conf_index *x, const struct conf_directive *rows, size_t n)
{
	struct table_of_rows tables[N_TABLES];
	size_t n_names = 0;

	tables_get(rows, n, tables);
	for (size_t t = 0; t < N_TABLES; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			n_names += count_names(&tables[t].rows[i]);
	*x = (struct conf_index){ .entries = check_calloc(n_names, sizeof(x->entries[0])) };
	for (size_t t = 0; t < N_TABLES; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			add_names(x, &tables[t].rows[i], x->n_rows++);
	CHECK(x->n == n_names);
	qsort(x->entries, x->n, sizeof(x->entries[0]), compare_entries);
}

void conf_index_init(struct conf_index *x, const struct conf_directive *rows, size_t n)
{
	size_t kept = 0;

	fill_sorted(x, rows, n);
	for (size_t i = 0; i < x->n; i++)
		if (kept == 0 || !span_eq(x->entries[kept - 1].name, x->entries[i].name))
			x->entries[kept++] = x->entries[i];
	x->n = kept;
}

void conf_index_fini(struct conf_index *x)
{
	free(x->entries);
	*x = (struct conf_index){ 0 };
}

static int compare_name(const void *key, const void *entry)
{
	const struct span *name = key;

	return span_cmp(*name, ((const struct conf_index_entry *)entry)->name);
}

const struct conf_index_entry *conf_index_find(const struct conf_index *x, struct span name)
{
	return bsearch(&name, x->entries, x->n, sizeof(x->entries[0]), compare_name);
}

const struct conf_index_entry *conf_index_nearest(const struct conf_index *x, struct span name)
{
	const struct conf_index_entry *best = NULL;
	unsigned least = conf_distance_limit(name) + 1;

	for (size_t i = 0; i < x->n && least != 0; i++) {
		const unsigned d = conf_distance(name, x->entries[i].name, least - 1);

		if (d < least) {
			least = d;
			best = &x->entries[i];
		}
	}
	return best;
}

/* --- the check of the tables ------------------------------------------------------------------ */

struct complaints {
	void (*report)(void *arg, const char *text);
	void *arg;
	unsigned n;
};

static void complain(struct complaints *c, const char *name, const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", name, what);
	c->report(c->arg, text);
	c->n++;
}

static void check_row(struct complaints *c, const struct conf_directive *row)
{
	if ((row->state == CONF_WORKS) != (row->set != NULL))
		complain(c, row->name, "a row has a setter exactly if it works");
	if (row->doc == NULL || row->doc[0] == '\0')
		complain(c, row->name, "the row has no sentence");
	if (row->group == NULL || row->group[0] == '\0')
		complain(c, row->name, "the row has no group");
}

unsigned conf_check_rows(const struct conf_directive *rows, size_t n,
                         void (*report)(void *arg, const char *text), void *arg)
{
	struct complaints c = { report, arg, 0 };
	struct conf_index x;

	for (size_t i = 0; i < n; i++)
		check_row(&c, &rows[i]);
	fill_sorted(&x, rows, n);
	for (size_t i = 1; i < x.n; i++) {
		char name[64];

		if (!span_eq(x.entries[i - 1].name, x.entries[i].name))
			continue;
		(void)span_to_cstr(x.entries[i].name, name, sizeof(name));
		complain(&c, name, "the name is in the tables twice");
	}
	conf_index_fini(&x);
	return c.n;
}
