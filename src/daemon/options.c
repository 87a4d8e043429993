/*
 * The command line, read with getopt_long() as the table says.
 */
#include "daemon/options.h"

#include <getopt.h>

enum option_id {
#define OPTION(sym, ...) OPT_##sym,
#include "daemon/options.tbl.h"
#undef OPTION
	OPT_N
};

static const struct option_row {
	char letter;
	const char *name, *argument, *note, *help;
} rows[] = {
#define OPTION(sym, letter, name, argument, note, help) { letter, name, argument, note, help },
#include "daemon/options.tbl.h"
#undef OPTION
};

static const char *const verb_names[VERB_N] = {
	[VERB_RECONFIGURE] = "reconfigure", [VERB_ROTATE] = "rotate",       [VERB_DEBUG] = "debug",
	[VERB_SHUTDOWN] = "shutdown",       [VERB_INTERRUPT] = "interrupt", [VERB_KILL] = "kill",
	[VERB_RESTART] = "restart",         [VERB_CHECK] = "check",         [VERB_PARSE] = "parse",
};

enum { LONG_ONLY = 256 }; /* getopt's value of a long option: LONG_ONLY + its id */

const char *options_verb_name(enum option_verb v)
{
	CHECK((unsigned)v < VERB_N);
	return verb_names[v];
}

void options_help(FILE *to)
{
	fprintf(to, "usage: cuttle [options]\n       cuttle COMMAND [its options]\n");
	for (size_t i = 0; i < OPT_N; i++) {
		const struct option_row *r = &rows[i];
		char left[32];

		snprintf(left, sizeof(left), "%c%c%s%s%s%s%s", r->letter != 0 ? '-' : ' ',
		         r->letter != 0 ? r->letter : ' ',
		         r->name != NULL && r->letter != 0 ? ", " : "", r->name != NULL ? "--" : "",
		         r->name != NULL ? r->name : "", r->argument != NULL ? " " : "",
		         r->argument != NULL ? r->argument : "");
		fprintf(to, "  %-16s %s\n", left, r->help);
	}
	fprintf(to, "verbs of -k, which may be abbreviated:");
	for (size_t i = 0; i < VERB_N; i++)
		fprintf(to, " %s", verb_names[i]);
	fprintf(to, "\nThe default configuration file is %s/cuttle/cuttle.conf.\n", SYSCONFDIR);
}

static bool verb_find(const char *word, enum option_verb *out)
{
	for (size_t v = 0; v < VERB_N; v++) {
		if (word[0] != '\0' && strncmp(word, verb_names[v], strlen(word)) == 0) {
			*out = (enum option_verb)v;
			return true;
		}
	}
	return false;
}

static bool name_is_valid(const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!((ascii_lower(name[i]) >= 'a' && ascii_lower(name[i]) <= 'z') ||
		      (name[i] >= '0' && name[i] <= '9')))
			return false;
	return n >= 1 && n <= 32;
}

static bool number_in(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (!span_to_u64(span_str(text), &v) || v < min || v > max)
		return false;
	*out = v;
	return true;
}

/* An option without an argument. */
static void flag_apply(enum option_id id, struct options *o)
{
	switch (id) {
	case OPT_BUILT_IN:
		o->is_built_in = o->is_no_daemon = true;
		return;
	case OPT_NO_DAEMON:
		o->is_no_daemon = true;
		return;
	case OPT_FOREGROUND:
		o->is_foreground = true;
		return;
	case OPT_AS_SQUID:
		o->is_as_squid = true;
		return;
	case OPT_FULL_DEBUG:
		o->is_full_debug = true;
		return;
	case OPT_NO_FLOOR:
		o->is_no_floor = true;
		return;
	case OPT_NO_TRAP:
		o->is_no_trap = true;
		return;
	case OPT_PREPARE:
		o->action = OPTIONS_PREPARE;
		return;
	case OPT_DIRECTIVES:
		o->action = OPTIONS_DIRECTIVES;
		return;
	case OPT_MANUAL:
		o->action = OPTIONS_MANUAL;
		return;
	case OPT_VERSION:
		o->action = OPTIONS_VERSION;
		return;
	case OPT_HELP:
		o->action = OPTIONS_HELP;
		return;
	case OPT_SYSLOG:
	case OPT_NO_DNS:
	case OPT_REBUILD:
	case OPT_NO_REUSE:
	case OPT_SWAP_CHECK:
	case OPT_ICP_HIT:
	case OPT_MALLOC:
	case OPT_FACILITY:
		return;
	case OPT_FILE:
	case OPT_VERB:
	case OPT_PORT:
	case OPT_NAME:
	case OPT_DEBUG:
	case OPT_ICP_PORT:
	case OPT_N:
		break;
	}
	UNREACHABLE("option without an argument");
}

/* An option with its argument. NULL if that is fine, or else what is accepted. */
static const char *argument_apply(enum option_id id, const char *arg, struct options *o)
{
	uint64_t v = 0;

	if (id == OPT_FILE) {
		o->conf_path = arg;
		return strchr("!|", arg[0]) == NULL
		               ? NULL
		               : "a file; the output of a command cannot be read here";
	}
	if (id == OPT_VERB) {
		o->action = OPTIONS_VERB;
		return verb_find(arg, &o->verb) ? NULL
		                                : "parse, check, reconfigure, rotate, shutdown, "
		                                  "interrupt, kill, restart or debug";
	}
	if (id == OPT_PORT) {
		if (!number_in(arg, 1, 65535, &v))
			return "a port from 1 to 65535";
		o->extra_port = (unsigned)v;
		return NULL;
	}
	if (id == OPT_NAME) {
		o->service_name = arg;
		return name_is_valid(arg) ? NULL : "1 to 32 letters and digits";
	}
	if (id == OPT_DEBUG) {
		if (!number_in(arg, 0, 9, &v))
			return "a level from 0 to 9";
		o->stderr_level = (int)v;
		return NULL;
	}
	if (id == OPT_ICP_PORT)
		return number_in(arg, 0, 0, &v) ? NULL : "0, since there is no ICP here";
	flag_apply(id, o);
	return NULL;
}

/* getopt's two descriptions, made from the table. */
static void tables_make(char letters[4 * OPT_N + 2], struct option names[OPT_N + 1])
{
	size_t n = 0, n_names = 0;

	letters[n++] = ':'; /* so that a missing argument is told apart */
	for (size_t i = 0; i < OPT_N; i++) {
		if (rows[i].letter != 0) {
			letters[n++] = rows[i].letter;
			for (int colons = rows[i].argument == NULL     ? 0
			                  : rows[i].argument[0] == '[' ? 2
			                                               : 1;
			     colons > 0; colons--)
				letters[n++] = ':';
		}
		if (rows[i].name != NULL)
			names[n_names++] = (struct option){ rows[i].name, rows[i].argument != NULL,
				                            NULL, LONG_ONLY + (int)i };
	}
	letters[n] = '\0';
	names[n_names] = (struct option){ 0 };
}

static enum option_id id_of(int c)
{
	size_t i = 0;

	if (c >= LONG_ONLY)
		return (enum option_id)(c - LONG_ONLY);
	while (rows[i].letter != c)
		i++;
	return (enum option_id)i;
}

static bool one_apply(int c, const char *word, struct options *o, FILE *messages)
{
	if (c == '?' && optopt == '?') {
		c = 'h';
	} else if (c == '?') {
		fprintf(messages, "cuttle: unknown option \"%s\"; see cuttle --help\n", word);
		return false;
	} else if (c == ':') {
		fprintf(messages, "cuttle: option \"%s\" needs an argument; see cuttle --help\n",
		        word);
		return false;
	}
	const enum option_id id = id_of(c);
	const char *want = NULL;

	if (rows[id].argument != NULL)
		want = argument_apply(id, optarg, o);
	else
		flag_apply(id, o);
	if (want != NULL)
		fprintf(messages, "cuttle: option -%c: \"%s\" is not accepted; accepted is %s\n",
		        rows[id].letter, optarg, want);
	else if (rows[id].note != NULL)
		fprintf(messages, "cuttle: note: %s\n", rows[id].note);
	return want == NULL;
}

bool options_parse(int argc, char *const argv[], FILE *messages, struct options *out)
{
	char letters[4 * OPT_N + 2];
	struct option names[OPT_N + 1];
	struct options o = { .service_name = "cuttle", .stderr_level = -1 };
	int c;

	tables_make(letters, names);
	opterr = 0;
	optind = 0; /* glibc: begin anew, for tests */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before threads */
	while ((c = getopt_long(argc, argv, letters, names, NULL)) != -1)
		if (!one_apply(c, argv[optind - 1], &o, messages))
			return false;
	if (optind < argc) {
		fprintf(messages, "cuttle: unexpected argument \"%s\"; see cuttle --help\n",
		        argv[optind]);
		return false;
	}
	if (o.is_built_in && o.conf_path != NULL) {
		fprintf(messages, "cuttle: --built-in and -f exclude each other\n");
		return false;
	}
	if (o.is_as_squid && (o.action != OPTIONS_VERB || o.verb != VERB_PARSE)) {
		fprintf(messages, "cuttle: --as-squid goes with -k parse\n");
		return false;
	}
	*out = o;
	return true;
}
