/*
 * The command line: one row for each option, in the order in which --help shows them.
 *
 * OPTION(symbol, letter or 0, long name or NULL, argument or NULL, note or NULL, what it does)
 * An argument in brackets may be missing. A note is printed when the option is used, because it
 * has no effect here. doc/cuttle.8 has the same options; tests/style/check_options.sh compares them.
 */
/* clang-format off */
OPTION(FILE,	   'f', NULL,	      "FILE",	  NULL, "read this configuration file")
OPTION(BUILT_IN,    0,	"built-in",   NULL,	  NULL, "use the built-in configuration, for a first try; implies -N")
OPTION(NO_DAEMON,  'N', NULL,	      NULL,	  NULL, "stay in the foreground, all in one process")
OPTION(FOREGROUND,  0,	"foreground", NULL,	  NULL, "stay in the foreground as the keeper, with the proxy as a child")
OPTION(VERB,	   'k', NULL,	      "VERB",	  NULL, "read the configuration, then act on the running Cuttle")
OPTION(AS_SQUID,    0,	"as-squid",   NULL,	  NULL, "with -k parse: tell what Squid would do about each finding, and where it differs silently")
OPTION(PREPARE,	   'z', NULL,	      NULL,	  NULL, "prepare the cache folders, and exit")
OPTION(PORT,	   'a', NULL,	      "PORT",	  NULL, "listen on this port too")
OPTION(NO_FLOOR,    0,	"no-floor",   NULL,	  NULL, "as with ssrf_protection off: connect to loopback and link-local addresses too, for tests")
OPTION(NAME,	   'n', NULL,	      "NAME",	  NULL, "service name: letters and digits, at most 32; ${service_name} in the configuration")
OPTION(DEBUG,	   'd', NULL,	      "LEVEL",	  NULL, "write messages up to this level to stderr too (0 errors, 1 notices, 2 all)")
OPTION(FULL_DEBUG, 'X', NULL,	      NULL,	  NULL, "log everything, from before the configuration is read")
OPTION(NO_TRAP,	   'C', NULL,	      NULL,	  NULL, "leave fatal signals alone")
OPTION(DIRECTIVES,  0,	"directives", NULL,	  NULL, "list the directives that are known, and exit")
OPTION(MANUAL,	    0,	"manual",     NULL,	  NULL, "print the man page cuttle.conf(5), and exit")
OPTION(VERSION,	   'v', "version",    NULL,	  NULL, "print the version, and exit")
OPTION(HELP,	   'h', "help",	      NULL,	  NULL, "print this, and exit (also -?)")
OPTION(SYSLOG,	   's', NULL,	      NULL,	  "-s: there is no syslog here; messages go to cache_log and stderr",
						  "accepted; messages go to cache_log and stderr")
OPTION(FACILITY,   'l', NULL,	      "FACILITY", "-l: there is no syslog here; messages go to cache_log and stderr",
						  "accepted; as -s")
OPTION(ICP_PORT,   'u', NULL,	      "PORT",	  NULL, "accepted if 0: there is no ICP here")
OPTION(MALLOC,	   'm', NULL,	      "[LEVEL]",  "-m: memory is not traced here; build with --enable-asan instead",
						  "accepted; no effect")
OPTION(NO_DNS,	   'D', NULL,	      NULL,	  "-D: no longer has an effect, in Squid either",
						  "accepted; no effect")
OPTION(REBUILD,	   'F', NULL,	      NULL,	  NULL, "accepted; no effect")
OPTION(NO_REUSE,   'R', NULL,	      NULL,	  "-R: ports are always opened with SO_REUSEADDR",
						  "accepted; no effect")
OPTION(SWAP_CHECK, 'S', NULL,	      NULL,	  NULL, "accepted; no effect")
OPTION(ICP_HIT,	   'Y', NULL,	      NULL,	  NULL, "accepted; no effect")
/* clang-format on */
