/*
 * Directives of the cache; see conf/conf.h for what a row holds.
 */
/* clang-format off */
DIRECTIVE(cache, "no_cache", cache-policy, cache, acl_conf_rules, cache, "",
	"allow|deny [!]ACL ...", "Which requests may be answered from the cache, and their replies stored. Asked before it is known whether there is"
	" something stored. Without any line all may.")
DIRECTIVE(send_hit, "", cache-policy, cache, acl_conf_rules, send_hit, "",
	"allow|deny [!]ACL ...", "Which stored replies may be sent; what is denied is fetched anew. Acls see the stored reply. Without any line all may.")
DIRECTIVE(store_miss, "", cache-policy, cache, acl_conf_rules, store_miss, "",
	"allow|deny [!]ACL ...", "Which replies may be stored. Acls see the reply. Without any line all may that HTTP allows to.")
DIRECTIVE(refresh_pattern, "", cache-policy, cache, refresh_conf_pattern, refresh, "",
	"[-i] REGEX MIN PERCENT MAX [OPTION ...]",
	"How long replies are fresh that do not say so themselves, by their URL: the first line that matches counts. Never older than MAX minutes; if the reply"
	" tells when it was modified, for PERCENT of the time since then; otherwise for MIN minutes. Without a line that matches: 0 20% 4320."
	" OPTIONS bend the rules of HTTP:\n"
	"override-expire, override-lastmod: fresh for MIN minutes at least, whatever the reply says of its end, or was computed from its modification.\n"
	"reload-into-ims: a client's reload is a validation. ignore-reload: it is not looked at.\n"
	"ignore-no-store, ignore-private: such replies are stored all the same, and what was meant for one user may be sent to another.\n"
	"max-stale=SECONDS: instead of the directive max_stale.\n"
	"refresh-ims: what a client asks for with If-Modified-Since is always validated.\n"
	"store-stale: replies are stored also if they are stale already and cannot be validated.\n"
	"ignore-no-cache, ignore-must-revalidate, ignore-auth: without effect, as in Squid.")
DIRECTIVE(max_stale, "", cache-policy, cache, cache_conf_seconds, max_stale_s, "1 week",
	"TIME", "A stored reply that is stale for longer is not served when it cannot be validated.")
DIRECTIVE(negative_ttl, "", cache-policy, cache, cache_conf_seconds, negative_ttl_s, "0 seconds",
	"TIME", "How long errors (204, 305, 400, 403, 404, 405, 414, 421, 500 to 504) are kept that do not say so themselves; 0: not at all.")
DIRECTIVE(minimum_expiry_time, "", cache-policy, cache, cache_conf_seconds, minimum_expiry_s, "60 seconds",
	"TIME", "What will be stale sooner, does not say itself how long it is fresh, and cannot be validated, is not stored. Squid 5 stores what says so, too.")
DIRECTIVE(offline_mode, "", cache-policy, cache, conf_set_onoff, offline_mode, "off",
	"on|off", "Serve what is stored without ever validating it, whatever replies and clients say.")
DIRECTIVE(reload_into_ims, "", cache-policy, cache, conf_set_onoff, reload_into_ims, "off",
	"on|off", "Validate what is stored when a client reloads (Cache-Control: no-cache), instead of fetching it anew.")
DIRECTIVE(refresh_all_ims, "", cache-policy, cache, conf_set_onoff, refresh_all_ims, "off",
	"on|off", "Validate what is stored whenever a client sends If-Modified-Since.")
DIRECTIVE(cache_miss_revalidate, "", cache-policy, cache, conf_set_onoff, cache_miss_revalidate, "on",
	"on|off", "Pass a client's conditions on where nothing is stored; off: fetch the whole reply, to store it.")
DIRECTIVE(ignore_ims_on_miss, "", obsolete, cache, cache_conf_not, cache_miss_revalidate, "[the opposite of cache_miss_revalidate]",
	"on|off", "The old name of cache_miss_revalidate, with the opposite meaning.")
DIRECTIVE(vary_ignore_expire, "", http, cache, conf_set_onoff, vary_ignore_expire, "off",
	"on|off", "An Expires that equals Date does not count in replies with Vary.")
DIRECTIVE(collapsed_forwarding, "", cache-policy, cache, conf_set_onoff, collapsed_forwarding, "off",
	"on|off", "Requests for what is being fetched, or validated, already wait for that and read along.")
DIRECTIVE(collapsed_forwarding_access, "", cache-policy, cache, acl_conf_rules, collapsed_forwarding_access, "",
	"allow|deny [!]ACL ...", "Which requests may read along with others. Without any line all may, if collapsed_forwarding is on.")
DIRECTIVE(quick_abort_min, "", cache-policy, cache, cache_conf_abort_size, quick_abort_min_bytes, "16 KB",
	"SIZE", "A download that its client has left is finished for the cache if less than this is missing; -1: always.")
DIRECTIVE(quick_abort_max, "", cache-policy, cache, cache_conf_abort_size, quick_abort_max_bytes, "16 KB",
	"SIZE", "A download that its client has left is ended if more than this is missing.")
DIRECTIVE(quick_abort_pct, "", cache-policy, cache, conf_set_percent, quick_abort_pct, "95",
	"PERCENT", "Between the two, a download that its client has left is finished if more than this share of it has come.")
DIRECTIVE(range_offset_limit, "", cache-policy, cache, cache_conf_range_offset_limit, range_limits, "",
	"SIZE|none [[!]ACL ...]", "A client's range that begins before SIZE has the whole be fetched, so that it can be stored; none: any range does. The first line"
	" counts whose acls match; without one, ranges are passed on.")
DIRECTIVE(read_ahead_gap, "", cache-policy, cache, conf_set_bytes, read_ahead_bytes, "16 KB",
	"SIZE", "How far a fetch may run ahead of its reader where its bytes are not kept; 64 KB at least.")
DIRECTIVE(cache_mem, "", cache-mem, cache, cache_conf_size, cache_mem_bytes, "256 MB",
	"SIZE", "Memory for stored replies. Of what a cache_dir takes, only heads and bodies up to 32 KB are kept here, too; the kernel's page cache has the"
	" rest. What the process as a whole may use is set by memory_limit.")
DIRECTIVE(maximum_object_size_in_memory, "", cache-mem, cache, cache_conf_size, max_object_in_memory_bytes, "512 KB",
	"SIZE", "Longest body that is kept in memory, where no cache_dir takes it.")
DIRECTIVE(memory_cache_mode, "", cache-mem, cache, cache_conf_memory_mode, memory_cache_mode, "always",
	"always|disk|network|never", "What is kept in memory: all, only what was read from disk, only what came from the network, or nothing.")
DIRECTIVE(minimum_object_size, "", cache-disk, cache, cache_conf_size, min_object_bytes, "0 KB",
	"SIZE", "Shortest body that is stored on disk.")
DIRECTIVE(maximum_object_size, "", cache-disk, cache, cache_conf_size, max_object_bytes, "4 MB",
	"SIZE", "Longest body that is stored on disk, where a cache_dir has no max-size= of its own.")
DIRECTIVE(cache_dir, "", cache-disk, cache, cache_conf_dir, dirs, "",
	"ufs|aufs|diskd|rock PATH MEGABYTES [L1 L2] [min-size=BYTES] [max-size=BYTES] [no-store]",
	"A folder for stored replies, and how large it may become. All types mean Cuttle's own store; L1 and L2, which all but rock must have, and"
	" options of Squid's stores are without effect. Repeat the line for several folders. no-store: what is there is served, nothing is added."
	" A folder that cannot be used, as one of Squid's, is reported, and the proxy goes on without it. The type null, of old Squids, means nothing.")
DIRECTIVE(cache_swap_low, "", cache-disk, cache, conf_set_percent, swap_low_pct, "90",
	"PERCENT", "How full a folder is once replies were evicted from it.")
DIRECTIVE(cache_swap_high, "", cache-disk, cache, conf_set_percent, swap_high_pct, "95",
	"PERCENT", "How full a folder may become before replies are evicted from it.")
DIRECTIVE(store_sync, "", cache-disk, cache, conf_set_ms, store_sync_ms, "10 seconds",
	"TIME", "What was written to disk is safe from a loss of power after this time at the latest. From a crash of Cuttle it is safe after one second. Cuttle's own.")
/* clang-format on */
