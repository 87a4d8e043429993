/*
 * One question over netlink (nfnetlink_conntrack): a socket for it alone, since it is asked only
 * where an acl of type client_connection_mark is evaluated. The kernel handles the request within
 * the call that sends it, so the answer is there when that returns.
 */
#include "net/conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* A request under construction; the longest one has a little over 100 bytes. */
struct message {
	char bytes[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t n;
};

static void *put(struct message *m, size_t n)
{
	void *at = m->bytes + m->n;

	CHECK(m->n + NLA_ALIGN(n) <= sizeof(m->bytes));
	memset(at, 0, NLA_ALIGN(n));
	m->n += NLA_ALIGN(n);
	return at;
}

static void put_attribute(struct message *m, uint16_t type, const void *value, size_t n)
{
	struct nlattr *a = put(m, NLA_HDRLEN + n);

	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy((char *)a + NLA_HDRLEN, value, n);
}

static struct nlattr *begin_nest(struct message *m, uint16_t type)
{
	struct nlattr *a = put(m, NLA_HDRLEN);

	a->nla_type = type | NLA_F_NESTED;
	return a;
}

static void end_nest(struct message *m, struct nlattr *a)
{
	a->nla_len = (uint16_t)(m->bytes + m->n - (char *)a);
}

static void put_addresses(struct message *m, const struct ip *from, const struct ip *to)
{
	struct nlattr *ips = begin_nest(m, CTA_TUPLE_IP);

	if (ip_is_v4(from)) {
		put_attribute(m, CTA_IP_V4_SRC, from->b + 12, 4);
		put_attribute(m, CTA_IP_V4_DST, to->b + 12, 4);
	} else {
		put_attribute(m, CTA_IP_V6_SRC, from->b, 16);
		put_attribute(m, CTA_IP_V6_DST, to->b, 16);
	}
	end_nest(m, ips);
}

static void put_ports(struct message *m, uint16_t from, uint16_t to)
{
	const uint8_t tcp = IPPROTO_TCP;
	const uint16_t source = htons(from), destination = htons(to);
	struct nlattr *proto = begin_nest(m, CTA_TUPLE_PROTO);

	put_attribute(m, CTA_PROTO_NUM, &tcp, sizeof(tcp));
	put_attribute(m, CTA_PROTO_SRC_PORT, &source, sizeof(source));
	put_attribute(m, CTA_PROTO_DST_PORT, &destination, sizeof(destination));
	end_nest(m, proto);
}

/*
 * Asked for by the way back, from us to the peer: that is as our socket sees it, before any
 * translation.
 */
static void write_request(struct message *m, uint16_t type, uint16_t flags,
                          const struct endpoint *peer, const struct endpoint *local)
{
	struct nlmsghdr *h = put(m, NLMSG_HDRLEN);
	struct nfgenmsg *g = put(m, sizeof(*g));
	struct nlattr *tuple;

	g->nfgen_family = ip_is_v4(&peer->ip) ? AF_INET : AF_INET6;
	g->version = NFNETLINK_V0;
	tuple = begin_nest(m, CTA_TUPLE_REPLY);
	put_addresses(m, &local->ip, &peer->ip);
	put_ports(m, local->port, peer->port);
	end_nest(m, tuple);
	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST | flags;
}

/* The mark among the attributes; 0 if it is not, which is how the kernel says 0. */
static uint32_t find_mark(const char *at, size_t n)
{
	struct nlattr a;
	uint32_t mark;

	while (n >= NLA_HDRLEN) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > n)
			return 0;
		if ((a.nla_type & NLA_TYPE_MASK) == CTA_MARK &&
		    a.nla_len == NLA_HDRLEN + sizeof(mark)) {
			memcpy(&mark, at + NLA_HDRLEN, sizeof(mark));
			return ntohl(mark);
		}
		const size_t step = MIN((size_t)NLA_ALIGN(a.nla_len), n);

		at += step;
		n -= step;
	}
	return 0;
}

static enum err read_answer(const char *bytes, size_t n, uint32_t *mark)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	struct nlmsghdr h;
	struct nlmsgerr e;

	if (n < sizeof(h))
		return ERR_SYSTEM;
	memcpy(&h, bytes, sizeof(h));
	if (h.nlmsg_len > n)
		return ERR_SYSTEM;
	if (h.nlmsg_type == NLMSG_ERROR && h.nlmsg_len >= NLMSG_HDRLEN + sizeof(e)) {
		memcpy(&e, bytes + NLMSG_HDRLEN, sizeof(e));
		return e.error == -ENOENT ? ERR_NOT_FOUND : err_from_errno(-e.error);
	}
	if (h.nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) || h.nlmsg_len < head)
		return ERR_SYSTEM;
	*mark = find_mark(bytes + head, h.nlmsg_len - head);
	return ERR_NONE;
}

/* Send, and read what the kernel said. *mark is touched only by an answer that has one. */
static enum err ask(struct message *m, uint32_t *mark)
{
	char answer[4096];
	const uint32_t length = (uint32_t)m->n;
	const int s =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (s < 0)
		return err_from_errno(errno);
	memcpy(m->bytes + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
	ssize_t n = send(s, m->bytes, m->n, 0);

	if (n >= 0)
		n = recv(s, answer, sizeof(answer), MSG_DONTWAIT);
	const enum err e = n < 0 ? err_from_errno(errno) : read_answer(answer, (size_t)n, mark);

	close(s);
	return e;
}

enum err conntrack_mark(const struct endpoint *peer, const struct endpoint *local, uint32_t *mark)
{
	struct message m = { .n = 0 };

	write_request(&m, IPCTNL_MSG_CT_GET, 0, peer, local);
	return ask(&m, mark);
}

enum err conntrack_set_mark(const struct endpoint *peer, const struct endpoint *local,
                            uint32_t mark, uint32_t mask)
{
	const uint32_t new_bits = htonl(mark), changed = htonl(mask);
	struct message m = { .n = 0 };
	uint32_t ignored;

	write_request(&m, IPCTNL_MSG_CT_NEW, NLM_F_ACK, peer, local);
	put_attribute(&m, CTA_MARK, &new_bits, sizeof(new_bits));
	put_attribute(&m, CTA_MARK_MASK, &changed, sizeof(changed));
	return ask(&m, &ignored);
}
