/*
 * `cuttle cache`: what a directory of the cache holds. Reads the files, also beside a running proxy; it asks the
 * proxy nothing and changes nothing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin/command.h"
#include "base/oplog.h"
#include "cache/disk_look.h"

#define PROGRESS_MS 200

struct meter {
	bool is_terminal, is_shown;
	int64_t shown_ms;
};

struct asked {
	struct meter meter; /* first: the argument of progress */
	struct span url;
	uint64_t n, bytes;
};

static int64_t now_ms(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell_progress(void *arg, uint64_t done, uint64_t all)
{
	struct meter *const m = arg;
	const int64_t now = now_ms();

	if (!m->is_terminal || now - m->shown_ms < PROGRESS_MS)
		return;
	m->shown_ms = now;
	m->is_shown = true;
	fprintf(stderr, "\r%3" PRIu64 "%% of %" PRIu64 " MB", all > 0 ? done * 100 / all : 100,
	        all >> 20);
	(void)fflush(stderr);
}

static void end_progress(struct meter *m)
{
	if (m->is_shown)
		fprintf(stderr, "\r\033[K");
	m->is_shown = false;
}

/* What came from outside goes to a terminal escaped. */
static void print_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if ((c >= ' ' && c < 0x7f) || c == '\n')
			putchar(c);
		else if (c != '\r')
			printf("\\x%02X", c);
	}
}

/* One line: status, when it was answered, length of the body, URL. */
static bool list_one(void *arg, const struct disk_look_object *o)
{
	struct asked *const a = arg;
	const struct cobj_meta *const m = &o->found.parts.meta;
	const time_t at = (time_t)m->response_s;
	struct tm tm = { 0 };
	char when[32] = "-";

	if (gmtime_r(&at, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	a->n++;
	a->bytes += m->body_bytes;
	end_progress(&a->meter);
	if (m->flags & COBJ_MARKER)
		printf("vary");
	else
		printf("%4u", m->status);
	printf(" %s %10" PRIu64 " ", when, m->body_bytes);
	print_text(o->found.parts.url);
	putchar('\n');
	return true;
}

static bool show_one(void *arg, const struct disk_look_object *o)
{
	struct asked *const a = arg;

	if (!span_eq(o->found.parts.url, a->url))
		return true;
	(void)list_one(arg, o);
	printf("segment-%08x at %" PRIu64 ", %" PRIu64 " bytes, %u fragments%s\n", o->segment,
	       o->offset, o->bytes, o->found.n_places,
	       o->is_old ? "; to be validated (the machine went down)" : "");
	if (o->found.parts.vary.n > 0) {
		printf("varies by ");
		print_text(o->found.parts.vary);
		putchar('\n');
	}
	if (o->found.parts.variant.n > 0) {
		printf("for ");
		print_text(o->found.parts.variant);
		putchar('\n');
	}
	print_text(o->found.parts.head_text);
	return true;
}

static int walk(struct disk_look *l, struct asked *a, disk_look_fn *see)
{
	const enum err e = disk_look_each(l, see, tell_progress, a);

	end_progress(&a->meter);
	if (e != ERR_NONE)
		fprintf(stderr, "cuttle cache: some objects could not be read (%s)\n", err_text(e));
	if (a->url.p != NULL && a->n == 0)
		fprintf(stderr, "cuttle cache: nothing is stored under that URL\n");
	return e == ERR_NONE && (a->url.p == NULL || a->n > 0) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void tell_bad(void *arg, uint32_t segment, uint64_t offset)
{
	struct asked *const a = arg;

	end_progress(&a->meter);
	printf("damaged: segment-%08x at %" PRIu64 "\n", segment, offset);
}

static int verify(struct disk_look *l, struct asked *a)
{
	struct disk_look_verdict v;
	const enum err e = disk_look_verify(l, &v, tell_bad, tell_progress, a);

	end_progress(&a->meter);
	printf("%" PRIu64 " records, %" PRIu64 " bytes: %" PRIu64 " damaged\n", v.records, v.bytes,
	       v.bad);
	if (e != ERR_NONE && v.bad == 0)
		fprintf(stderr, "cuttle cache: some segments could not be read (%s)\n",
		        err_text(e));
	return e == ERR_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool count_one(void *arg, const struct disk_look_object *o)
{
	struct asked *const a = arg;

	a->n++;
	a->bytes += o->found.parts.meta.body_bytes;
	return true;
}

static int stats(struct disk_look *l, struct asked *a)
{
	struct disk_look_stats s;
	const int status = walk(l, a, count_one);

	disk_look_stats(l, &s);
	printf("objects       %" PRIu64 "\nbody bytes    %" PRIu64 "\n", a->n, a->bytes);
	printf("file bytes    %" PRIu64 "\ncapacity      %" PRIu64 "\n", s.file_bytes,
	       s.capacity_bytes);
	printf("segments      %" PRIu64 " (%" PRIu64 " sealed)\n", s.segments, s.sealed_segments);
	printf("tombstones    %" PRIu64 "\n", s.tombstones);
	printf("state         %s\n", s.is_in_use ? "in use, or left by a crash" : "closed");
	return status;
}

static void print_usage(FILE *to)
{
	fprintf(to, "usage: cuttle cache ls PATH        each object: status, time, bytes, URL\n"
	            "       cuttle cache show URL PATH  what is kept of it\n"
	            "       cuttle cache verify PATH    read all, and compare the checksums\n"
	            "       cuttle cache stats PATH     what there is in all\n");
	fprintf(to, "  %-24s %s\n", "--help", "print this, and exit");
}

static struct disk_look *open_folder(const char *path)
{
	struct disk_look *l = NULL;
	const enum err e = disk_look_open(&l, path);

	if (e == ERR_UNSUPPORTED)
		fprintf(stderr, "cuttle cache: %s is no cache folder of this version of Cuttle\n",
		        path);
	else if (e != ERR_NONE)
		fprintf(stderr, "cuttle cache: %s: %s\n", path, err_text(e));
	return l;
}

int command_cache(int argc, char *argv[])
{
	const char *const what = argc > 1 ? argv[1] : "";
	const bool is_show = strcmp(what, "show") == 0;
	struct asked a = { .meter = { .is_terminal = isatty(STDERR_FILENO) == 1,
		                      .shown_ms = now_ms() } };

	if (strcmp(what, "--help") == 0) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc != (is_show ? 4 : 3) ||
	    (!is_show && strcmp(what, "ls") != 0 && strcmp(what, "verify") != 0 &&
	     strcmp(what, "stats") != 0)) {
		print_usage(stderr);
		return EXIT_FAILURE;
	}
	struct disk_look *l = open_folder(argv[argc - 1]);

	if (l == NULL)
		return EXIT_FAILURE;
	if (is_show)
		a.url = span_str(argv[2]);
	const int status = is_show                       ? walk(l, &a, show_one)
	                   : strcmp(what, "ls") == 0     ? walk(l, &a, list_one)
	                   : strcmp(what, "verify") == 0 ? verify(l, &a)
	                                                 : stats(l, &a);

	disk_look_close(&l);
	return status;
}
