/*
 * The command line: what is accepted, and which processes it leads to.
 */
#include "daemon/options.h"
#include "daemon/start_mode.h"
#include "tests/unit/unit.h"

Suite *suite_options(void);

enum { ARGS_MAX = 8 };

static const struct {
	const char *name;
	const char *args[ARGS_MAX];
	bool is_good;
	enum option_action action;
	enum option_verb verb;
	unsigned port;
	const char *conf, *says; /* part of what is written */
} cases[] = {
	{ "nothing starts", { NULL }, true, OPTIONS_RUN },
	{ "-f names the file",
	  { "-f", "/x/squid.conf" },
	  true,
	  OPTIONS_RUN,
	  .conf = "/x/squid.conf" },
	{ "-ffile without blank", { "-f/x" }, true, OPTIONS_RUN, .conf = "/x" },
	{ "-f ! is refused",
	  { "-f", "!cat /etc/squid.conf" },
	  false,
	  .says = "the output of a command" },
	{ "-f | is refused", { "-f", "|cat" }, false, .says = "the output of a command" },
	{ "an empty -f is refused", { "-f", "" }, false, .says = "not accepted" },
	{ "-f needs a file", { "-f" }, false, .says = "needs an argument" },
	{ "-k parse", { "-k", "parse" }, true, OPTIONS_VERB, VERB_PARSE },
	{ "-k p is parse", { "-kp" }, true, OPTIONS_VERB, VERB_PARSE },
	{ "-k r is reconfigure, the first", { "-k", "r" }, true, OPTIONS_VERB, VERB_RECONFIGURE },
	{ "-k ro is rotate", { "-k", "ro" }, true, OPTIONS_VERB, VERB_ROTATE },
	{ "-k res is restart", { "-k", "res" }, true, OPTIONS_VERB, VERB_RESTART },
	{ "-k s is shutdown", { "-k", "s" }, true, OPTIONS_VERB, VERB_SHUTDOWN },
	{ "-k int is interrupt", { "-k", "int" }, true, OPTIONS_VERB, VERB_INTERRUPT },
	{ "-k k is kill", { "-k", "k" }, true, OPTIONS_VERB, VERB_KILL },
	{ "-k d is debug", { "-k", "d" }, true, OPTIONS_VERB, VERB_DEBUG },
	{ "-k c is check", { "-k", "c" }, true, OPTIONS_VERB, VERB_CHECK },
	{ "-k parsed is no verb", { "-k", "parsed" }, false, .says = "accepted is parse, check" },
	{ "-k with nothing is no verb", { "-k", "" }, false, .says = "accepted is parse, check" },
	{ "-a adds a port", { "-a", "8080" }, true, OPTIONS_RUN, .port = 8080 },
	{ "-a 0 is refused", { "-a", "0" }, false, .says = "1 to 65535" },
	{ "-a 65536 is refused", { "-a", "65536" }, false, .says = "1 to 65535" },
	{ "-a +80 is refused", { "-a", "+80" }, false, .says = "1 to 65535" },
	{ "-n of 33 letters is refused",
	  { "-n", "abcdefghijklmnopqrstuvwxyz0123456" },
	  false,
	  .says = "1 to 32" },
	{ "-n with a slash is refused", { "-n", "a/b" }, false, .says = "letters and digits" },
	{ "-n of 32 letters", { "-n", "abcdefghijklmnopqrstuvwxyz012345" }, true, OPTIONS_RUN },
	{ "-z prepares", { "-z" }, true, OPTIONS_PREPARE },
	{ "-v", { "-v" }, true, OPTIONS_VERSION },
	{ "--version", { "--version" }, true, OPTIONS_VERSION },
	{ "-h", { "-h" }, true, OPTIONS_HELP },
	{ "--help", { "--help" }, true, OPTIONS_HELP },
	{ "-? is help", { "-?" }, true, OPTIONS_HELP },
	{ "--directives", { "--directives" }, true, OPTIONS_DIRECTIVES },
	{ "--manual", { "--manual" }, true, OPTIONS_MANUAL },
	{ "letters can be joined", { "-NCXYd1" }, true, OPTIONS_RUN },
	{ "-D leaves a note", { "-D" }, true, OPTIONS_RUN, .says = "note: -D" },
	{ "-s leaves a note", { "-s" }, true, OPTIONS_RUN, .says = "cache_log" },
	{ "-m without a level", { "-m" }, true, OPTIONS_RUN, .says = "note: -m" },
	{ "-u 0 is fine", { "-u", "0" }, true, OPTIONS_RUN },
	{ "-u 3130 is refused", { "-u", "3130" }, false, .says = "no ICP" },
	{ "-d 10 is refused", { "-d", "10" }, false, .says = "0 to 9" },
	{ "an unknown letter", { "-q" }, false, .says = "unknown option \"-q\"" },
	{ "an unknown word", { "--kid" }, false, .says = "unknown option \"--kid\"" },
	{ "--as-squid needs -k parse", { "--as-squid" }, false, .says = "-k parse" },
	{ "--as-squid and another verb",
	  { "-k", "check", "--as-squid" },
	  false,
	  .says = "-k parse" },
	{ "--as-squid", { "--as-squid", "-k", "parse" }, true, OPTIONS_VERB, .verb = VERB_PARSE },
	{ "a stray word", { "start" }, false, .says = "unexpected argument \"start\"" },
	{ "--built-in and -f", { "--built-in", "-f", "/x" }, false, .says = "exclude each other" },
};

START_TEST(reads_the_command_line)
{
	char *argv[ARGS_MAX + 2] = { (char *)(uintptr_t) "cuttle" };
	char says[1024] = "";
	FILE *to = fmemopen(says, sizeof(says), "w");
	struct options o = { 0 };
	int argc = 1;

	for (; argc <= ARGS_MAX && cases[_i].args[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)cases[_i].args[argc - 1];
	const bool is_good = options_parse(argc, argv, to, &o);

	fclose(to);
	ck_assert_msg(is_good == cases[_i].is_good, "%s: %s", cases[_i].name, says);
	if (is_good) {
		ck_assert_msg(o.action == cases[_i].action, "%s", cases[_i].name);
		ck_assert_msg(o.verb == cases[_i].verb, "%s", cases[_i].name);
		ck_assert_msg(o.extra_port == cases[_i].port, "%s", cases[_i].name);
		ck_assert_pstr_eq(o.conf_path, cases[_i].conf);
	}
	if (cases[_i].says != NULL)
		ck_assert_msg(strstr(says, cases[_i].says) != NULL, "%s: %s", cases[_i].name, says);
	else
		ck_assert_msg(says[0] == '\0', "%s: %s", cases[_i].name, says);
}
END_TEST

static const struct {
	bool is_no_daemon, is_foreground, is_process_1, is_root;
	enum start_mode want;
} modes[] = {
	{ false, false, false, true, START_DAEMON },
	{ false, false, false, false, START_DAEMON },
	{ true, false, false, true, START_IN_PROCESS },
	{ true, true, true, true, START_IN_PROCESS },
	{ false, true, false, false, START_FOREGROUND },
	{ false, false, true, true, START_FOREGROUND },
	{ false, true, true, false, START_IN_PROCESS },
	{ false, false, true, false, START_IN_PROCESS },
};

START_TEST(chooses_the_processes)
{
	const struct options o = { .is_no_daemon = modes[_i].is_no_daemon,
		                   .is_foreground = modes[_i].is_foreground };

	ck_assert_int_eq(start_mode_of(&o, modes[_i].is_process_1, modes[_i].is_root),
	                 modes[_i].want);
}
END_TEST

Suite *suite_options(void)
{
	Suite *s = suite_create("daemon/options");
	TCase *t = tcase_create("table");

	tcase_add_loop_test(t, reads_the_command_line, 0, (int)ARRAY_LEN(cases));
	tcase_add_loop_test(t, chooses_the_processes, 0, (int)ARRAY_LEN(modes));
	suite_add_tcase(s, t);
	return s;
}
