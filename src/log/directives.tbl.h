/*
 * The directives about logs. Rows as conf/conf.h describes them.
 */
/* clang-format off */
DIRECTIVE(access_log, "cache_access_log", log, log, log_conf_access_log, targets,
	  "daemon:" LOCALSTATEDIR "/log/cuttle/access.log squid",
	  "none [ACL...] | [stdio:|daemon:]PATH [OPTION=VALUE...] [ACL...] |"
	  " [stdio:|daemon:]PATH FORMAT [ACL...]",
	  "Where transactions are logged, one line each, if all the ACLs match. May be "
	  "repeated: a transaction is written to each log whose ACLs match, up to the first"
	  " matching none. PATH is a file, a FIFO, or /dev/stdout or /dev/stderr for the "
	  "streams that the proxy was started with. stdio: and daemon: mean the same: a "
	  "thread of the proxy writes. Options: logformat=FORMAT, which is squid if nothing is "
	  "said; buffer-size=SIZE, how much"
	  " buffered_logs gathers, or the space for lines that wait for a slow reader if "
	  "larger than 4 MB; on-error=drop (default: lines that cannot be written in the "
	  "end are counted and reported) or on-error=die (the proxy stops); rotate=N, "
	  "instead of logfile_rotate.")
DIRECTIVE(logformat, "", log, log, log_conf_logformat, formats, "", "NAME FORMAT",
	  "Names a format for access_log. FORMAT is the rest of the line, comments included: text with codes, "
	  "each a per cent sign, modifiers and the code's name; %% is the sign itself. These formats are built "
	  "in: squid, common, combined, referrer, useragent, and facts, which records what decisions were made "
	  "from (doc/facts.md).\n"
	  "Modifiers, in this order: how the value is written, - to align it to the left, 0 to fill numbers up "
	  "with noughts, the least width, a dot and the most width (for times: digits of the fraction), and an "
	  "argument in braces, which may also stand behind the code. How: \" with backslashes before quotes and "
	  "backslashes; [ for texts in brackets; # as in URLs; / as in shells; ' as it is. Without one, a value "
	  "between quotes or brackets of the format is written as for these. Control characters are never "
	  "written as they are, so no client can end a line. What is absent is a single -.\n"
	  "The client: %>a address, %>p port, %>A name by reverse lookup, which is begun with the request and not waited for, %>la and %>lp (%la, %lp) the "
	  "address and port it connected to, %transport::>connection_id (%master_xaction) number of the "
	  "connection, %>nfmark mark.\n"
	  "The server: %<a address, %<p port, %<A name, %<la (%oa) and %<lp our own address and port, "
	  "%request_attempts.\n"
	  "Time: %ts seconds since 1970, %tu its fraction, %tl local time and %tg UTC with an argument as for "
	  "strftime(3), %tS when the transaction began, %tr its milliseconds, %<pt those of the server, %<tt those "
	  "of forwarding, %dt those of waiting for names.\n"
	  "The request: %rm (%>rm, %<rm) method, %ru URL as strip_query_terms says, %>ru (%<ru) whole URL, "
	  "%>rs %>rd %>rP %>rp (%<rs %<rd %<rP %<rp, %rp) its scheme, host, port and path, %rv (%>v) %>rv %<rv HTTP "
	  "versions, %{NAME}>h (%>ha) a field, %{NAME:,KEY}>h the value of KEY in a list with that separator, %>h "
	  "all fields, %un and %ul user, %{NAME}note %note annotations.\n"
	  "The reply: %>Hs (%Hs) status, %<Hs the server's status, %{NAME}<h field, %<h all fields, %mt type, %Ss "
	  "result, %Sh hierarchy code, %err_code error page, %err_detail cause.\n"
	  "Bytes: %>st from the client, %>sh of them the head, %<st to the client, %<sh of them the head, %st both, "
	  "%<bs the body from the server, %<sS (%<sH) the body.\n"
	  "Others: %sn number of the line, %byte{N} a byte; the names of external_acl_type, %SRC %SRCPORT %MYADDR "
	  "%MYPORT %LOGIN %METHOD %URI %PROTO %DST %PORT %PATH.\n"
	  "Cuttle's own: %cuttle::verdict allow or deny, as http_access said; %cuttle::rule directive and text of the "
	  "rule that decided; %cuttle::place its file and line; %cuttle::why how the transaction ended, one word; "
	  "%cuttle::detail the particulars; %cuttle::reported the rule marked to report only that would have "
	  "decided; %cuttle::shadow what the policy loaded as a shadow would have said.\n"
	  "Squid's codes for what Cuttle does not know (yet), such as %ssl::>sni or %>eui, are always -, with a "
	  "warning.")
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
DIRECTIVE(log_mime_hdrs, "", log, log, conf_set_onoff, log_mime_hdrs, "off", "on|off",
	  "Add all header fields of request and reply, in brackets, to lines of the formats "
	  "squid, common and combined. They may hold passwords and cookies.")
DIRECTIVE(cache_log, "", log, log, log_conf_path, cache_log,
	  LOCALSTATEDIR "/log/cuttle/cache.log", "[stdio:]PATH|none",
	  "The file for what the proxy has to say to its administrator. none: standard "
	  "error only.")
/* clang-format on */
