/*
 * Directives of access control.
 */
/* clang-format off */
DIRECTIVE(acl, "", access, acl, acl_conf_acl, set, "",
	"NAME TYPE [FLAGS] VALUE ...",
	"Defines an access list. Lines with the same name and type add to each other. A value in double"
	" quotes names a file with one value a line. FLAGS: -i, letters of either case match (regular"
	" expressions); -n, no lookup (dst, dstdomain, dstdom_regex). The types:\n"
	"src, dst, localip: an address of the client, the server, the proxy: addresses, prefixes, ranges.\n"
	"srcdomain, dstdomain: a host name; with a dot before it, also what is below it.\n"
	"srcdom_regex, dstdom_regex, url_regex, urlpath_regex, browser: POSIX extended regular expressions"
	" for a host name, the URL, its path, User-Agent.\n"
	"port, localport: the server's port, the proxy's; numbers and ranges.\n"
	"myportname: the name= of an http_port. proto: the URL's scheme. method: the request's.\n"
	"time: days (SMTWHFA, D) and hh:mm-hh:mm.\n"
	"any-of, all-of: other acls, one or all of which match.\n"
	"Known without a line: all, localhost, to_localhost, to_linklocal, manager, CONNECT.")
DIRECTIVE(http_access, "", access, acl, acl_conf_rules, http_access, "",
	"allow|deny [!]ACL ...",
	"Allows or denies requests. The first line of which all acls match decides; if none does, the"
	" opposite of the last line. Without any such line, all requests are denied.")
/* clang-format on */
