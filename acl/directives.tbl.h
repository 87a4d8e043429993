/*
 * Directives of access control.
 */
/* clang-format off */
DIRECTIVE(acl, "", access, acl, acl_conf_acl, set, "",
	"NAME TYPE [FLAGS] VALUE ...",
	"Defines an access list. Lines with the same name and type add to each other. A value in double"
	" quotes names a file with one value a line. FLAGS: -i, letters of either case match (regular"
	" expressions; also between values, and +i ends it); -n, no lookup; -m, lists; -- ends them. The types"
	" and their flags stand below, in TYPES OF ACLS.\n"
	"Known without a line: all, localhost, to_localhost, to_linklocal, manager, CONNECT.")
DIRECTIVE(http_access, "", access, acl, acl_conf_rules, http_access, "[if unset] deny all",
	"allow|deny [!]ACL ...",
	"Allows or denies requests. The first line of which all acls match decides; if none does, the"
	" opposite of the last line. Without any such line, all requests are denied.")
DIRECTIVE(report_only, "", access, acl, acl_conf_report_only, set, "",
	"DIRECTIVE allow|deny [!]ACL ...",
	"A rule on trial: it stands in the list of DIRECTIVE at the place where this line stands, but never decides."
	" Where it would have decided, the access log can tell, and the manager's page of rules counts it. DIRECTIVE is"
	" any whose lines allow or deny. Cuttle's own; a Squid does not start with such a line.")
/* clang-format on */
