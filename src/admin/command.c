/*
 * Finding a command, and reading its options.
 */
#include "admin/command.h"

#include <getopt.h>

#include "base/hash.h"
#include "proxy/proxy.h"

static const struct command {
	const char *word;
	int (*run)(int argc, char *argv[]);
	const char *help;
} commands[] = {
	{ "cache", command_cache, "list, show, verify and purge what the cache holds" },
	{ "explain", command_explain, "say why a request is allowed or denied, line by line" },
	{ "replay", command_replay, "decide recorded requests by another policy" },
};

void command_list(FILE *to)
{
	fprintf(to, "commands, each with a --help of its own:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  %-16s %s\n", commands[i].word, commands[i].help);
}

int command_run(int argc, char *argv[])
{
	hash_seed();
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[0], commands[i].word) == 0)
			return commands[i].run(argc, argv);
	fprintf(stderr, "cuttle: \"%s\" is no command; ", argv[0]);
	command_list(stderr);
	return EXIT_FAILURE;
}

/* --- options ---------------------------------------------------------------------------------- */

#define OPTIONS_MAX 40

static bool is_policy(const struct command_option *o)
{
	return strcmp(o->name, "policy") == 0;
}

static void print_help(const char *word, const struct command_option *rows, size_t n)
{
	printf("usage: cuttle %s [options]\n", word);
	for (size_t i = 0; i < n; i++) {
		char left[40];

		snprintf(left, sizeof(left), "%s--%s%s%s", is_policy(&rows[i]) ? "-f, " : "",
		         rows[i].name, rows[i].argument != NULL ? " " : "",
		         rows[i].argument != NULL ? rows[i].argument : "");
		printf("  %-24s %s\n", left, rows[i].help);
	}
	printf("  %-24s %s\n", "--help", "print this, and exit");
}

static int next(int argc, char *argv[], const struct command_option *rows, size_t n,
                bool takes_words, const char **value)
{
	struct option names[OPTIONS_MAX + 2] = { { 0 } };
	int policy = '?';

	CHECK(n <= OPTIONS_MAX);
	for (size_t i = 0; i < n; i++) {
		names[i] = (struct option){ rows[i].name, rows[i].argument != NULL, NULL, (int)i };
		if (is_policy(&rows[i]))
			policy = (int)i;
	}
	names[n] = (struct option){ "help", 0, NULL, OPTIONS_MAX };
	opterr = 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
	int c = getopt_long(argc, argv, policy != '?' ? ":f:" : ":", names, NULL);

	if (c == 'f')
		c = policy;
	if (c == OPTIONS_MAX) {
		print_help(argv[0], rows, n);
		return COMMAND_HELPED;
	}
	if (c == -1 && (optind == argc || takes_words))
		return COMMAND_END;
	if (c == -1)
		fprintf(stderr, "cuttle %s: unexpected argument \"%s\"", argv[0], argv[optind]);
	else if (c == ':')
		fprintf(stderr, "cuttle %s: %s needs an argument", argv[0], argv[optind - 1]);
	else if (c == '?')
		fprintf(stderr, "cuttle %s: unknown option %s", argv[0], argv[optind - 1]);
	if (c < 0 || c == ':' || c == '?') {
		fprintf(stderr, "; see cuttle %s --help\n", argv[0]);
		return COMMAND_BAD;
	}
	*value = rows[c].argument != NULL ? optarg : NULL;
	return c;
}

int command_next(int argc, char *argv[], const struct command_option *rows, size_t n,
                 const char **value)
{
	return next(argc, argv, rows, n, false, value);
}

int command_next_of(int argc, char *argv[], const struct command_option *rows, size_t n,
                    const char **value, char ***words)
{
	const int c = next(argc, argv, rows, n, true, value);

	/* getopt_long() has moved them there. */
	*words = argv + optind;
	return c;
}

/* --- policies --------------------------------------------------------------------------------- */

static void print_finding(void *arg, const struct conf_finding *f)
{
	const bool *is_loud = arg;
	char line[CONF_LINE_TEXT_MAX];

	if (f->severity != CONF_ERROR && !*is_loud)
		return;
	fprintf(stderr, "%s%s: %s: %s\n", f->place.file, conf_line_text(f->place, line),
	        f->severity == CONF_ERROR ? "error" : "warning", f->text);
}

struct snapshot *command_load(const char *path, bool is_loud)
{
	char *absolute = realpath(path, NULL);
	const struct proxy_options o = { .conf_path = absolute != NULL ? absolute : path,
		                         .opener = &opener_direct };
	struct snapshot *s = proxy_load(&o, print_finding, &is_loud);

	if (s == NULL)
		fprintf(stderr, "cuttle: %s cannot be used; -f names another one\n", path);
	free(absolute);
	return s;
}
