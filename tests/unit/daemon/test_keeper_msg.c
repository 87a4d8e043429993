/*
 * Messages between proxy and keeper: strict in length and kind.
 */
#include "daemon/keeper_msg.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

Suite *suite_keeper_msg(void);

static const struct keeper_msg samples[] = {
	{ .kind = KEEPER_OPEN_READ, .path = "/etc/ssl/private/key.pem" },
	{ .kind = KEEPER_OPEN_APPEND, .path = "access.log" },
	{ .kind = KEEPER_LISTEN,
	  .at = { { { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } }, 3128 } },
	{ .kind = KEEPER_UNLISTEN, .at = { { { [15] = 1 } }, 80 } },
	{ .kind = KEEPER_RENAME, .path = "/var/log/a", .to = "/var/log/a.0" },
	{ .kind = KEEPER_READY },
	{ .kind = KEEPER_REPLY, .err = ERR_PERMISSION },
	{ .kind = KEEPER_KEEP },
};

START_TEST(comes_back_as_it_was_written)
{
	const struct keeper_msg *m = &samples[_i];
	char packet[KEEPER_PACKET_MAX];
	struct keeper_msg got;
	const size_t n = keeper_msg_write(m, packet);

	ck_assert_int_eq(keeper_msg_parse(packet, n, &got), ERR_NONE);
	ck_assert_int_eq(got.kind, m->kind);
	ck_assert_int_eq(got.err, m->err);
	ck_assert(ip_eq(&got.at.ip, &m->at.ip) && got.at.port == m->at.port);
	ck_assert_str_eq(got.path, m->path);
	ck_assert_str_eq(got.to, m->to);
}
END_TEST

START_TEST(no_other_length_is_taken)
{
	char packet[KEEPER_PACKET_MAX + 1] = "";
	struct keeper_msg got;
	const size_t n = keeper_msg_write(&samples[_i], packet);

	for (size_t other = 0; other <= sizeof(packet); other++)
		if (other != n)
			ck_assert_int_eq(keeper_msg_parse(packet, other, &got), ERR_SYNTAX);
}
END_TEST

static const struct {
	const char *name;
	uint32_t magic, kind, err;
	uint16_t path_n, to_n;
	const char *text;
	size_t text_n;
} bad[] = {
	{ "another magic", 0, KEEPER_READY },
	{ "no kind", KEEPER_HEAD_MAGIC, 0 },
	{ "a kind too many", KEEPER_HEAD_MAGIC, KEEPER_KIND_N },
	{ "no such error", KEEPER_HEAD_MAGIC, KEEPER_REPLY, ERR_N },
	{ "opening without a path", KEEPER_HEAD_MAGIC, KEEPER_OPEN_READ },
	{ "listening with a path", KEEPER_HEAD_MAGIC, KEEPER_LISTEN, 0, 2, 0, "/x", 2 },
	{ "renaming to nothing", KEEPER_HEAD_MAGIC, KEEPER_RENAME, 0, 2, 0, "/x", 2 },
	{ "renaming nothing", KEEPER_HEAD_MAGIC, KEEPER_RENAME, 0, 0, 2, "/x", 2 },
	{ "opening with a target", KEEPER_HEAD_MAGIC, KEEPER_OPEN_READ, 0, 2, 2, "/x/y", 4 },
	{ "a path with NUL", KEEPER_HEAD_MAGIC, KEEPER_OPEN_READ, 0, 4, 0, "/x\0y", 4 },
	{ "a path longer than the packet", KEEPER_HEAD_MAGIC, KEEPER_OPEN_READ, 0, 9, 0, "/x", 2 },
	{ "lengths that wrap", KEEPER_HEAD_MAGIC, KEEPER_RENAME, 0, 65535, 3, "/x", 2 },
};

START_TEST(what_is_no_message_is_refused)
{
	const struct keeper_head h = { .magic = bad[_i].magic,
		                       .kind = bad[_i].kind,
		                       .err = bad[_i].err,
		                       .path_n = bad[_i].path_n,
		                       .to_n = bad[_i].to_n };
	char packet[KEEPER_PACKET_MAX];
	struct keeper_msg got;

	memcpy(packet, &h, sizeof(h));
	if (bad[_i].text_n > 0)
		memcpy(packet + sizeof(h), bad[_i].text, bad[_i].text_n);
	ck_assert_msg(keeper_msg_parse(packet, sizeof(h) + bad[_i].text_n, &got) == ERR_SYNTAX,
	              "%s", bad[_i].name);
}
END_TEST

START_TEST(a_path_of_the_longest_length_is_refused_where_its_nul_would_not_fit)
{
	static struct keeper_msg m = { .kind = KEEPER_OPEN_READ };
	const struct keeper_head h = { .magic = KEEPER_HEAD_MAGIC,
		                       .kind = KEEPER_OPEN_READ,
		                       .path_n = PATH_MAX };
	static char packet[KEEPER_PACKET_MAX];

	memset(packet, 'x', sizeof(packet));
	memcpy(packet, &h, sizeof(h));
	ck_assert_int_eq(keeper_msg_parse(packet, sizeof(h) + PATH_MAX, &m), ERR_SYNTAX);
}
END_TEST

START_TEST(a_descriptor_travels_with_a_reply)
{
	struct keeper_msg got;
	int pair[2], pipe_fds[2], fd = -1;
	char c = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(pipe(pipe_fds), 0);
	ck_assert_int_eq(keeper_msg_send(pair[0], &samples[6], pipe_fds[1]), ERR_NONE);
	ck_assert_int_eq(keeper_msg_receive(pair[1], &got, &fd), ERR_NONE);
	ck_assert_int_eq(got.kind, KEEPER_REPLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq((int)write(fd, "x", 1), 1);
	ck_assert_int_eq((int)read(pipe_fds[0], &c, 1), 1);
	ck_assert_int_eq(c, 'x');
	close(fd);
	close(pair[0]);
	ck_assert_int_eq(keeper_msg_receive(pair[1], &got, &fd), ERR_RESET);
	ck_assert_int_eq(fd, -1);
	close(pair[1]);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

Suite *suite_keeper_msg(void)
{
	Suite *s = suite_create("daemon/keeper_msg");
	TCase *t = tcase_create("messages");

	tcase_add_loop_test(t, comes_back_as_it_was_written, 0, (int)ARRAY_LEN(samples));
	tcase_add_loop_test(t, no_other_length_is_taken, 0, (int)ARRAY_LEN(samples));
	tcase_add_loop_test(t, what_is_no_message_is_refused, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, a_path_of_the_longest_length_is_refused_where_its_nul_would_not_fit);
	tcase_add_test(t, a_descriptor_travels_with_a_reply);
	suite_add_tcase(s, t);
	return s;
}
