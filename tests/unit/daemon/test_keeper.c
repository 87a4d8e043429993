/*
 * The keeper with small proxies of the tests' own, in real processes.
 */
#include "daemon/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/keeper_client.h"
#include "net/sock.h"
#include "tests/unit/daemon/folder.h"
#include "tests/unit/unit.h"

Suite *suite_keeper(void);

#define ROW(name)                                                                                  \
	{                                                                                          \
#name, "", "test", CONF_WORKS, CONF_SECTION_process, NULL, 0, "", "", "test"       \
	}
static const struct conf_directive rows[] = { ROW(http_port), ROW(access_log), ROW(hosts_file) };

/* What the processes of a test share. */
static struct shared {
	unsigned n_starts, n_ready;
	ino_t socket_inode;
	struct endpoint at;
	char log[512], hosts[512];
} * shared;

/* A port that is ours: bound, so that nobody else gets it, but not listening, so that the keeper
 * may. */
static uint16_t port_reserve(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, n), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
	return ntohs(sin.sin_port);
}

static void on_ready(void *arg UNUSED)
{
	shared->n_ready++;
}

static char conf[2400]; /* the keeper's process reads it anew like a file */

static int kept_fd; /* as in struct start */

static int keep(int (*proxy)(void *, int), void (*ready)(void *))
{
	struct pidfile none = { NULL, -1 };

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	              0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	shared->at = (struct endpoint){ ip_from_v4(INADDR_LOOPBACK), port_reserve() };
	snprintf(shared->log, sizeof(shared->log), "%s", folder_path("log"));
	snprintf(shared->hosts, sizeof(shared->hosts), "%s", folder_write("hosts", "h\n"));
	snprintf(conf, sizeof(conf), "http_port 127.0.0.1:%u\naccess_log %s\nhosts_file %s\n",
	         shared->at.port, shared->log, shared->hosts);
	kept_fd = -1;
	const struct keeper_conf c = {
		.source = { .conf_text = conf, .rows = rows, .n_rows = ARRAY_LEN(rows) },
		.pidfile = &none,
		.proxy_run = proxy,
		.kept_fd = &kept_fd,
		.ready = ready,
	};

	return keeper_run(&c);
}

/* Failures in the proxy's process are told by its exit status: the line. */
#define EXPECT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, __LINE__, #cond);          \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static int proxy_asks(void *arg UNUSED, int sock)
{
	struct opener *o = keeper_client_init(sock);
	struct endpoint other = shared->at;
	char generation[600];
	enum err err = ERR_NONE;
	int fd;

	fd = o->ops->open_file(o, shared->hosts, O_RDONLY, 0, &err);
	EXPECT(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	fd = o->ops->open_file(o, shared->log, O_WRONLY | O_APPEND | O_CREAT, 0640, &err);
	EXPECT(fd >= 0 && write(fd, "line\n", 5) == 5);
	/* named, but for another use */
	EXPECT(o->ops->open_file(o, shared->hosts, O_WRONLY | O_APPEND, 0, &err) == -1 &&
	       err == ERR_PERMISSION);
	EXPECT(o->ops->open_file(o, shared->log, O_RDONLY, 0, &err) == -1 && err == ERR_PERMISSION);
	EXPECT(o->ops->open_file(o, shared->log, O_RDWR, 0, &err) == -1 && err == ERR_UNSUPPORTED);
	/* not named */
	EXPECT(o->ops->open_file(o, "/etc/passwd", O_RDONLY, 0, &err) == -1 &&
	       err == ERR_PERMISSION);
	EXPECT(o->ops->open_file(o, "", O_RDONLY, 0, &err) == -1 && err == ERR_UNSUPPORTED);
	other.port = shared->at.port == 22 ? 23 : 22;
	EXPECT(o->ops->listen(o, &other, &err) == -1 && err == ERR_PERMISSION);
	/* generations of a log, and nothing else */
	snprintf(generation, sizeof(generation), "%s.0", shared->log);
	EXPECT(o->ops->rename(o, shared->log, generation) == ERR_NONE);
	EXPECT(o->ops->rename(o, generation, shared->log) == ERR_PERMISSION);
	EXPECT(o->ops->rename(o, shared->hosts, generation) == ERR_PERMISSION);
	EXPECT(o->ops->listen(o, &shared->at, &err) >= 0);
	EXPECT(keeper_client_ready() == ERR_NONE);
	_exit(0);
}

START_TEST(grants_what_is_named_and_ends_with_the_proxy)
{
	ck_assert_int_eq(keep(proxy_asks, on_ready), EXIT_SUCCESS);
	ck_assert_uint_eq(shared->n_ready, 1);
	ck_assert_str_eq(folder_read("log.0"), "line\n");
}
END_TEST

/* Dies after it was ready; the next one finds the same socket, with the connection made meanwhile.
 */
static int proxy_dies_once(void *arg UNUSED, int sock)
{
	struct opener *o = keeper_client_init(sock);
	enum err err = ERR_NONE;
	struct stat st;
	const int fd = o->ops->listen(o, &shared->at, &err);

	EXPECT(fd >= 0 && fstat(fd, &st) == 0);
	EXPECT(keeper_client_ready() == ERR_NONE);
	if (shared->n_starts++ == 0) {
		int client;

		shared->socket_inode = st.st_ino;
		EXPECT(sock_connect(&shared->at, NULL, NULL, &client) == ERR_NONE);
		raise(SIGKILL);
	}
	EXPECT(st.st_ino == shared->socket_inode);
	/* It came before the first proxy died, and was not refused. */
	EXPECT(fcntl(fd, F_SETFL, 0) == 0 && accept(fd, NULL, NULL) >= 0);
	_exit(0);
}

START_TEST(starts_a_proxy_that_died_again_on_the_same_socket)
{
	ck_assert_int_eq(keep(proxy_dies_once, on_ready), EXIT_SUCCESS);
	ck_assert_uint_eq(shared->n_starts, 2);
	ck_assert_uint_eq(shared->n_ready, 1); /* the starter is told once */
}
END_TEST

static int proxy_fails(void *arg UNUSED, int sock UNUSED)
{
	shared->n_starts++;
	_exit(1);
}

START_TEST(gives_up_when_the_first_start_fails)
{
	ck_assert_int_eq(keep(proxy_fails, on_ready), EXIT_FAILURE);
	ck_assert_uint_eq(shared->n_starts, 1);
	ck_assert_uint_eq(shared->n_ready, 0);
}
END_TEST

static void on_ready_edit(void *arg UNUSED)
{
	const size_t n = strlen(conf);

	snprintf(conf + n, sizeof(conf) - n, "hosts_file %s\n", folder_path("new"));
}

static int proxy_reads_what_is_named_since(void *arg UNUSED, int sock)
{
	struct opener *o = keeper_client_init(sock);
	enum err err = ERR_NONE;

	EXPECT(keeper_client_ready() == ERR_NONE);
	if (shared->n_starts++ == 0)
		raise(SIGKILL);
	EXPECT(o->ops->open_file(o, folder_path("new"), O_RDONLY, 0, &err) >= 0);
	_exit(0);
}

/* Nobody sent SIGHUP, but the next proxy reads the file that was edited all the same. */
START_TEST(a_new_proxy_may_ask_for_what_was_named_since)
{
	(void)folder_write("new", "h\n");
	ck_assert_int_eq(keep(proxy_reads_what_is_named_since, on_ready_edit), EXIT_SUCCESS);
	ck_assert_uint_eq(shared->n_starts, 2);
}
END_TEST

static int signal_wanted;

static void on_ready_signal(void *arg UNUSED)
{
	(void)raise(signal_wanted);
}

static int proxy_waits_for_signal(void *arg UNUSED, int sock)
{
	sigset_t set;
	int number = 0;

	(void)keeper_client_init(sock);
	shared->n_starts++;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGTTIN);
	EXPECT(keeper_client_ready() == ERR_NONE);
	if (shared->n_starts > 1)
		_exit(0);
	EXPECT(sigwait(&set, &number) == 0);
	_exit(number == SIGTTIN ? 1 : 0);
}

START_TEST(passes_signals_on)
{
	signal_wanted = SIGTERM;
	ck_assert_int_eq(keep(proxy_waits_for_signal, on_ready_signal), EXIT_SUCCESS);
	ck_assert_uint_eq(shared->n_starts, 1);
}
END_TEST

START_TEST(starts_anew_when_asked_to_restart)
{
	signal_wanted = SIGTTIN;
	ck_assert_int_eq(keep(proxy_waits_for_signal, on_ready_signal), EXIT_SUCCESS);
	ck_assert_uint_eq(shared->n_starts, 2);
}
END_TEST

/* Two texts, of which the second one counts; then none. */
static int proxy_gives_texts(void *arg UNUSED, int sock)
{
	char text[8] = "";

	(void)keeper_client_init(sock);
	EXPECT(keeper_client_ready() == ERR_NONE);
	if (shared->n_starts++ > 0) {
		EXPECT(kept_fd >= 0 && pread(kept_fd, text, sizeof(text) - 1, 0) == 6);
		EXPECT(strcmp(text, "second") == 0);
		EXPECT(keeper_client_keep(-1) == ERR_NONE);
		_exit(0);
	}
	EXPECT(kept_fd == -1);
	for (int i = 0; i < 2; i++) {
		const int fd = memfd_create("text", MFD_CLOEXEC);

		EXPECT(fd >= 0 && write(fd, i == 0 ? "first" : "second", i == 0 ? 5 : 6) > 0);
		EXPECT(keeper_client_keep(fd) == ERR_NONE);
	}
	raise(SIGKILL);
	_exit(1);
}

START_TEST(holds_what_a_proxy_leaves_to_the_next_one)
{
	ck_assert_int_eq(keep(proxy_gives_texts, on_ready), EXIT_SUCCESS);
	ck_assert_uint_eq(shared->n_starts, 2);
	ck_assert_int_eq(kept_fd, -1);
}
END_TEST

static int proxy_talks_nonsense(void *arg UNUSED, int sock)
{
	char c;

	EXPECT(write(sock, "nonsense", 8) == 8);
	/* The keeper hangs up. */
	EXPECT(read(sock, &c, 1) == 0);
	_exit(0);
}

START_TEST(hangs_up_on_nonsense)
{
	ck_assert_int_eq(keep(proxy_talks_nonsense, on_ready), EXIT_SUCCESS);
}
END_TEST

START_TEST(waits_longer_after_each_early_death)
{
	int64_t ms = 0;
	const int64_t want[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		ms = keeper_backoff_ms(ms, 5);
		ck_assert_int_eq(ms, want[i]);
	}
	ck_assert_int_eq(keeper_backoff_ms(ms, 59999), 30000);
	ck_assert_int_eq(keeper_backoff_ms(ms, 60000), 100);
}
END_TEST

Suite *suite_keeper(void)
{
	Suite *s = suite_create("daemon/keeper");
	TCase *t = tcase_create("life");

	tcase_add_checked_fixture(t, folder_make, folder_remove);
	tcase_add_test(t, grants_what_is_named_and_ends_with_the_proxy);
	tcase_add_test(t, starts_a_proxy_that_died_again_on_the_same_socket);
	tcase_add_test(t, a_new_proxy_may_ask_for_what_was_named_since);
	tcase_add_test(t, gives_up_when_the_first_start_fails);
	tcase_add_test(t, passes_signals_on);
	tcase_add_test(t, starts_anew_when_asked_to_restart);
	tcase_add_test(t, holds_what_a_proxy_leaves_to_the_next_one);
	tcase_add_test(t, hangs_up_on_nonsense);
	tcase_add_test(t, waits_longer_after_each_early_death);
	suite_add_tcase(s, t);
	return s;
}
