/*
 * The scripts' players.
 */
#include "tests/sim/play.h"

/* --- the origin ------------------------------------------------------------------------------- */

/* The length of the request at the beginning, 0: it is not whole yet. */
static size_t request_length(struct span in, bool head_is_enough)
{
	const char *end = in.n == 0 ? NULL : memmem(in.p, in.n, "\r\n\r\n", 4);
	static const char length[] = "\r\nContent-Length: ";
	uint64_t body = 0;

	if (end == NULL)
		return 0;
	const size_t head = (size_t)(end + 4 - in.p);

	if (head_is_enough)
		return head;
	const char *l = memmem(in.p, head, length, sizeof(length) - 1);

	if (l != NULL) {
		struct span rest = span_skip(in, (size_t)(l + sizeof(length) - 1 - in.p));

		CHECK(span_to_u64(span_cut(&rest, '\r'), &body));
		return in.n >= head + body ? head + (size_t)body : 0;
	}
	if (memmem(in.p, head, "chunked\r\n", 9) == NULL)
		return head;
	const struct span rest = span_skip(in, head);
	const char *last = rest.n == 0 ? NULL : memmem(rest.p, rest.n, "0\r\n", 3);

	if (last == NULL)
		return 0;
	/* Behind the last chunk, or behind its trailers. */
	last = memmem(last + 1, rest.n - (size_t)(last + 1 - rest.p), "\r\n\r\n", 4);
	return last == NULL ? 0 : head + (size_t)(last + 4 - rest.p);
}

static void keep(struct play_origin *o, struct span bytes)
{
	CHECK(o->got_n + bytes.n < PLAY_GOT);
	memcpy(o->got + o->got_n, bytes.p, bytes.n);
	o->got_n += bytes.n;
	o->got[o->got_n] = '\0';
}

static const char *next_reply(struct play_origin *o)
{
	const char *reply = "";

	for (unsigned i = 0; i <= o->n_requests && i < PLAY_REPLIES && o->reply[i] != NULL; i++)
		reply = o->reply[i];
	o->n_requests++;
	return reply;
}

static void answer(struct play_origin *o, struct sim_peer *p)
{
	const char *reply = next_reply(o);

	if (reply[0] == '\0' || !sim_can_send(p))
		return;
	const bool is_reply = reply[0] > PLAY_DO_RESET[0];

	if (is_reply)
		sim_send(p, span_str(reply));
	if (reply[0] == PLAY_DO_FIN[0] || (is_reply && o->then == PLAY_FIN))
		sim_fin(p);
	else if (reply[0] == PLAY_DO_RESET[0] || (is_reply && o->then == PLAY_RESET))
		sim_reset(p);
	else if (is_reply && o->then == PLAY_CLOSE)
		sim_close(p);
}

static void on_bytes(struct play_origin *o, struct sim_peer *p)
{
	size_t n;

	while ((n = request_length(sim_received(p), o->at_head)) != 0) {
		if (o->at_head && o->answered == p)
			return;
		o->answered = p;
		keep(o, span_of(sim_received(p).p, n));
		sim_take(p, n);
		answer(o, p);
	}
}

static void on_origin(struct sim_peer *p, enum sim_event ev, void *arg)
{
	struct play_origin *o = arg;

	switch (ev) {
	case SIM_OPEN:
		o->peer = p;
		o->n_opened++;
		return;
	case SIM_BYTES:
		on_bytes(o, p);
		return;
	case SIM_FIN:
		o->n_ended++;
		if (!o->keeps_open && sim_can_send(p))
			sim_fin(p);
		return;
	case SIM_RESET:
		o->n_ended++;
		return;
	}
}

void play_serve(struct play_origin *o, const char *ip)
{
	struct endpoint at = { .port = 80 };

	CHECK(ip_parse(span_str(ip), &at.ip));
	if (o->got == NULL)
		o->got = check_calloc(1, PLAY_GOT);
	sim_serve(&at, SIM_ACCEPT, 0, on_origin, o);
}

void play_origin_fini(struct play_origin *o)
{
	free(o->got);
	o->got = NULL;
}

/* --- the client ------------------------------------------------------------------------------- */

static void on_client(struct sim_peer *p, enum sim_event ev, void *arg)
{
	struct play_client *c = arg;

	if (ev == SIM_BYTES && c->await != NULL && play_ends(p, c->await) && sim_can_send(p)) {
		c->await = NULL;
		if (c->say != NULL)
			sim_send(p, span_str(c->say));
		if (c->closes)
			sim_fin(p);
	}
	if (ev != SIM_FIN && ev != SIM_RESET)
		return;
	if (c->ended_ms < 0)
		c->ended_ms = sim_now_ms();
	if (ev == SIM_FIN && sim_can_send(p))
		sim_fin(p);
}

void play_client(struct play_client *c, const char *text)
{
	c->ended_ms = -1;
	c->peer = sim_proxy_client(text, on_client, c);
}

/* --- what came -------------------------------------------------------------------------------- */

bool play_starts(const struct sim_peer *p, const char *text)
{
	return span_starts(sim_received(p), span_str(text));
}

bool play_ends(const struct sim_peer *p, const char *text)
{
	const struct span got = sim_received(p), end = span_str(text);

	return got.n >= end.n && span_eq(span_skip(got, got.n - end.n), end);
}

unsigned play_count(struct span in, const char *text)
{
	const size_t n = strlen(text);
	unsigned found = 0;

	for (size_t i = 0; i + n <= in.n; i++)
		found += memcmp(in.p + i, text, n) == 0;
	return found;
}

bool play_has(const struct sim_peer *p, const char *text)
{
	return play_count(sim_received(p), text) != 0;
}
