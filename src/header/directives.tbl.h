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
/* clang-format on */
