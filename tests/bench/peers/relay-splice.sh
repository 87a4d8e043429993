# The bare relay of src/relay.c, mode splice: the floor of a tunnel.
mode=tcp ready=$tcp_echo
supports() { case $1 in miss-bulk | tunnel-* | idle-10k) ;; *) return 1 ;; esac; }
peer_start() {
	spawn "$BENCH_DIR/bin/relay" splice $tcp_http $o_http
	spawn "$BENCH_DIR/bin/relay" splice $tcp_echo $o_echo
}
