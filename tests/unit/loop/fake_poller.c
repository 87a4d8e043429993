/*
 * A poller without a kernel, linked in place of poller.c: descriptors are small numbers, a wait
 * returns what the test made ready, and otherwise lets its whole timeout pass at once.
 */
#include "tests/unit/loop/fake_poller.h"

#define FDS 16

struct poller {
	struct {
		unsigned interest;
		void *cookie;
	} fd[FDS];
};

int64_t fake_now_ms, fake_last_wait_ms;
unsigned fake_waits, fake_wakes;
static struct poller the_poller;
static unsigned ready_sets[FDS];

void fake_reset(void)
{
	fake_now_ms = 1000000;
	fake_last_wait_ms = -2;
	fake_waits = fake_wakes = 0;
	memset(&the_poller, 0, sizeof(the_poller));
	memset(ready_sets, 0, sizeof(ready_sets));
}

void fake_make_ready(int fd, unsigned ready)
{
	ready_sets[fd] |= ready;
}

unsigned fake_interest(int fd)
{
	return the_poller.fd[fd].interest;
}

enum err poller_new(struct poller **out)
{
	*out = &the_poller;
	return ERR_NONE;
}

void poller_free(struct poller **p)
{
	*p = NULL;
}

enum err poller_add(struct poller *p, int fd, unsigned interest, void *cookie)
{
	CHECK(fd >= 0);
	if (fd >= FDS)
		return ERR_LIMIT;
	CHECK(p->fd[fd].cookie == NULL);
	p->fd[fd].interest = interest;
	p->fd[fd].cookie = cookie;
	return ERR_NONE;
}

void poller_mod(struct poller *p, int fd, unsigned interest, void *cookie)
{
	CHECK(p->fd[fd].cookie == cookie);
	p->fd[fd].interest = interest;
}

void poller_del(struct poller *p, int fd)
{
	CHECK(p->fd[fd].cookie != NULL);
	p->fd[fd].interest = 0;
	p->fd[fd].cookie = NULL;
}

unsigned poller_wait(struct poller *p, struct poll_result *out, unsigned cap, int64_t wait_ms)
{
	unsigned n = 0;

	fake_waits++;
	fake_last_wait_ms = wait_ms;
	for (int fd = 0; fd < FDS && n < cap; fd++) {
		if (ready_sets[fd] == 0 || p->fd[fd].cookie == NULL)
			continue;
		out[n++] = (struct poll_result){ p->fd[fd].cookie, ready_sets[fd] };
		ready_sets[fd] = 0;
	}
	if (n == 0 && wait_ms > 0)
		fake_now_ms += wait_ms;
	return n;
}

void poller_wake(struct poller *p)
{
	CHECK(p == &the_poller);
	fake_wakes++;
}

int64_t clock_monotonic_us(void)
{
	return fake_now_ms * 1000;
}

int64_t clock_wall_us(void)
{
	return 1700000000000000 + fake_now_ms * 1000;
}
