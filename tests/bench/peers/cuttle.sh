# cuttle: $CUTTLE, or the first one found in the current folder's build or on PATH.
. "$here/peers/squid-conf.inc"
supports() {
	: "${CUTTLE:=$(command -v src/cuttle || command -v cuttle)}"
	[ -x "$CUTTLE" ] || { say "set CUTTLE to the binary"; exit 2; }
}
peer_start() {
	squid_conf "stdio:$run/access.log squid" "$1" > "$run/cuttle.conf"
	spawn "$CUTTLE" -N --no-floor -f "$run/cuttle.conf"
	main=$spawned
}
peer_reload() { kill -HUP "$main"; }
