# haproxy, one thread. miss-*: an HTTP reverse proxy; tunnel-*, idle-10k: layer 4, bulk spliced.
# Logs by UDP to a sink (accounted is the sender only).
supports() { [ "$1" != workers ]; }
peer_start() {
	local upstream=$o_http
	case $1 in
	miss-1k-new) upstream=$o_close mode=reverse ;;
	miss-* | reload-100ms) mode=reverse ;;
	*) mode=tcp ;;
	esac
	cat > "$run/h.cfg" <<-E
	global
	  nbthread 1
	  maxconn 9700
	  maxpipes 100
	  log $ip:25514 local0
	  stats socket $run/sock mode 600 level admin expose-fd listeners
	defaults
	  timeout client 600s
	  timeout server 600s
	  timeout connect 10s
	  log global
	frontend http
	  mode http
	  option httplog
	  bind $ip:$port backlog 8192
	  default_backend origin
	backend origin
	  mode http
	  option splice-response
	  http-reuse always
	  server o $ip:$upstream pool-max-conn 64
	listen bulk
	  mode tcp
	  option tcplog
	  option splice-response
	  bind $ip:$tcp_http
	  server o $ip:$o_http
	listen echo
	  mode tcp
	  option tcplog
	  bind $ip:$tcp_echo backlog 8192
	  server o $ip:$o_echo
	E
	socat -u UDP-RECV:25514 OPEN:/dev/null >/dev/null 2>&1 &
	sink=$!
	spawn haproxy -W -f "$run/h.cfg"
	main=$spawned
}
peer_stop() { kill -TERM "$sink" 2>/dev/null; }
peer_reload() { kill -USR2 "$main"; }
