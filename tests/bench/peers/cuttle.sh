# cuttle: $CUTTLE, or the first one found in the current folder's build or on PATH.
# Where the cache matters: with memory for objects, and a folder.
. "$here/peers/squid-conf.inc"
cache_folder="ufs $run/store 8000 16 256"
supports() {
	: "${CUTTLE:=$(command -v src/cuttle || command -v cuttle)}"
	[ -x "$CUTTLE" ] || { say "set CUTTLE to the binary"; exit 2; }
}
peer_start() {
	# What stalls must be on the disk only.
	[ "$1" = stalled-disk ] && cache_mem_object="32 KB"
	squid_conf "stdio:$run/access.log squid" "$1" > "$run/cuttle.conf"
	prepare_folder "$run/cuttle.conf" "$CUTTLE"
	spawn env ${disk_faults:+CUTTLE_DISK_FAULTS="$disk_faults"} "$CUTTLE" -N --no-floor -f "$run/cuttle.conf"
	main=$spawned
}
peer_reload() { kill -HUP "$main"; }
