# No proxy: the generator talks to a static server and an echo server on the proxy's core.
mode=direct
supports() { case $1 in miss-* | tunnel-*) ;; *) return 1 ;; esac; }
peer_start() {
	nginx_origin "$run" $port $((port + 1)) > "$run/nginx.conf"
	spawn nginx -c "$run/nginx.conf"
	spawn "$load" echo -l $tcp_echo
}
