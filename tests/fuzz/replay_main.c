/*
 * Runs a fuzz target over its corpus without libFuzzer: each file, and each beginning of each file,
 * is one input. So what fuzzing found once is part of every `make check`.
 *
 * The corpus of fuzz_NAME is $srcdir/tests/fuzz/corpus/NAME, unless files are named as arguments.
 * A target that is not satisfied aborts; which input that was is then printed.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/base.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_BYTES_MAX    (1u << 20)
#define PREFIXES_BYTES_MAX 4096u /* of longer files not every beginning is tried */

static struct {
	char path[4096];
	size_t bytes; /* of the file that make up the input */
	unsigned passed;
} now;

static void on_abort(int signo)
{
	(void)signo;
	dprintf(STDERR_FILENO, "%s, first %zu bytes\n", now.path, now.bytes);
	dprintf(STDOUT_FILENO, "%u passed, 1 failed\n", now.passed);
	_exit(EXIT_FAILURE);
}

/* Each input gets a block of its exact size, so that AddressSanitizer sees a byte too far. */
static void run_input(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = check_malloc(n != 0 ? n : 1);

	if (n != 0)
		memcpy(copy, bytes, n);
	now.bytes = n;
	LLVMFuzzerTestOneInput(copy, n);
	now.passed++;
	free(copy);
}

static void run_file(void)
{
	static uint8_t bytes[INPUT_BYTES_MAX];
	FILE *f = fopen(now.path, "rb");

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", now.path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	const size_t n = fread(bytes, 1, sizeof(bytes), f);

	fclose(f);
	run_input(bytes, n);
	for (size_t part = 0; part < MIN(n, (size_t)PREFIXES_BYTES_MAX); part++)
		run_input(bytes, part);
}

static void run_folder(const char *folder)
{
	DIR *d = opendir(folder);

	if (d == NULL) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		exit(EXIT_FAILURE);
	}
	for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		const int n = snprintf(now.path, sizeof(now.path), "%s/%s", folder, entry->d_name);

		if (n > 0 && (size_t)n < sizeof(now.path))
			run_file();
	}
	closedir(d);
}

static void run_corpus(const char *program)
{
	const char *srcdir = getenv("srcdir");
	const char *slash = strrchr(program, '/');
	const char *name = slash != NULL ? slash + 1 : program;
	char folder[2048];

	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
	         name);
	run_folder(folder);
}

int main(int argc, char **argv)
{
	signal(SIGABRT, on_abort);
	if (argc < 2)
		run_corpus(argv[0]);
	for (int i = 1; i < argc; i++) {
		snprintf(now.path, sizeof(now.path), "%s", argv[i]);
		run_file();
	}
	printf("%u passed, 0 failed\n", now.passed);
	return now.passed != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
