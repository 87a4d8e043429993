/*
 * Directives of the process: threads, limits, the user it becomes. See conf/conf.h for the columns.
 */
/* clang-format off */
DIRECTIVE(workers, "", smp, process, process_conf_workers, workers, "0",
	"NUMBER",
	"Number of worker threads. 0, and no such line, is as many as the process may use: the smaller of the CPU affinity "
	"and the control group's CPU quota, at least 1. (In Squid the default is 1, and workers are processes.) "
	"A change takes effect at the next start.")
DIRECTIVE(max_filedescriptors, "max_filedesc", process, process, process_conf_descriptors, max_filedescriptors, "0",
	"NUMBER",
	"Largest number of open descriptors. 0 raises the soft limit to the hard one, at most to 100000. A number is what is "
	"asked for; what was got is in cache_log. A change takes effect at the next start.")
DIRECTIVE(memory_limit, "", process, process, conf_set_bytes, memory_limit_bytes, "0",
	"SIZE",
	"Ceiling over the memory for buffers, objects and the index. 0 is nine tenths of the control group's limit where "
	"there is one, and no ceiling otherwise; none is no ceiling. (Squid has no such directive.) "
	"A change takes effect at the next start.")
DIRECTIVE(shutdown_lifetime, "", timeout, process, conf_set_ms, shutdown_lifetime_ms, "30 seconds",
	"TIME",
	"How long open transactions may go on after SIGTERM. Idle connections close at once, and the process ends as soon as "
	"the last transaction has ended.")
DIRECTIVE(pid_filename, "", admin, process, process_conf_pid_filename, pid_filename, "",
	"FILE|none",
	"File that holds the process id while Cuttle listens; without such a line, cuttle.pid, or after option -n the "
	"service's name and .pid, in the system's folder for these. Whether it runs is told by the lock on the file, not by the "
	"number in it. A change takes effect at the next start.")
DIRECTIVE(cache_effective_user, "", process, process, conf_set_string, cache_effective_user, DEFAULT_USER,
	"USER",
	"User that the proxy becomes when it is started as root. root is refused. A change takes effect at the next start.")
DIRECTIVE(cache_effective_group, "", process, process, conf_set_string, cache_effective_group, "none",
	"GROUP|none",
	"Group that the proxy takes, in place of all groups of cache_effective_user. A change takes effect at the next start.")
DIRECTIVE(coredump_dir, "", admin, process, conf_set_string, coredump_dir, "none",
	"FOLDER|none",
	"Folder that the proxy makes its working directory, so that a core file lands there; it also makes the process "
	"dumpable after it has given up root. A change takes effect at the next start.")
DIRECTIVE(debug_options, "", admin, process, process_conf_debug, debug, "ALL,1",
	"[rotate=N] SECTION,LEVEL...",
	"What cache_log holds. ALL,0: errors only; ALL,1: all that an administrator should know; ALL,2 and higher: a line for each error page "
	"too, which names the rule that denied, with file and line. Of Squid's sections, 4, 28, 33 and 85 stand for these lines, "
	"as in ALL,1 28,3; there are no messages of others. rotate=N: how many old generations of cache_log are kept, instead of "
	"logfile_rotate. Each line begins anew, so that the last one counts. Option -X and the signal SIGUSR2 go before it.")
DIRECTIVE(umask, "", process, process, process_conf_umask, umask, "027",
	"NUMBER",
	"Permissions that files made by the proxy never have; octal with a leading 0. The stricter of this and the mask that "
	"the process was started with holds. A change takes effect at the next start.")
/* clang-format on */
