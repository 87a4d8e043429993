/*
 * Streams for tests.
 */
#include "tests/unit/proxy/fake_stream.h"

#include "tests/unit/unit.h"

static enum io fake_read(struct stream *s, void *buf, size_t cap, size_t *n)
{
	struct fake_stream *f = CONTAINER_OF(s, struct fake_stream, stream);

	if (f->stalls && f->calls++ % 2 == 0)
		return IO_AGAIN;
	if (f->input.n == 0)
		return IO_EOF;
	const size_t may = MIN(cap, 1 + (size_t)rand_r(&f->seed) % f->piece);

	*n = MIN(may, f->input.n);
	memcpy(buf, f->input.p, *n);
	f->input = span_skip(f->input, *n);
	return IO_OK;
}

static enum io fake_write(struct stream *s, const struct iovec *iov, int n_iov, size_t *n)
{
	struct fake_stream *f = CONTAINER_OF(s, struct fake_stream, stream);
	size_t may = 1 + (size_t)rand_r(&f->seed) % f->piece;

	f->writes++;
	if (f->stalls && f->calls++ % 2 == 0)
		return IO_AGAIN;
	*n = 0;
	for (int i = 0; i < n_iov && may != 0; i++) {
		const size_t take = MIN(may, iov[i].iov_len);

		ck_assert(f->out_n + take <= f->out_cap);
		memcpy(f->output + f->out_n, iov[i].iov_base, take);
		f->out_n += take;
		*n += take;
		may -= take;
	}
	return IO_OK;
}

static void fake_shutdown(struct stream *s)
{
	(void)s;
}

static void fake_close(struct stream *s, bool abort)
{
	(void)s;
	(void)abort;
}

static const struct stream_ops fake_ops = { fake_read, fake_write, fake_shutdown, fake_close,
	                                    false };

void fake_stream_init(struct fake_stream *f, struct span input, unsigned seed)
{
	*f = (struct fake_stream){ .input = input, .seed = seed, .piece = 1 + seed % 977 };
	f->stream.magic = STREAM_MAGIC;
	f->stream.ops = &fake_ops;
	f->stream.ready = EV_READ | EV_WRITE;
	f->out_cap = 1 << 20;
	f->output = check_malloc(f->out_cap);
	f->stalls = seed % 3 == 0;
}

void fake_stream_fini(struct fake_stream *f)
{
	free(f->output);
	f->output = NULL;
}
