/*
 * What a line of access.log costs: Squid's native format by its hand-written writer, the same
 * format compiled from its definition, and others, in turns over the same records; ns a line, the
 * least of all rounds, and the ratio to the hand-written one.
 *
 * 	make tests/bench/logline && tests/bench/logline [ROUNDS [FORMAT]]
 */
#include "log/access_log.h"
#include "log/format_int.h"

#include <time.h>

#define RECORDS 64
#define LINES   20000 /* a round */

static const struct {
	const char *name, *format;
} rows[] = {
	{ "native", "squid" },
	{ "compiled", "%9ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt" },
	{ "common", "common" },
	{ "combined", "combined" },
	{ "facts", "facts" },
};

static struct log_rec records[RECORDS];

static void make_records(struct arena *a)
{
	for (unsigned i = 0; i < RECORDS; i++) {
		struct log_rec *r = &records[i];

		*r = (struct log_rec){ .start_us = 1795168909648000,
			               .end_us = 1795168909771999 + i * 1000,
			               .duration_us = 123456 * (i + 1),
			               .status = 200,
			               .result = LOG_TCP_MISS,
			               .hier = LOG_HIER_DIRECT,
			               .why = WHY_DONE,
			               .version = 11,
			               .client_out_bytes = 1406 * (uint64_t)(i + 1),
			               .method = SPAN("GET"),
			               .content_type = SPAN("text/html; charset=utf-8"),
			               .facts = SPAN(
					       " src=10.0.0.7:50000 portname=3128 method=GET") };
		r->url = arena_printf(a, "http://www%u.example.com/some/path/%u?query", i, i * i);
		CHECK(ip_parse(SPAN("10.0.0.7"), &r->client.ip) &&
		      ip_parse(SPAN("192.0.2.10"), &r->server.ip));
	}
}

static double round_ns(struct log_format *f, struct log_state *s, char *buf, size_t cap)
{
	struct timespec from, to;
	size_t bytes = 0;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (unsigned i = 0; i < LINES; i++) {
		struct log_line l = { buf, buf + cap, false };

		log_format_line(f, s, &records[i % RECORDS], &l);
		bytes += (size_t)(l.p - buf);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	CHECK(bytes > LINES);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       LINES;
}

int main(int argc, char **argv)
{
	static const struct log_format_conf conf = { .strip_query_terms = true };
	uint64_t rounds = 50;
	double least[ARRAY_LEN(rows)];
	struct log_format *formats[ARRAY_LEN(rows)];
	struct log_state *states[ARRAY_LEN(rows)];
	struct log_fields set = { 0 };
	static char buf[8192];
	struct arena a;

	if (argc > 1 && !span_to_u64(span_str(argv[1]), &rounds))
		return EXIT_FAILURE;
	arena_init(&a);
	make_records(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct span text = span_str(rows[i].format);

		formats[i] = log_format_builtin(text);
		if (formats[i] == NULL)
			formats[i] = log_format_new(SPAN("bench"), text, NULL);
		log_format_bind(formats[i], &conf, &set);
		states[i] = log_state_new(formats[i]);
		least[i] = 1e12;
	}
	for (uint64_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			if (argc < 3 || strcmp(argv[2], rows[i].name) == 0)
				least[i] = MIN(least[i],
				               round_ns(formats[i], states[i], buf, sizeof(buf)));
	printf("format\tns_line\tratio\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (least[i] < 1e12)
			printf("%s\t%.0f\t%.2f\n", rows[i].name, least[i], least[i] / least[0]);
		log_state_free(&states[i]);
		log_format_unref(&formats[i]);
	}
	log_fields_fini(&set);
	arena_fini(&a);
	return EXIT_SUCCESS;
}
