/*
 * The directives that hold lists of rules or acls: at which point of a transaction each list is
 * asked, and whether a lookup can be waited for there. An acl that reads what cannot be known at
 * that point, or what would have to be waited for, is found when the configuration is read.
 *
 * ACL_LIST(directive, phase, wait)
 *   phase: CONNECTION  nothing but the client's connection is known
 *          REQUEST     the request is there
 *          UNPARSED    perhaps a request, and an error: the client does not speak HTTP
 *          ROUTE       an upstream was chosen
 *          REPLY       a reply is there, from upstream or made here
 *          END         all that will ever be known
 *   wait:  WAITS       the step that asks can wait for names and addresses
 *          ASKS_NOW    it cannot
 * A directive without a row is REQUEST and ASKS_NOW. Some of these rows are for directives to come.
 */
/* clang-format off */
ACL_LIST(http_access,				REQUEST,	WAITS)
ACL_LIST(adapted_http_access,			REQUEST,	WAITS)
ACL_LIST(follow_x_forwarded_for,		REQUEST,	WAITS)
ACL_LIST(miss_access,				REQUEST,	WAITS)
ACL_LIST(cache,					REQUEST,	WAITS)
ACL_LIST(collapsed_forwarding_access,		REQUEST,	ASKS_NOW)
ACL_LIST(range_offset_limit,			REQUEST,	ASKS_NOW)
ACL_LIST(always_direct,				REQUEST,	WAITS)
ACL_LIST(never_direct,				REQUEST,	WAITS)
ACL_LIST(cache_peer_access,			REQUEST,	ASKS_NOW)
ACL_LIST(note,					END,		ASKS_NOW)
ACL_LIST(clientside_tos,			REQUEST,	ASKS_NOW)
ACL_LIST(mark_client_packet,			REQUEST,	ASKS_NOW)
ACL_LIST(mark_client_connection,			REQUEST,	ASKS_NOW)
ACL_LIST(http_upgrade_request_protocols,	REQUEST,	WAITS)
ACL_LIST(on_unsupported_protocol,		UNPARSED,	ASKS_NOW)
ACL_LIST(tcp_outgoing_address,			ROUTE,		ASKS_NOW)
ACL_LIST(tcp_outgoing_tos,			ROUTE,		ASKS_NOW)
ACL_LIST(tcp_outgoing_mark,			ROUTE,		ASKS_NOW)
ACL_LIST(request_header_access,			ROUTE,		WAITS)
ACL_LIST(request_header_add,			ROUTE,		WAITS)
ACL_LIST(server_pconn_for_nonretriable,		ROUTE,		WAITS)
ACL_LIST(http_reply_access,			REPLY,		WAITS)
ACL_LIST(reply_body_max_size,			REPLY,		WAITS)
ACL_LIST(reply_header_access,			REPLY,		WAITS)
ACL_LIST(reply_header_add,			REPLY,		WAITS)
ACL_LIST(store_miss,				REPLY,		ASKS_NOW)
ACL_LIST(send_hit,				REPLY,		ASKS_NOW)
ACL_LIST(access_log,				END,		ASKS_NOW)
/* clang-format on */
