/*
 * cache_fill PATH N [BYTES [PREFIX]]: put N objects of BYTES (default 64) bytes into the cache_dir
 * PATH, as a proxy would have, by the store's own code. Their URLs are PREFIX (default
 * http://127.0.0.1/) and a number. For what needs more objects than a client can fetch in
 * reasonable time: the start of a store of ten million.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "cache/disk.h"

#define HEAD_TEXT "HTTP/1.1 200 OK\r\nCache-Control: max-age=31536000\r\n\r\n"

static bool put(struct disk *d, const struct cache_secret *secret, const char *prefix, uint64_t n,
                struct span body)
{
	char url[512];
	const int64_t now_s = (int64_t)time(NULL);
	struct cobj_parts parts = {
		.meta = { .request_s = now_s,
		          .response_s = now_s,
		          .body_bytes = body.n,
		          .status = 200 },
		.head_text = SPAN(HEAD_TEXT),
	};

	(void)snprintf(url, sizeof(url), "%s%llu", prefix, (unsigned long long)n);
	parts.url = span_str(url);
	parts.key = cache_key_of_uri(secret, parts.url);
	for (;;) {
		const enum err e = disk_put_head(d, &parts, body, NULL, 0, NULL);

		if (e != ERR_LIMIT)
			return e == ERR_NONE;
		/* The disk is behind: a proxy would not store it. */
		disk_tick(d);
		disk_wait_idle(d);
	}
}

static uint64_t number(const char *text, const char *what)
{
	uint64_t n;

	if (span_to_u64(span_str(text), &n) && n != 0)
		return n;
	fprintf(stderr, "cache_fill: %s: \"%s\" is no number above 0\n", what, text);
	exit(2);
}

int main(int argc, char **argv)
{
	static const unsigned threads[JOB_CLASS_N] = { [JOB_DISK] = 2 };
	static const unsigned queue[JOB_CLASS_N] = { [JOB_DISK] = 1000 };
	struct cache_secret secret;
	struct cache_index *index;
	struct jobs *jobs;
	struct disk *disk;

	if (argc < 3 || argc > 5) {
		fprintf(stderr, "usage: cache_fill PATH N [BYTES [URL-PREFIX]]\n");
		return 2;
	}
	const uint64_t n = number(argv[2], "N");
	const uint64_t bytes = argc > 3 ? number(argv[3], "BYTES") : 64;
	const char *prefix = argc > 4 ? argv[4] : "http://127.0.0.1/";
	const struct cache_dir dir = { .path = span_str(argv[1]),
		                       .max_bytes = (bytes + 1024) * n + (1u << 30),
		                       .max_object_bytes = UINT64_MAX };
	char *const body = check_calloc(1, bytes);

	hash_seed();
	if (disk_secret(&dir, &secret) != ERR_NONE)
		cache_secret_draw(&secret);
	if (jobs_new(&jobs, threads, queue) != ERR_NONE ||
	    cache_index_new(&index, INDEX_SHARDS) != ERR_NONE ||
	    disk_open(&disk, 0, &dir, &secret, 10000, index, jobs) != ERR_NONE) {
		fprintf(stderr, "cache_fill: %s cannot be opened\n", argv[1]);
		return 1;
	}
	(void)disk_wait_loaded(disk, 60000);
	for (uint64_t i = 0; i < n; i++) {
		if (!put(disk, &secret, prefix, i, span_of(body, bytes))) {
			fprintf(stderr, "cache_fill: object %llu could not be stored\n",
			        (unsigned long long)i);
			return 1;
		}
		if (i % 1000000 == 999999 && isatty(STDERR_FILENO))
			fprintf(stderr, "%llu of %llu\n", (unsigned long long)i + 1,
			        (unsigned long long)n);
	}
	disk_wait_idle(disk);
	printf("%llu objects\n", (unsigned long long)cache_index_count(index));
	disk_close(&disk, false);
	jobs_free(&jobs);
	cache_index_free(&index);
	free(body);
	return 0;
}
