/*
 * The scripted name server; see dns_server.h.
 */
#include "tests/unit/net/dns_server.h"

#include "net/sock.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <strings.h>
#include <unistd.h>

#define TYPE_A     1
#define TYPE_CNAME 5
#define TYPE_PTR   12
#define TYPE_AAAA  28

struct writer {
	unsigned char bytes[4096];
	size_t n;
};

static void put(struct writer *w, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		w->bytes[w->n++] = (unsigned char)(v >> (8 * bytes));
}

static void put_name(struct writer *w, const char *name)
{
	struct span rest = span_str(name);

	while (rest.p != NULL) {
		const struct span label = span_cut(&rest, '.');

		put(w, (uint32_t)label.n, 1);
		memcpy(w->bytes + w->n, label.p, label.n);
		w->n += label.n;
	}
	put(w, 0, 1);
}

static void put_record(struct writer *w, const char *owner, int type, uint32_t ttl,
                       const char *data)
{
	struct in6_addr v6;

	put_name(w, owner);
	put(w, (uint32_t)type, 2);
	put(w, 1, 2);
	put(w, ttl, 4);
	const size_t length_at = w->n;

	put(w, 0, 2);
	if (type == TYPE_A || type == TYPE_AAAA) {
		ck_assert_int_eq(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, data, &v6), 1);
		memcpy(w->bytes + w->n, &v6, type == TYPE_A ? 4 : 16);
		w->n += type == TYPE_A ? 4 : 16;
	} else {
		put_name(w, data);
	}
	const size_t n = w->n - length_at - 2;

	w->bytes[length_at] = (unsigned char)(n >> 8);
	w->bytes[length_at + 1] = (unsigned char)n;
}

/* One "TEXT=TTL" off the list; false at its end. */
static bool next_item(struct span *list, char text[256], uint32_t *ttl)
{
	while (list->p != NULL) {
		struct span item = span_cut(list, ' ');

		if (item.n == 0)
			continue;
		uint64_t v;

		ck_assert(span_to_cstr(span_cut(&item, '='), text, 256));
		ck_assert(span_to_u64(item, &v));
		*ttl = (uint32_t)v;
		return true;
	}
	return false;
}

static unsigned put_answers(struct writer *w, const struct dns_server_row *row, const char *asked,
                            int type)
{
	char owner[256], text[256];
	struct span chain = row->chain != NULL ? span_str(row->chain) : SPAN_NULL;
	struct span data = row->data != NULL ? span_str(row->data) : SPAN_NULL;
	uint32_t ttl;
	unsigned n = 0;

	snprintf(owner, sizeof(owner), "%s", asked);
	for (; next_item(&chain, text, &ttl); n++) {
		put_record(w, owner, TYPE_CNAME, ttl, text);
		snprintf(owner, sizeof(owner), "%s", text);
	}
	for (; next_item(&data, text, &ttl); n++)
		put_record(w, owner, type, ttl, text);
	return n;
}

static void put_head(struct writer *w, uint32_t id, uint32_t flags, const char *name, int type)
{
	put(w, id, 2);
	put(w, 0x8180 | flags, 2); /* QR, RD, RA */
	put(w, 1, 2);
	put(w, 0, 6);
	put_name(w, name);
	put(w, (uint32_t)type, 2);
	put(w, 1, 2);
}

static const struct dns_server_row *row_for(const struct dns_server *s, const char *name, int type)
{
	static const struct dns_server_row no_such_name = { "", 0, SAY_NXDOMAIN, NULL, NULL };

	for (const struct dns_server_row *r = s->rows; r->name != NULL; r++)
		if (strcasecmp(r->name, name) == 0 && (r->type == 0 || r->type == type))
			return r;
	return &no_such_name;
}

static void compose(struct writer *w, const struct dns_server_row *row, uint32_t id,
                    const char *name, int type, bool is_tcp)
{
	unsigned n = 0;

	switch (row->how) {
	case SAY_NOTHING:
		return;
	case SAY_NXDOMAIN:
		put_head(w, id, 3, name, type);
		return;
	case SAY_SERVFAIL:
		put_head(w, id, 2, name, type);
		return;
	case SAY_REFUSED:
		put_head(w, id, 5, name, type);
		return;
	case SAY_TRUNCATED:
		put_head(w, id, is_tcp ? 0 : 0x200, name, type);
		n = is_tcp ? put_answers(w, row, name, type) : 0;
		break;
	case SAY_GARBAGE:
		put_head(w, id, 0, name, type);
		put(w, 0xc0ffc0ff, 4);
		n = 7;
		break;
	case SAY_WRONG_ID:
		put_head(w, id ^ 1, 0, name, type);
		n = put_answers(w, row, name, type);
		break;
	case SAY_WRONG_NAME:
		put_head(w, id, 0, "other.example", type);
		n = put_answers(w, row, "other.example", type);
		break;
	case SAY_ANSWER:
		put_head(w, id, 0, name, type);
		n = put_answers(w, row, name, type);
		break;
	}
	w->bytes[6] = (unsigned char)(n >> 8);
	w->bytes[7] = (unsigned char)n;
}

/* Understand a question and compose what the script says. */
static void respond(struct dns_server *s, const unsigned char *q, size_t n, bool is_tcp,
                    struct writer *w)
{
	char name[256];
	size_t at = 12, out = 0;

	w->n = 0;
	while (at < n && q[at] != 0 && at + q[at] < n && out + q[at] + 1 < sizeof(name)) {
		memcpy(name + out, q + at + 1, q[at]);
		out += q[at];
		name[out++] = '.';
		at += q[at] + 1U;
	}
	name[out > 0 ? out - 1 : 0] = '\0';
	if (at + 5 > n)
		return;
	const int type = q[at + 1] << 8 | q[at + 2];
	const size_t used = strlen(s->names);

	snprintf(s->names + used, sizeof(s->names) - used, "%s ", name);
	/* Before the reply goes out; releases the name to those who read the count. */
	atomic_fetch_add_explicit(is_tcp ? &s->asked_tcp : &s->asked, 1, memory_order_release);
	compose(w, row_for(s, name, type), (uint32_t)(q[0] << 8 | q[1]), name, type, is_tcp);
}

static void serve_udp(struct dns_server *s)
{
	unsigned char q[1500];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct writer w;
	const ssize_t n = recvfrom(s->udp, q, sizeof(q), 0, (struct sockaddr *)&from, &len);

	if (n < 12)
		return;
	if (from.sin_port != s->last_port)
		atomic_fetch_add_explicit(&s->ports, 1, memory_order_relaxed);
	s->last_port = from.sin_port;
	respond(s, q, (size_t)n, false, &w);
	if (w.n != 0)
		(void)!sendto(s->udp, w.bytes, w.n, 0, (struct sockaddr *)&from, len);
}

static void serve_tcp(struct dns_server *s)
{
	unsigned char q[1500], length[2];
	struct writer w;
	const int fd = accept(s->tcp, NULL, NULL);

	if (fd < 0)
		return;
	if (recv(fd, length, 2, MSG_WAITALL) == 2) {
		const size_t n = (size_t)(length[0] << 8 | length[1]);

		if (n <= sizeof(q) && recv(fd, q, n, MSG_WAITALL) == (ssize_t)n) {
			respond(s, q, n, true, &w);
			length[0] = (unsigned char)(w.n >> 8);
			length[1] = (unsigned char)w.n;
			(void)!send(fd, length, 2, MSG_NOSIGNAL | MSG_MORE);
			(void)!send(fd, w.bytes, w.n, MSG_NOSIGNAL);
		}
	}
	close(fd);
}

static void *serve(void *arg)
{
	struct dns_server *s = arg;

	for (;;) {
		const bool is_held = atomic_load_explicit(&s->is_held, memory_order_relaxed);
		struct pollfd p[] = { { s->stop[0], POLLIN, 0 },
			              { is_held ? -1 : s->udp, POLLIN, 0 },
			              { is_held ? -1 : s->tcp, POLLIN, 0 } };

		if (poll(p, 3, is_held ? 1 : -1) < 0)
			continue;
		if (p[0].revents != 0)
			return NULL;
		if (p[1].revents != 0)
			serve_udp(s);
		if (p[2].revents != 0)
			serve_tcp(s);
	}
}

/* One port for both protocols. False: somebody else has it for UDP. */
static bool open_port(struct dns_server *s)
{
	struct sockaddr_storage ss;
	socklen_t len;

	s->at = (struct endpoint){ ip_from_v4(INADDR_LOOPBACK), 0 };
	ck_assert_int_eq(sock_listen(&s->at, 0, &s->tcp), ERR_NONE);
	ck_assert_int_eq(fcntl(s->tcp, F_SETFL, 0), 0);
	ck_assert_int_eq(sock_local(s->tcp, &s->at), ERR_NONE);
	endpoint_to_sockaddr(&s->at, &ss, &len);
	s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->udp, 0);
	if (bind(s->udp, (struct sockaddr *)&ss, len) == 0)
		return true;
	close(s->udp);
	close(s->tcp);
	return false;
}

void dns_server_start(struct dns_server *s, const struct dns_server_row *rows)
{
	int tries = 0;

	memset(s, 0, sizeof(*s));
	s->rows = rows;
	while (!open_port(s))
		ck_assert_int_lt(++tries, 50);
	ck_assert_int_eq(pipe(s->stop), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

void dns_server_stop(struct dns_server *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->udp);
	close(s->tcp);
}
