/*
 * The held listening sockets: a small array, searched from the front.
 */
#include "net/listen_set.h"

#include "net/sock.h"

static unsigned slot_find(const struct listen_set *s, const struct endpoint *at)
{
	unsigned i = 0;

	while (i < s->n && !(s->held[i].at.port == at->port && ip_eq(&s->held[i].at.ip, &at->ip)))
		i++;
	return i;
}

enum err listen_set_open(struct listen_set *s, const struct endpoint *at, int *fd)
{
	const unsigned i = slot_find(s, at);
	enum err err;

	if (i == s->n) {
		if (s->n == LISTEN_SET_MAX)
			return ERR_LIMIT;
		err = sock_listen(at, 0, &s->held[i].fd);
		if (err != ERR_NONE)
			return err;
		s->held[i].at = *at;
		s->n++;
	}
	s->held[i].round = s->round;
	*fd = s->held[i].fd;
	return ERR_NONE;
}

static void slot_close(struct listen_set *s, unsigned i)
{
	sock_close(s->held[i].fd);
	s->held[i] = s->held[--s->n];
}

void listen_set_close(struct listen_set *s, const struct endpoint *at)
{
	const unsigned i = slot_find(s, at);

	if (i < s->n)
		slot_close(s, i);
}

void listen_set_close_others(struct listen_set *s)
{
	for (unsigned i = s->n; i-- > 0;)
		if (s->held[i].round != s->round)
			slot_close(s, i);
}

void listen_set_close_all(struct listen_set *s)
{
	while (s->n > 0)
		slot_close(s, s->n - 1);
}
