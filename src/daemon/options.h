/*
 * The command line: Squid's options, and a few of Cuttle's own (options.tbl.h).
 */
#pragma once

#include "base/base.h"

enum option_action {
	OPTIONS_RUN,
	OPTIONS_VERB,
	OPTIONS_PREPARE,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_DIRECTIVES,
	OPTIONS_MANUAL
};

/* What -k asks for, in the order in which abbreviations are tried (as Squid tries them). */
enum option_verb {
	VERB_RECONFIGURE,
	VERB_ROTATE,
	VERB_DEBUG,
	VERB_SHUTDOWN,
	VERB_INTERRUPT,
	VERB_KILL,
	VERB_RESTART,
	VERB_CHECK,
	VERB_PARSE,
	VERB_N
};

struct options {
	enum option_action action;
	enum option_verb verb;    /* if action is OPTIONS_VERB */
	const char *conf_path;    /* points into argv; NULL: the default file */
	const char *service_name; /* never NULL */
	unsigned extra_port;      /* 0: none */
	int stderr_level;         /* -d; -1: not given */
	bool is_built_in, is_no_daemon, is_foreground, is_full_debug, is_no_trap;
	bool is_as_squid; /* with -k parse only */
	bool is_no_floor;
};

/*
 * Read the command line. False if it is wrong: what was found and what is accepted has been written
 * to `messages`, as have notes about options without effect. argv must outlive *out.
 */
bool options_parse(int argc, char *const argv[], FILE *messages, struct options *out) MUST_USE;
void options_help(FILE *to);
const char *options_verb_name(enum option_verb v);
