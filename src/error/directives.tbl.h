/*
 * The directives about error pages. Rows: see conf/conf.h.
 */
/* clang-format off */
DIRECTIVE(deny_info, "", error, error, deny_info_conf, deny_infos, "",
	"PAGE|[CODE:]PAGE|[3xx:]URL|TCP_RESET ACL...",
	"What a denied client is shown instead of ERR_ACCESS_DENIED, if the acl that was looked at last is one of these; the"
	" first such line counts. PAGE: a template ERR_NAME, with status 403 or CODE (200-299, 400-599); 204 and 205 come"
	" without the page, and a CONNECT is told 403 instead of a 2xx. URL: a redirection with"
	" 3xx (300-399), or without it 302, or 307 for HTTP/1.1 and methods other than GET and HEAD; %u (URL), %a (user), %i (client), %M"
	" (method), %H (host), %p (port), %R (path), %h (this proxy), %t and %T (time) and %% are filled in. TCP_RESET: the connection is"
	" reset. In a group (any-of, all-of) the member that was looked at last counts.")
DIRECTIVE(error_directory, "", error, error, conf_set_string, error_directory, "",
	"FOLDER", "Folder of error page templates used instead of the installed ones; no language is negotiated then.")
DIRECTIVE(error_default_language, "", error, error, conf_set_string, error_default_language, "",
	"LANGUAGE", "The language of error pages for clients that ask for none that there is: a folder such as de, with templates in it,"
	" beside the installed templates, which are in English.")
DIRECTIVE(err_html_text, "", error, error, conf_set_line, err_html_text, "",
	"HTML", "Text put into error pages where a template says %L.")
DIRECTIVE(err_page_stylesheet, "", error, error, conf_set_string, err_page_stylesheet, "",
	"PATH", "Style sheet put into error pages where a template says %l.")
/* clang-format on */
