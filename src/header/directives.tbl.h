/*
 * The directives about heads. Rows: see conf/conf.h.
 */
/* clang-format off */
DIRECTIVE(via, "", header, header, conf_set_onoff, via, "on",
	"on|off", "Add Via to what is forwarded, both ways. Loops are recognised by it.")
DIRECTIVE(httpd_suppress_version_string, "", header, header, conf_set_onoff, httpd_suppress_version_string, "off",
	"on|off", "Leave the version number out of headers and error pages.")
DIRECTIVE(forwarded_for, "", header, header, header_conf_forwarded_for, forwarded_for, "on",
	"on|off|transparent|truncate|delete", "What becomes of X-Forwarded-For: append the client, append \"unknown\", leave it, replace it, remove it.")
DIRECTIVE(http_upgrade_request_protocols, "", http, header, header_conf_upgrades, upgrades, "",
	"PROTOCOL|OTHER allow|deny [!]ACL...", "Which upgrades (WebSocket) become tunnels; without a line Upgrade is removed from requests.")
DIRECTIVE(request_header_access, "", header, header, header_rules_access, request_rules, "",
	"NAME|Other|All allow|deny [!]ACL ...",
	"Removes fields from requests as they are sent on. For each field the rules for its name count; else those for Other, unless the name is a"
	" common one; else those for All. They see what Cuttle itself has added (Via, X-Forwarded-For). Fields that tell where a message ends or"
	" belong to the connection, and Host, stay whatever the rules say.")
DIRECTIVE(request_header_replace, "header_replace", header, header, header_rules_replace, request_rules, "",
	"NAME|Other|All TEXT", "What stands in the place of a field that request_header_access denies, instead of nothing: the rest of the line.")
DIRECTIVE(request_header_add, "", header, header, header_rules_add, request_rules, "",
	"NAME VALUE [!]ACL ...",
	"Adds a field to requests as they are sent on, if all acls match, beside those of that name that are there. A VALUE with blanks stands in quotes; in quotes"
	" \\ protects the next byte and the codes of logformat are replaced.")
DIRECTIVE(reply_header_access, "", header, header, header_rules_access, reply_rules, "",
	"NAME|Other|All allow|deny [!]ACL ...",
	"Removes fields from replies as they are delivered, error pages included. For each field the rules for its name count; else those for Other, unless the name is a"
	" common one; else those for All. They see what Cuttle itself has added (Via, X-Forwarded-For). Fields that tell where a message ends or"
	" belong to the connection stay whatever the rules say.")
DIRECTIVE(reply_header_replace, "", header, header, header_rules_replace, reply_rules, "",
	"NAME|Other|All TEXT", "What stands in the place of a field that reply_header_access denies, instead of nothing: the rest of the line.")
DIRECTIVE(reply_header_add, "", header, header, header_rules_add, reply_rules, "",
	"NAME VALUE [!]ACL ...",
	"Adds a field to replies as they are delivered, error pages included, if all acls match, beside those of that name that are there. A VALUE with blanks stands in quotes; in quotes"
	" \\ protects the next byte and the codes of logformat are replaced.")
DIRECTIVE(follow_x_forwarded_for, "", access, header, acl_conf_rules, follow_x_forwarded_for, "",
	"allow|deny [!]ACL ...",
	"Whose X-Forwarded-For is believed. Beginning with the address that connected, each address that is allowed may name the"
	" one before it, from right to left, up to 64 of them; what is no address ends it. acls of type src and srcdomain look at the"
	" address under question. The last one is the indirect client. Without any line nobody is believed.")
DIRECTIVE(acl_uses_indirect_client, "", access, header, conf_set_onoff, acl_uses_indirect_client, "on",
	"on|off", "Make acls look at the indirect client instead of the address that connected; miss_access never does.")
DIRECTIVE(log_uses_indirect_client, "", log, header, conf_set_onoff, log_uses_indirect_client, "on",
	"on|off", "Log the indirect client instead of the address that connected.")
/* clang-format on */
