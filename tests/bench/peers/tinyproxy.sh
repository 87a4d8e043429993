# tinyproxy: a thread for each connection, which serves one request.
supports() { case $1 in miss-* | tunnel-* | idle-10k) ;; *) return 1 ;; esac; }
peer_start() {
	cat > "$run/t.conf" <<-E
	Port $port
	Listen $ip
	Timeout 600
	MaxClients 19000
	LogFile "$run/access.log"
	LogLevel Connect
	PidFile "$run/pid"
	Allow $ip
	E
	spawn tinyproxy -d -c "$run/t.conf"
}
