/*
 * The running log: workers' threads on one side, files on the other, with the real log thread
 * between.
 */
#include "base/counters.h"
#include "log/access_log.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/cuttle-log-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void file_name(char *buf, size_t cap, const char *name)
{
	snprintf(buf, cap, "%s/%s", folder, name);
}

static void teardown(void)
{
	static const char *const names[] = { "a", "b", "a.0", "a.1", "b.0" };
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		file_name(path, sizeof(path), names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

/* A configuration that logs to these files. */
static void configure(struct log_conf *c, const char *const *names, size_t n)
{
	static const struct log_format_conf plain;
	struct log_target **at = &c->targets;
	char path[128];

	log_conf_init(c);
	for (size_t i = 0; i < n; i++, at = &(*at)->next) {
		*at = check_calloc(1, sizeof(**at));
		file_name(path, sizeof(path), names[i]);
		(*at)->kind = LOG_TARGET_FILE;
		(*at)->path = check_strdup(path);
		(*at)->place.file = check_strdup("test.conf");
		(*at)->rotate = -1;
		(*at)->sink = -1;
		(*at)->format = log_format_builtin(SPAN("squid"));
		log_format_bind((*at)->format, &plain, &c->fields);
	}
}

static size_t read_file(const char *name, char **text)
{
	char path[128];
	struct stat st;
	int fd;

	file_name(path, sizeof(path), name);
	fd = open(path, O_RDONLY);
	ck_assert_msg(fd >= 0, "%s is missing", path);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*text = check_calloc(1, (size_t)st.st_size + 1);
	ck_assert_int_eq(read(fd, *text, (size_t)st.st_size), st.st_size);
	close(fd);
	return (size_t)st.st_size;
}

static size_t count_lines(const char *name)
{
	char *text;
	const size_t n = read_file(name, &text);
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	free(text);
	return lines;
}

static struct log_rec record(unsigned worker, unsigned i, char *url, size_t cap)
{
	struct log_rec rec = { .end_us = 1000000, .method = SPAN("GET"), .result = LOG_TCP_MISS };

	snprintf(url, cap, "http://%u/%u", worker, i);
	rec.url = span_str(url);
	return rec;
}

#define N_WORKERS 3
#define N_LINES   1500 /* of each, to each sink; fits a ring, so nothing may be lost */

struct worker {
	struct log_ring *ring;
	unsigned id;
	int sinks[2];
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	char url[64];

	for (unsigned i = 0; i < N_LINES; i++) {
		const struct log_rec rec = record(w->id, i, url, sizeof(url));

		log_ring_put(w->ring, w->sinks[0], &rec);
		log_ring_put(w->ring, w->sinks[1], &rec);
	}
	return NULL;
}

/* All lines are there, each worker's in its order. */
static void assert_complete(const char *name)
{
	unsigned next[N_WORKERS] = { 0 };
	char *text;
	struct span rest = { NULL, 0 };

	rest.n = read_file(name, &text);
	rest.p = text;
	while (rest.n != 0) {
		struct span line = span_cut(&rest, '\n');
		unsigned worker, i;
		const char *url = memmem(line.p, line.n, "http://", 7);

		ck_assert_ptr_nonnull(url);
		ck_assert_int_eq(sscanf(url, "http://%u/%u", &worker, &i), 2);
		ck_assert_uint_lt(worker, N_WORKERS);
		ck_assert_uint_eq(i, next[worker]);
		next[worker]++;
	}
	for (unsigned i = 0; i < N_WORKERS; i++)
		ck_assert_uint_eq(next[i], N_LINES);
	free(text);
}

START_TEST(all_workers_lines_reach_all_sinks)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct worker workers[N_WORKERS];
	struct log_conf c;

	setup();
	configure(&c, (const char *[]){ "a", "b" }, 2);
	ck_assert(access_log_configure(al, &c));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	for (unsigned i = 0; i < N_WORKERS; i++) {
		workers[i] = (struct worker){ .ring = log_ring_new(al, i),
			                      .id = i,
			                      .sinks = { c.targets->sink, c.targets->next->sink } };
		ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < N_WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	log_conf_fini(&c);
	access_log_stop(&al);
	assert_complete("a");
	assert_complete("b");
	teardown();
}
END_TEST

/* Reload while lines flow: what stays is not opened again, what goes keeps its late lines. */
START_TEST(reconfiguration_loses_nothing)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct log_conf old, new;
	char url[64];

	setup();
	configure(&old, (const char *[]){ "a" }, 1);
	ck_assert(access_log_configure(al, &old));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	struct log_ring *ring = log_ring_new(al, 0);

	for (unsigned i = 0; i < 300; i++) {
		const struct log_rec rec = record(0, i, url, sizeof(url));

		if (i == 100) {
			configure(&new, (const char *[]){ "b", "a" }, 2);
			ck_assert(access_log_configure(al, &new));
			ck_assert_int_eq(new.targets->next->sink, old.targets->sink);
			log_conf_fini(&new);
			configure(&new, (const char *[]){ "b" }, 1);
			ck_assert(access_log_configure(al, &new));
		}
		log_ring_put(ring, old.targets->sink, &rec);
		if (i >= 100)
			log_ring_put(ring, new.targets->sink, &rec);
	}
	log_conf_fini(&old);
	log_conf_fini(&new);
	access_log_stop(&al);
	ck_assert_uint_eq(count_lines("a"), 300);
	ck_assert_uint_eq(count_lines("b"), 200);
	teardown();
}
END_TEST

START_TEST(configuration_that_cannot_be_opened_changes_nothing)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct log_conf good, bad;
	char url[64];
	const struct log_rec rec = record(0, 0, url, sizeof(url));

	setup();
	configure(&good, (const char *[]){ "a" }, 1);
	configure(&bad, (const char *[]){ "b", "missing/c" }, 2);
	ck_assert(access_log_configure(al, &good));
	ck_assert(!access_log_configure(al, &bad));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	log_ring_put(log_ring_new(al, 0), good.targets->sink, &rec);
	log_conf_fini(&good);
	log_conf_fini(&bad);
	access_log_stop(&al);
	ck_assert_uint_eq(count_lines("a"), 1);
	teardown();
}
END_TEST

/* Lines before the call are in the old file, those after it in the new one, once it is there. */
START_TEST(rotation_is_in_order_with_lines)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct log_conf c;
	char url[64], rotated[128];

	setup();
	configure(&c, (const char *[]){ "a" }, 1);
	file_name(rotated, sizeof(rotated), "a.0");
	ck_assert(access_log_configure(al, &c));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	struct log_ring *ring = log_ring_new(al, 0);

	for (unsigned i = 0; i < 500; i++) {
		const struct log_rec rec = record(0, i, url, sizeof(url));

		log_ring_put(ring, c.targets->sink, &rec);
	}
	access_log_rotate(al, 2);
	log_conf_fini(&c);
	access_log_stop(&al);
	ck_assert_uint_eq(count_lines("a.0"), 500);
	ck_assert_uint_eq(count_lines("a"), 0);
	teardown();
}
END_TEST

static void *drain(void *arg)
{
	const int *fd = arg;
	char buf[4096];

	while (read(*fd, buf, sizeof(buf)) > 0)
		;
	return NULL;
}

/* A FIFO whose reader does not read holds up neither the file beside it nor the worker. */
START_TEST(stuck_fifo_holds_up_only_itself)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct log_conf c;
	char path[128], url[2000];
	pthread_t thread;

	setup();
	file_name(path, sizeof(path), "a");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	const int reader = open(path, O_RDONLY | O_NONBLOCK);

	ck_assert_int_ge(reader, 0);
	configure(&c, (const char *[]){ "a", "b" }, 2);
	ck_assert(access_log_configure(al, &c));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	struct log_ring *ring = log_ring_new(al, 0);

	memset(url, 'x', sizeof(url));
	for (unsigned i = 0; i < 200; i++) {
		const struct log_rec rec = { .url = { url, sizeof(url) } };

		log_ring_put(ring, c.targets->sink, &rec);
		log_ring_put(ring, c.targets->next->sink, &rec);
	}
	while (count_lines("b") < 200)
		sched_yield();
	ck_assert_int_eq(fcntl(reader, F_SETFL, 0), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, drain, (void *)(uintptr_t)&reader), 0);
	log_conf_fini(&c);
	access_log_stop(&al);
	pthread_join(thread, NULL);
	close(reader);
	teardown();
}
END_TEST

static void on_fatal(void *arg)
{
	atomic_store((_Atomic bool *)arg, true);
}

START_TEST(on_error_die_calls_back)
{
	struct access_log *al = access_log_new(NULL, NULL);
	_Atomic bool is_fatal = false;
	struct log_conf c;
	char url[64];
	const struct log_rec rec = record(0, 0, url, sizeof(url));

	log_conf_init(&c);
	setup();
	configure(&c, (const char *[]){ "a" }, 1);
	free(c.targets->path);
	c.targets->path = check_strdup("/dev/full");
	c.targets->is_on_error_die = true;
	access_log_on_fatal(al, on_fatal, &is_fatal);
	ck_assert(access_log_configure(al, &c));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	log_ring_put(log_ring_new(al, 0), c.targets->sink, &rec);
	while (!atomic_load(&is_fatal))
		sched_yield();
	log_conf_fini(&c);
	access_log_stop(&al);
	teardown();
}
END_TEST

/* Two lines that name one file: a transaction that both want is written twice, as in Squid. */
START_TEST(two_lines_for_one_file)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct log_conf c;
	char url[64];
	const struct log_rec rec = record(0, 0, url, sizeof(url));

	setup();
	configure(&c, (const char *[]){ "a", "a" }, 2);
	ck_assert(access_log_configure(al, &c));
	ck_assert_int_ne(c.targets->sink, c.targets->next->sink);
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	log_ring_put_each(log_ring_new(al, 0),
	                  1ULL << c.targets->sink | 1ULL << c.targets->next->sink, &rec);
	log_conf_fini(&c);
	access_log_stop(&al);
	ck_assert_uint_eq(count_lines("a"), 2);
	teardown();
}
END_TEST

/* Logs come and go for ever; what a tunnel holds is kept for it. */
START_TEST(slots_are_used_again)
{
	struct access_log *al = access_log_new(NULL, NULL);
	static const char *const names[] = { "a", "b" };
	struct log_conf first, c[2];
	char url[64];

	setup();
	configure(&first, (const char *[]){ "a.0" }, 1);
	ck_assert(access_log_configure(al, &first));
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	struct log_ring *ring = log_ring_new(al, 0);
	const uint64_t held = 1ULL << first.targets->sink;
	const struct log_rec rec = record(0, 0, url, sizeof(url));

	access_log_hold(al, held);
	log_conf_fini(&first);
	/* A format of its own each time, so no slot serves twice. */
	for (unsigned i = 0; i < 5 * LOG_SINKS_MAX; i++) {
		struct log_conf *now = &c[i % 2];
		struct span name;
		char text[32];

		configure(now, names + i % 2, 1);
		snprintf(text, sizeof(text), "%u", i);
		name = span_str(text);
		log_format_unref(&now->targets->format);
		now->targets->format = log_format_new(name, name, NULL);
		log_format_bind(now->targets->format, &(struct log_format_conf){ 0 }, &now->fields);
		while (!access_log_configure(al, now))
			sched_yield();
		log_ring_put(ring, now->targets->sink, &rec);
		if (i > 0)
			log_conf_fini(&c[(i + 1) % 2]);
	}
	log_ring_put_each(ring, held, &rec);
	access_log_release(al, held);
	log_conf_fini(&c[1]);
	access_log_stop(&al);
	ck_assert_uint_eq(count_lines("a.0"), 1);
	ck_assert_uint_eq(count_lines("a") + count_lines("b"), 5 * LOG_SINKS_MAX);
	teardown();
}
END_TEST

/* What workers do while configurations come and go: use the newest, hold it for a while longer. */
struct shared {
	struct access_log *al;
	pthread_mutex_t lock; /* stands for the post that hands a worker its snapshot */
	uint64_t sinks;       /* of the newest configuration; guarded by lock */
	_Atomic bool is_over;
	_Atomic unsigned put;
};

struct user {
	struct shared *shared;
	struct log_ring *ring;
	pthread_t thread;
};

static void *use_newest(void *arg)
{
	const struct user *u = arg;
	struct shared *s = u->shared;
	char url[64];
	const struct log_rec rec = record(0, 0, url, sizeof(url));

	while (!atomic_load(&s->is_over)) {
		uint64_t sinks;

		pthread_mutex_lock(&s->lock);
		sinks = s->sinks;
		access_log_hold(s->al, sinks);
		pthread_mutex_unlock(&s->lock);
		log_ring_put_each(u->ring, sinks, &rec);
		atomic_fetch_add(&s->put, (unsigned)__builtin_popcountll(sinks));
		access_log_release(s->al, sinks);
		sched_yield();
	}
	return NULL;
}

START_TEST(workers_write_while_configurations_change)
{
	static const char *const names[] = { "a", "b", "a" };
	struct shared s = { .al = access_log_new(NULL, NULL), .lock = PTHREAD_MUTEX_INITIALIZER };
	struct user users[2];
	struct log_conf c[2];
	const unsigned before = (unsigned)counters_sum(COUNT_LOG_DROPPED);

	setup();
	configure(&c[1], names, 1);
	ck_assert(access_log_configure(s.al, &c[1]));
	s.sinks = 1ULL << c[1].targets->sink;
	ck_assert_int_eq(access_log_start(s.al), ERR_NONE);
	for (unsigned i = 0; i < 2; i++) {
		users[i] = (struct user){ .shared = &s, .ring = log_ring_new(s.al, i) };
		ck_assert_int_eq(pthread_create(&users[i].thread, NULL, use_newest, &users[i]), 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		struct log_conf *now = &c[i % 2];
		uint64_t sinks = 0;

		configure(now, names + i % 2, 1 + i % 2);
		ck_assert(access_log_configure(s.al, now));
		for (const struct log_target *t = now->targets; t != NULL; t = t->next)
			sinks |= 1ULL << t->sink;
		pthread_mutex_lock(&s.lock);
		s.sinks = sinks;
		pthread_mutex_unlock(&s.lock);
		log_conf_fini(&c[(i + 1) % 2]);
		sched_yield();
	}
	atomic_store(&s.is_over, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(users[i].thread, NULL);
	log_conf_fini(&c[1]);
	access_log_stop(&s.al);
	/* Rings may overflow here, which is counted: nothing is lost otherwise. */
	ck_assert_uint_eq(count_lines("a") + count_lines("b") +
	                          (unsigned)counters_sum(COUNT_LOG_DROPPED) - before,
	                  atomic_load(&s.put));
	teardown();
}
END_TEST

/* The same lines to the same file: the number of the line goes on. */
START_TEST(reload_goes_on_counting_lines)
{
	struct access_log *al = access_log_new(NULL, NULL);
	struct log_conf c[2];
	char url[64], *text;
	const struct log_rec rec = record(0, 0, url, sizeof(url));
	struct log_ring *ring = log_ring_new(al, 0);

	setup();
	ck_assert_int_eq(access_log_start(al), ERR_NONE);
	for (unsigned i = 0; i < 2; i++) {
		configure(&c[i], (const char *[]){ "a" }, 1);
		log_format_unref(&c[i].targets->format);
		c[i].targets->format = log_format_new(SPAN("n"), SPAN("%sn"), NULL);
		log_format_bind(c[i].targets->format, &(struct log_format_conf){ 0 }, &c[i].fields);
		ck_assert(access_log_configure(al, &c[i]));
		log_ring_put(ring, c[i].targets->sink, &rec);
	}
	ck_assert_int_eq(c[0].targets->sink, c[1].targets->sink);
	log_conf_fini(&c[0]);
	log_conf_fini(&c[1]);
	access_log_stop(&al);
	read_file("a", &text);
	ck_assert_str_eq(text, "0\n1\n");
	free(text);
	teardown();
}
END_TEST

Suite *suite_access_log(void);
Suite *suite_access_log(void)
{
	Suite *s = suite_create("access log");
	TCase *t = tcase_create("access log");

	tcase_add_test(t, all_workers_lines_reach_all_sinks);
	tcase_add_test(t, reconfiguration_loses_nothing);
	tcase_add_test(t, configuration_that_cannot_be_opened_changes_nothing);
	tcase_add_test(t, rotation_is_in_order_with_lines);
	tcase_add_test(t, stuck_fifo_holds_up_only_itself);
	tcase_add_test(t, on_error_die_calls_back);
	tcase_add_test(t, two_lines_for_one_file);
	tcase_add_test(t, slots_are_used_again);
	tcase_add_test(t, reload_goes_on_counting_lines);
	tcase_add_test(t, workers_write_while_configurations_change);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
