/*
 * Edit distance with transpositions (optimal string alignment), by three rows of the usual matrix.
 */
#include "conf/suggest.h"

#include "conf/conf.h"

#define LONGEST                                                                                    \
	64 /* no directive, acl type or option comes near; longer words get no suggestion  \
	            */

unsigned conf_distance_limit(struct span word)
{
	if (word.n < 3 || word.n > LONGEST)
		return 0;
	return word.n < 6 ? 1 : word.n < 12 ? 2 : 3;
}

static unsigned cell(struct span a, struct span b, size_t i, size_t j, const unsigned *before,
                     const unsigned *last, const unsigned *row)
{
	const bool same = ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 1]);
	unsigned d = MIN(last[j] + 1, row[j - 1] + 1);

	d = MIN(d, last[j - 1] + !same);
	if (i > 1 && j > 1 && ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 2]) &&
	    ascii_lower(a.p[i - 2]) == ascii_lower(b.p[j - 1]))
		d = MIN(d, before[j - 2] + 1);
	return d;
}

unsigned conf_distance(struct span a, struct span b, unsigned limit)
{
	unsigned rows[3][LONGEST + 1];

	if (a.n > LONGEST || b.n > LONGEST || MAX(a.n, b.n) - MIN(a.n, b.n) > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *row = rows[i % 3], *last = rows[(i + 2) % 3];
		unsigned least = row[0] = (unsigned)i;

		for (size_t j = 1; j <= b.n; j++) {
			row[j] = cell(a, b, i, j, rows[(i + 1) % 3], last, row);
			least = MIN(least, row[j]);
		}
		if (least > limit)
			return limit + 1;
	}
	return rows[a.n % 3][b.n];
}

const char *conf_nearest(struct span word, const char *const *names, size_t n)
{
	unsigned least = conf_distance_limit(word) + 1;
	const char *best = NULL;

	for (size_t i = 0; i < n && least != 0; i++) {
		const unsigned d = conf_distance(word, span_str(names[i]), least - 1);

		if (d < least) {
			least = d;
			best = names[i];
		}
	}
	return best;
}
