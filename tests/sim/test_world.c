/*
 * The simulated world itself, and the net layer on it: streams, pumps, the listener.
 */
#include "tests/sim/sim.h"
#include "tests/unit/unit.h"

#include "base/counters.h"
#include "loop/jobs.h"
#include "loop/poller.h"
#include "net/listener.h"
#include "net/pump.h"
#include "net/stream.h"

#include <unistd.h>

static struct loop *l;
static struct endpoint proxy_at, origin_at, client_at;
static char trace[256];

static void note(const char *what)
{
	const size_t n = strlen(trace);

	snprintf(trace + n, sizeof(trace) - n, "%s%s", n > 0 ? " " : "", what);
}

static struct endpoint at(const char *ip, uint16_t port)
{
	struct endpoint e = { .port = port };

	ck_assert(ip_parse(span_str(ip), &e.ip));
	return e;
}

static void stop(void *arg UNUSED)
{
	loop_stop(l);
}

static void setup(void)
{
	sim_init();
	sim_on_idle(stop, NULL);
	proxy_at = at("127.0.0.1", 3128);
	origin_at = at("192.0.2.1", 80);
	client_at = at("198.51.100.7", 5000);
	trace[0] = '\0';
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
}

static void teardown(void)
{
	loop_free(&l);
	sim_fini();
}

/* --- time ------------------------------------------------------------------------------------- */

static void note_arg(void *arg)
{
	note(arg);
}

static char word_1[] = "1", word_2[] = "2", word_3[] = "3";

START_TEST(hours_pass_at_once_and_in_order)
{
	sim_at(7200000, note_arg, word_3);
	sim_at(1000, note_arg, word_1);
	sim_at(1000, note_arg, word_2);
	const int64_t wall = clock_wall_us();

	loop_run(l);
	ck_assert_str_eq(trace, "1 2 3");
	ck_assert_int_eq(sim_now_ms(), 7200000);
	ck_assert_int_ge(clock_wall_us() - wall, 7200000LL * 1000);
	ck_assert_int_lt(clock_wall_us() - wall, 7200001LL * 1000);
}
END_TEST

static int64_t fired_ms;

static void on_timer(struct timer *t UNUSED)
{
	note("timer");
	fired_ms = sim_now_ms();
}

START_TEST(the_loops_deadline_is_reached_exactly)
{
	struct timer t;

	timer_init(&t, on_timer);
	timer_arm(l, &t, 90000);
	sim_at(89999, note_arg, word_1);
	sim_at(90001, note_arg, word_2);
	loop_run(l);
	ck_assert_str_eq(trace, "1 timer 2");
	ck_assert_int_eq(fired_ms, 90000);
}
END_TEST

static void spin(struct task *t)
{
	task_schedule(l, t);
}

START_TEST(a_loop_that_spins_is_caught)
{
	struct task t;

	task_init(&t, spin);
	task_schedule(l, &t);
	loop_run(l);
}
END_TEST

START_TEST(a_hang_is_caught)
{
	sim_on_idle(NULL, NULL);
	loop_run(l);
}
END_TEST

/* --- connecting ------------------------------------------------------------------------------- */

struct dialler {
	struct task task;
	struct stream *stream;
	int64_t began_ms, ended_ms;
	enum err err;
	bool ended;
};

static void on_dialled(struct task *t)
{
	struct dialler *d = CONTAINER_OF(t, struct dialler, task);

	ck_assert(!d->ended);
	ck_assert(stream_is_writable(d->stream));
	d->ended = true;
	d->ended_ms = sim_now_ms();
	d->err = sock_connected(d->stream->event.fd);
	stream_close(&d->stream, false);
}

static void dial(struct dialler *d, const struct endpoint *to)
{
	int fd;

	*d = (struct dialler){ .began_ms = sim_now_ms() };
	task_init(&d->task, on_dialled);
	ck_assert_int_eq(sock_connect(to, NULL, NULL, &fd), ERR_NONE);
	ck_assert_int_eq(stream_new_connecting(&d->stream, l, fd, to), ERR_NONE);
	stream_set_owner(d->stream, &d->task);
}

static const struct {
	const char *name;
	enum sim_fate fate;
	int64_t after_ms, ended_ms;
	enum err err;
} fates[] = {
	{ "accepted at once", SIM_ACCEPT, 0, 0, ERR_NONE },
	{ "accepted after a while", SIM_ACCEPT, 1500, 1500, ERR_NONE },
	{ "refused", SIM_REFUSE, 20, 20, ERR_REFUSED },
	{ "no route", SIM_NO_ROUTE, 3000, 3000, ERR_UNREACHABLE },
	{ "no answer: the kernel gives up", SIM_HANG, 0, 127000, ERR_TIMEOUT },
};

START_TEST(connects_end_as_the_test_decides)
{
	struct dialler d;

	sim_serve(&origin_at, fates[_i].fate, fates[_i].after_ms, NULL, NULL);
	dial(&d, &origin_at);
	loop_run(l);
	ck_assert_msg(d.ended && d.err == fates[_i].err, "%s: %s", fates[_i].name, err_text(d.err));
	ck_assert_int_eq(d.ended_ms, fates[_i].ended_ms);
}
END_TEST

START_TEST(where_nothing_is_served_is_a_refusal)
{
	struct dialler d;

	dial(&d, &origin_at);
	loop_run(l);
	ck_assert_int_eq(d.err, ERR_REFUSED);
}
END_TEST

/* --- accepting -------------------------------------------------------------------------------- */

struct server {
	struct listener *listener;
	int fd;
	struct stream *stream; /* of the newest connection */
	struct task task;
	unsigned n_accepted;
	struct stream *all[8];
};

static struct server server;

static void on_accept(void *arg, int fd, const struct endpoint *peer, const struct endpoint *local)
{
	struct server *s = arg;

	if (fd < 0)
		return;
	ck_assert(ip_eq(&peer->ip, &client_at.ip));
	ck_assert_uint_eq(local->port, proxy_at.port);
	ck_assert_int_eq(stream_new(&s->stream, l, fd, peer), ERR_NONE);
	s->all[s->n_accepted++] = s->stream;
	if (s->task.fn != NULL) {
		stream_set_owner(s->stream, &s->task);
		task_schedule(l, &s->task);
	}
}

static void serve(task_fn *fn)
{
	server = (struct server){ .fd = -1 };
	task_init(&server.task, fn);
	ck_assert_int_eq(sock_listen(&proxy_at, 0, &server.fd), ERR_NONE);
	ck_assert_int_eq(listener_new(&server.listener, l, server.fd, on_accept, &server),
	                 ERR_NONE);
}

static void unserve(void)
{
	task_cancel(&server.task);
	listener_free(&server.listener);
	for (unsigned i = 0; i < server.n_accepted; i++)
		if (server.all[i] != NULL)
			stream_close(&server.all[i], false);
	sock_close(server.fd);
}

START_TEST(out_of_descriptors_clients_wait_until_there_is_one)
{
	struct sim_peer *c[3];
	const uint64_t pauses = counters_sum(COUNT_ACCEPT_PAUSES);

	ck_assert_ptr_null(sim_connect(&proxy_at, &client_at, NULL, NULL));
	serve(NULL);
	sim_set_fd_limit(3); /* the listener and two more */
	for (size_t i = 0; i < 3; i++)
		c[i] = sim_connect(&proxy_at, &client_at, NULL, NULL);
	for (int i = 0; i < 50; i++)
		loop_turn(l, 50);
	ck_assert_uint_eq(server.n_accepted, 2);
	ck_assert_uint_gt(counters_sum(COUNT_ACCEPT_PAUSES), pauses);
	stream_close(&server.all[0], false);
	for (int i = 0; i < 10; i++)
		loop_turn(l, 50);
	ck_assert_uint_eq(server.n_accepted, 3);
	ck_assert(sim_saw_fin(c[0]) && !sim_saw_reset(c[0]));
	unserve();
}
END_TEST

/* --- reading ---------------------------------------------------------------------------------- */

static char got[4096];
static size_t n_got;
static unsigned n_reads;
static enum io last_io;

/* Reads whatever is there, as a session would. */
static void read_all(struct task *t UNUSED)
{
	size_t n;

	for (;;) {
		last_io = stream_read(server.stream, got + n_got, sizeof(got) - n_got, &n);
		if (last_io != IO_OK)
			break;
		n_got += n;
		n_reads++;
	}
	if (last_io != IO_AGAIN) {
		note(last_io == IO_EOF ? "eof" : err_text((enum err)server.stream->error));
		stream_set_owner(server.stream, NULL);
	}
}

static struct sim_peer *client_says(const struct sim_line *line, const char *text)
{
	n_got = n_reads = 0;
	serve(read_all);
	if (line != NULL)
		sim_set_line(line);
	struct sim_peer *c = sim_connect(&proxy_at, &client_at, NULL, NULL);

	sim_send(c, span_str(text));
	return c;
}

START_TEST(bytes_and_fin_arrive_together_or_one_by_one)
{
	const struct sim_line lines[] = {
		{ 0 },
		{ .chunk_in = 1 },
		{ .chunk_in = 1, .gap_ms = 1000 },
		{ .chunk_in = 3 },
		{ .seed = 7 },
	};
	const struct {
		unsigned reads;
		int64_t ms;
	} want[] = {
		/* The first piece arrives before its connection is accepted. */
		{ 1, 0 }, { 9, 0 }, { 10, 10000 }, { 3, 0 }, { 1, 0 },
	};

	sim_fin(client_says(&lines[_i], "0123456789"));
	loop_run(l);
	ck_assert_span(span_of(got, n_got), SPAN("0123456789"));
	ck_assert_str_eq(trace, "eof");
	ck_assert_int_eq(sim_now_ms(), want[_i].ms);
	ck_assert_uint_eq(n_reads, want[_i].reads);
	unserve();
}
END_TEST

static void reset(void *arg)
{
	sim_reset(arg);
}

START_TEST(what_came_before_a_reset_is_read)
{
	const struct sim_line line = { .chunk_in = 5 };
	struct sim_peer *c = client_says(&line, "0123456789");

	sim_at(5, reset, c);
	loop_run(l);
	ck_assert_span(span_of(got, n_got), SPAN("0123456789"));
	ck_assert_str_eq(trace, err_text(ERR_RESET));
	unserve();
}
END_TEST

START_TEST(closing_with_unread_bytes_is_a_reset)
{
	serve(NULL);
	struct sim_peer *a = sim_connect(&proxy_at, &client_at, NULL, NULL);
	struct sim_peer *b = sim_connect(&proxy_at, &client_at, NULL, NULL);

	sim_send(a, SPAN("unread"));
	loop_run(l);
	ck_assert_uint_eq(server.n_accepted, 2);
	unserve();
	loop_run(l);
	ck_assert(sim_saw_reset(a) && !sim_saw_fin(a));
	ck_assert(sim_saw_fin(b) && !sim_saw_reset(b));
}
END_TEST

START_TEST(bytes_for_a_closed_socket_are_answered_by_a_reset)
{
	serve(NULL);
	struct sim_peer *a = sim_connect(&proxy_at, &client_at, NULL, NULL);

	loop_run(l);
	unserve();
	loop_run(l);
	ck_assert(sim_saw_fin(a) && !sim_saw_reset(a));
	sim_send(a, SPAN("hello?"));
	loop_run(l);
	ck_assert(sim_saw_reset(a));
}
END_TEST

/* --- writing ---------------------------------------------------------------------------------- */

static size_t n_written;

static void write_all(struct task *t UNUSED)
{
	static const char text[300] = "some zeros";
	size_t n;

	while (n_written < sizeof(text)) {
		char *const from = (char *)(uintptr_t)text + n_written;
		const size_t left = sizeof(text) - n_written, first = MIN(left, (size_t)7);
		const struct iovec iov[2] = { { from, first }, { from + first, left - first } };

		last_io = stream_write(server.stream, iov, 2, &n);
		if (last_io != IO_OK)
			break;
		n_written += n;
	}
	if (last_io == IO_ERROR) {
		note(err_text((enum err)server.stream->error));
		stream_set_owner(server.stream, NULL);
	} else if (n_written == sizeof(text)) {
		stream_shutdown_write(server.stream);
	}
}

START_TEST(a_full_window_waits_for_the_peer)
{
	const struct sim_line line = { .chunk_out = 1, .window_out = 10 };

	n_written = 0;
	serve(write_all);
	sim_set_line(&line);
	struct sim_peer *c = sim_connect(&proxy_at, &client_at, NULL, NULL);

	sim_stall(c, true);
	loop_run(l);
	ck_assert_uint_eq(n_written, 10);
	ck_assert_uint_eq(sim_received(c).n, 0);
	sim_stall(c, false);
	loop_run(l);
	ck_assert_uint_eq(n_written, 300);
	ck_assert_uint_eq(sim_received(c).n, 300);
	ck_assert(sim_saw_fin(c));
	sim_take(c, 300);
	ck_assert_uint_eq(sim_received(c).n, 0);
	unserve();
}
END_TEST

START_TEST(a_peer_that_is_gone_resets)
{
	const struct sim_line line = { .window_out = 10 };

	n_written = 0;
	serve(write_all);
	sim_set_line(&line);
	sim_close(sim_connect(&proxy_at, &client_at, NULL, NULL));
	loop_run(l);
	ck_assert_uint_eq(n_written, 10);
	ck_assert_str_eq(trace, err_text(ERR_RESET));
	unserve();
}
END_TEST

/* --- a relay ---------------------------------------------------------------------------------- */

struct relay {
	struct task task;
	struct stream *a, *b;
	struct pump there, back;
	bool there_over, back_over;
	struct buffer_pool *bp;
	struct pipe_pool *pp;
};

static void run_pump(struct relay *r, struct pump *p, struct stream *from, struct stream *to,
                     bool *over)
{
	if (*over)
		return;
	switch (pump_run(p, from, to, r->bp, r->pp)) {
	case PUMP_WAIT:
		return;
	case PUMP_YIELD:
		task_schedule(l, &r->task);
		return;
	case PUMP_EOF:
	case PUMP_DONE:
		stream_shutdown_write(to);
		*over = true;
		return;
	case PUMP_READ_ERROR:
	case PUMP_WRITE_ERROR:
		*over = true;
		note("error");
		return;
	}
}

static void run_relay(struct task *t)
{
	struct relay *r = CONTAINER_OF(t, struct relay, task);

	run_pump(r, &r->there, r->a, r->b, &r->there_over);
	run_pump(r, &r->back, r->b, r->a, &r->back_over);
}

/* The origin answers every byte with the same one, and ends when it is told the end. */
static void echo(struct sim_peer *p, enum sim_event ev, void *arg UNUSED)
{
	if (ev == SIM_BYTES) {
		sim_send(p, sim_received(p));
		sim_take(p, sim_received(p).n);
	} else if (ev == SIM_FIN) {
		sim_fin(p);
	}
}

static unsigned relay_bytes(size_t total, const struct sim_line *line)
{
	struct relay r = { .bp = buffer_pool_new(4), .pp = pipe_pool_new(4, 1) };
	char *bytes = check_malloc(total);
	int fd;

	for (size_t i = 0; i < total; i++)
		bytes[i] = (char)(i * 31 + i / 251);
	sim_set_line(line);
	sim_serve(&origin_at, SIM_ACCEPT, 3, echo, NULL);
	serve(NULL);
	struct sim_peer *c = sim_connect(&proxy_at, &client_at, NULL, NULL);

	loop_turn(l, 0);
	task_init(&r.task, run_relay);
	pump_init(&r.there, UINT64_MAX);
	pump_init(&r.back, UINT64_MAX);
	ck_assert_int_eq(sock_connect(&origin_at, NULL, NULL, &fd), ERR_NONE);
	ck_assert_int_eq(stream_new_connecting(&r.b, l, fd, &origin_at), ERR_NONE);
	r.a = server.stream;
	stream_set_owner(r.a, &r.task);
	stream_set_owner(r.b, &r.task);
	sim_send(c, span_of(bytes, total));
	sim_fin(c);
	loop_run(l);
	ck_assert_str_eq(trace, "");
	ck_assert(sim_saw_fin(c));
	ck_assert_uint_eq(r.there.read_bytes, total);
	ck_assert_uint_eq(r.back.written_bytes, total);
	ck_assert_uint_eq(sim_received(c).n, total);
	ck_assert_mem_eq(sim_received(c).p, bytes, total);
	pump_fini(&r.there, r.bp, r.pp);
	pump_fini(&r.back, r.bp, r.pp);
	stream_close(&r.b, false);
	unserve();
	buffer_pool_free(&r.bp);
	pipe_pool_free(&r.pp);
	free(bytes);
	return sim_steps();
}

static const struct {
	size_t total;
	struct sim_line line;
} relays[] = {
	{ 1, { 0 } },
	{ 3000, { .chunk_in = 1, .chunk_out = 1, .window_out = 1 } },
	{ 3000, { .chunk_in = 1, .chunk_out = 100, .window_out = 7 } },
	{ 3000000, { 0 } },
	{ 1000000, { .chunk_in = 5000, .chunk_out = 70000, .window_out = 200000 } },
	{ 100000, { .seed = 1 } },
	{ 100000, { .seed = 2, .window_out = 100 } },
	{ 300000, { .seed = 3, .chunk_in = 100000, .chunk_out = 100000 } },
	{ 20000, { .seed = 4, .gap_ms = 50 } },
};

START_TEST(a_relay_loses_nothing_however_bytes_travel)
{
	const unsigned steps = relay_bytes(relays[_i].total, &relays[_i].line);

	/* The same again takes the same steps. */
	teardown();
	setup();
	ck_assert_uint_eq(relay_bytes(relays[_i].total, &relays[_i].line), steps);
}
END_TEST

/* --- jobs ------------------------------------------------------------------------------------- */

struct noted {
	struct job job;
	const char *name;
};

static void work(struct job *j)
{
	note(CONTAINER_OF(j, struct noted, job)->name);
}

static void done(struct job *j UNUSED)
{
	note("done");
}

static void release(struct job *j UNUSED)
{
	note("released");
}

START_TEST(jobs_are_worked_in_order_and_go_home)
{
	const unsigned threads[JOB_CLASS_N] = { 1, 0, 0, 0 }, queue[JOB_CLASS_N] = { 1, 1, 1, 1 };
	struct noted a = { { .work = work, .done = done, .release = release }, "a" }, b = a, c = a;
	struct job *cancelled = &b.job;
	struct jobs *js;

	ck_assert_int_eq(jobs_new(&js, threads, queue), ERR_NONE);
	b.name = "b";
	ck_assert_int_eq(job_submit(js, l, JOB_DISK, &a.job), ERR_NONE);
	ck_assert_int_eq(job_submit(js, l, JOB_DISK, &b.job), ERR_NONE);
	ck_assert_int_eq(job_submit(js, l, JOB_DISK, &c.job), ERR_LIMIT);
	ck_assert_int_eq(job_submit(js, l, JOB_SIGNING, &c.job), ERR_LIMIT);
	ck_assert_uint_eq(jobs_load(js, JOB_DISK), 2);
	job_cancel(&cancelled);
	loop_run(l);
	ck_assert_str_eq(trace, "released a done released");
	jobs_free(&js);
}
END_TEST

/* --- aborting at every step ------------------------------------------------------------------- */

static void cut(void *arg)
{
	sim_reset(*(struct sim_peer **)arg);
}

START_TEST(a_scenario_can_be_cut_at_every_step)
{
	unsigned n = 1;

	for (;; n++) {
		struct sim_peer *c = client_says(&(struct sim_line){ .chunk_in = 1 }, "01234");

		sim_at_step(n, cut, &c);
		loop_run(l);
		const unsigned steps = sim_steps();

		ck_assert_span(span_of(got, n_got), span_of("01234", n_got));
		unserve();
		teardown();
		setup();
		if (steps < n)
			break;
	}
	ck_assert_uint_gt(n, 5);
}
END_TEST

Suite *suite_world(void);
Suite *suite_world(void)
{
	Suite *s = suite_create("world");
	TCase *t = tcase_create("world");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, hours_pass_at_once_and_in_order);
	tcase_add_test(t, the_loops_deadline_is_reached_exactly);
	tcase_add_test_raise_signal(t, a_loop_that_spins_is_caught, 6);
	tcase_add_test_raise_signal(t, a_hang_is_caught, 6);
	tcase_add_loop_test(t, connects_end_as_the_test_decides, 0, ARRAY_LEN(fates));
	tcase_add_test(t, where_nothing_is_served_is_a_refusal);
	tcase_add_test(t, out_of_descriptors_clients_wait_until_there_is_one);
	tcase_add_loop_test(t, bytes_and_fin_arrive_together_or_one_by_one, 0, 5);
	tcase_add_test(t, what_came_before_a_reset_is_read);
	tcase_add_test(t, closing_with_unread_bytes_is_a_reset);
	tcase_add_test(t, bytes_for_a_closed_socket_are_answered_by_a_reset);
	tcase_add_test(t, a_full_window_waits_for_the_peer);
	tcase_add_test(t, a_peer_that_is_gone_resets);
	tcase_add_loop_test(t, a_relay_loses_nothing_however_bytes_travel, 0, ARRAY_LEN(relays));
	tcase_add_test(t, jobs_are_worked_in_order_and_go_home);
	tcase_add_test(t, a_scenario_can_be_cut_at_every_step);
	suite_add_tcase(s, t);
	return s;
}
