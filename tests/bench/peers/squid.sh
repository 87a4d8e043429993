# squid-openssl, one process, access log through its default daemon helper (accounted).
. "$here/peers/squid-conf.inc"
supports() { case $1 in workers | stalled-disk) return 1 ;; esac; }
peer_start() {
	{ squid_conf "daemon:$run/access.log squid" "$1"; echo "pinger_enable off"; } > "$run/squid.conf"
	prepare_folder "$run/squid.conf" squid
	spawn squid -N -f "$run/squid.conf"
	main=$spawned
}
peer_stop() { kill -INT "$main" 2>/dev/null; }
peer_reload() { kill -HUP "$main"; }
