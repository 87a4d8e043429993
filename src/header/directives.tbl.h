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
