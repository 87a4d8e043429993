/*
 * Commands: `cuttle WORD [options]`, which look at a policy, a log or a folder of the cache and
 * exit. They never touch a running proxy, but for `cuttle cache purge`, which asks it.
 */
#pragma once

#include "base/base.h"

/* argv[0] is the command's word. Returns the exit status; what is wrong was written to stderr. */
int command_run(int argc, char *argv[]);
/* The commands, a line each, for --help. */
void command_list(FILE *to);

/* --- for the commands ------------------------------------------------------------------------- */

/* An option: always long. Its id is its place in the command's table. */
struct command_option {
	const char *name;     /* without the dashes */
	const char *argument; /* what it takes, for --help; NULL: nothing */
	const char *help;
};

/*
 * The next option of the command line. Returns its id with *value set (NULL: takes none),
 * COMMAND_END after the last one, or COMMAND_BAD, which was reported; --help prints the rows and
 * yields COMMAND_HELPED. Words that are no options are an error. The option "policy" may be written
 * -f, as the configuration is elsewhere on the command line.
 */
enum { COMMAND_END = -1, COMMAND_BAD = -2, COMMAND_HELPED = -3 };
int command_next(int argc, char *argv[], const struct command_option *rows, size_t n,
                 const char **value);

/*
 * The same for a command that takes words as well, among its options: behind COMMAND_END, *words
 * are those, with NULL behind them.
 */
int command_next_of(int argc, char *argv[], const struct command_option *rows, size_t n,
                    const char **value, char ***words);

struct snapshot;
/* Load a policy and print its errors (warnings with is_loud). NULL: it cannot be used. */
struct snapshot *command_load(const char *path, bool is_loud);

/* The commands themselves. */
int command_cache(int argc, char *argv[]);
int command_explain(int argc, char *argv[]);
int command_replay(int argc, char *argv[]);
