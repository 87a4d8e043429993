/*
 * Which edges of the step tables (txn_steps.tbl.h, fetch_steps.tbl.h) the tests travel. The
 * worker's ring of the last steps is read at each wait; what was found is kept in memory that the
 * processes of all tests share. An edge that nobody travelled is no failure, but asks for a test or
 * for its removal.
 */
#include "tests/sim/sim_edges.h"

#include <stdio.h>
#include <sys/mman.h>

#include "proxy/worker.h"

/* Both tables define TO() for themselves. */
enum {
#define TXN_STEP(sym, fn, timeout, why, to) TXN_##sym,
#include "proxy/txn_steps.tbl.h"
#undef TXN_STEP
	TXN_N
};

struct step {
	const char *name;
	uint64_t to;
};

static const struct step txn_steps[] = {
#undef TO
#define TXN_STEP(sym, fn, timeout, why, to) { #sym, to },
#include "proxy/txn_steps.tbl.h"
#undef TXN_STEP
#undef TO
};

enum {
#define FETCH_STEP(sym, fn, timeout, why, to) FETCH_##sym,
#include "proxy/fetch_steps.tbl.h"
#undef FETCH_STEP
	FETCH_N
};

static const struct step fetch_steps[] = {
#undef TO
#define FETCH_STEP(sym, fn, timeout, why, to) { #sym, to },
#include "proxy/fetch_steps.tbl.h"
#undef FETCH_STEP
};

#define STEPS_MAX 64

static const struct machine {
	const char *name;
	const struct step *steps;
	unsigned n;
} machines[] = { { "txn", txn_steps, TXN_N }, { "fetch", fetch_steps, FETCH_N } };

#define MACHINES ARRAY_LEN(machines)

/* Bits of the steps that a step was left for. Shared by the processes; bits are only ever set. */
static _Atomic uint64_t (*travelled)[STEPS_MAX];

static const struct worker *watched;
static unsigned seen; /* of its trace */

void sim_edges_begin(void)
{
	const size_t bytes = MACHINES * sizeof(travelled[0]);

	_Static_assert(TXN_N <= STEPS_MAX && FETCH_N <= STEPS_MAX, "more steps than bits");
	travelled = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(travelled != MAP_FAILED);
}

static unsigned step_named(const struct machine *m, const char *name)
{
	unsigned i = 0;

	while (i < m->n && strcmp(m->steps[i].name, name) != 0)
		i++;
	CHECK(i < m->n);
	return i;
}

static void note(const struct trace_step *s)
{
	size_t m = 0;

	while (m < MACHINES && strcmp(machines[m].name, s->machine) != 0)
		m++;
	CHECK(m < MACHINES);
	/* The tests of one run are processes that may run side by side. */
	atomic_fetch_or_explicit(&travelled[m][step_named(&machines[m], s->from)],
	                         UINT64_C(1) << step_named(&machines[m], s->to),
	                         memory_order_relaxed);
}

void sim_edges_collect(void)
{
	if (watched == NULL || travelled == NULL)
		return;
	if (watched->trace_at - seen > TRACE_STEPS)
		seen = watched->trace_at - TRACE_STEPS; /* a busy turn: some are lost */
	while (seen != watched->trace_at)
		note(&watched->trace[seen++ % TRACE_STEPS]);
}

void sim_edges_watch(const struct worker *w)
{
	sim_edges_collect();
	watched = w;
	seen = w != NULL ? w->trace_at : 0;
}

static bool is_travelled(size_t m, unsigned from, unsigned to)
{
	return (atomic_load_explicit(&travelled[m][from], memory_order_relaxed) &
	        (UINT64_C(1) << to)) != 0;
}

void sim_edges_report(void)
{
	unsigned n = 0, missing = 0;

	for (size_t m = 0; m < MACHINES; m++) {
		for (unsigned i = 0; i < machines[m].n * machines[m].n; i++) {
			const unsigned from = i / machines[m].n, to = i % machines[m].n;

			if ((machines[m].steps[from].to & (UINT64_C(1) << to)) == 0)
				continue;
			n++;
			if (is_travelled(m, from, to))
				continue;
			missing++;
			printf("never travelled: %s %s -> %s\n", machines[m].name,
			       machines[m].steps[from].name, machines[m].steps[to].name);
		}
	}
	printf("steps: %u of %u edges travelled\n", n - missing, n);
}

/* Edges that no test travelled are dashed; those that only a limit or an abort takes, dotted. */
static void draw_edges(FILE *f, size_t m)
{
	const struct machine *mc = &machines[m];

	for (unsigned i = 0; i < mc->n * mc->n; i++) {
		const unsigned from = i / mc->n, to = i % mc->n;
		const bool is_listed = (mc->steps[from].to & (UINT64_C(1) << to)) != 0;

		if (!is_listed && !is_travelled(m, from, to))
			continue;
		fprintf(f, "\t%s_%s -> %s_%s%s;\n", mc->name, mc->steps[from].name, mc->name,
		        mc->steps[to].name,
		        !is_listed                   ? " [style=dotted, color=gray]"
		        : !is_travelled(m, from, to) ? " [style=dashed, color=red]"
		                                     : "");
	}
}

bool sim_edges_draw(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return false;
	fprintf(f, "digraph steps {\n\tnode [shape=box, fontname=monospace];\n");
	for (size_t m = 0; m < MACHINES; m++) {
		fprintf(f, "\tsubgraph cluster_%s {\n\tlabel=%s;\n", machines[m].name,
		        machines[m].name);
		for (unsigned i = 0; i < machines[m].n; i++)
			fprintf(f, "\t%s_%s [label=%s];\n", machines[m].name,
			        machines[m].steps[i].name, machines[m].steps[i].name);
		draw_edges(f, m);
		fprintf(f, "\t}\n");
	}
	fprintf(f, "}\n");
	return fclose(f) == 0;
}
