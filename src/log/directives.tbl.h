/*
 * The directives about logs. Rows as conf/conf.h describes them.
 */
/* clang-format off */
DIRECTIVE(access_log, "cache_access_log", log, log, log_conf_access_log, targets,
	  "daemon:" LOCALSTATEDIR "/log/cuttle/access.log squid",
	  "none [ACL...] | [stdio:|daemon:]PATH [OPTION=VALUE...] [ACL...] |"
	  " [stdio:|daemon:]PATH squid [ACL...]",
	  "Where transactions are logged, one line each, if all the ACLs match. May be "
	  "repeated: a transaction is written to each log whose ACLs match, up to the first"
	  " matching none. PATH is a file, a FIFO, or /dev/stdout or /dev/stderr for the "
	  "streams that the proxy was started with. stdio: and daemon: mean the same: a "
	  "thread of the proxy writes. Options: logformat=squid; buffer-size=SIZE, how much"
	  " buffered_logs gathers, or the space for lines that wait for a slow reader if "
	  "larger than 4 MB; on-error=drop (default: lines that cannot be written in the "
	  "end are counted and reported) or on-error=die (the proxy stops); rotate=N, "
	  "instead of logfile_rotate.")
DIRECTIVE(strip_query_terms, "", log, log, conf_set_onoff, strip_query_terms, "on", "on|off",
	  "Cut the URL in logs after its question mark, since queries often hold secrets.")
DIRECTIVE(buffered_logs, "", log, log, conf_set_onoff, buffered_logs, "off", "on|off",
	  "Gather lines for up to a second or buffer-size before writing them. Off: lines "
	  "are written within a tenth of a second.")
DIRECTIVE(logfile_rotate, "", log, log, log_conf_generations, logfile_rotate, "10", "NUMBER",
	  "How many old generations of each log -k rotate keeps, as PATH.0 (the newest), "
	  "PATH.1 and so on. 0: logs are only opened again, which is right where another "
	  "program renames them.")
DIRECTIVE(client_netmask, "", log, log, log_conf_netmask, client_netmask, "255.255.255.255", "ADDRESS",
	  "A mask for client addresses in logs, for privacy: 255.255.255.0 logs the network"
	  " only. An IPv4 mask is for IPv4 clients, an IPv6 mask for IPv6 clients.")
DIRECTIVE(cache_log, "", log, log, log_conf_path, cache_log,
	  LOCALSTATEDIR "/log/cuttle/cache.log", "[stdio:]PATH|none",
	  "The file for what the proxy has to say to its administrator. none: standard "
	  "error only.")
/* clang-format on */
