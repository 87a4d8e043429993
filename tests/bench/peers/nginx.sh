# nginx as a reverse proxy that stores nothing, log buffered.
mode=reverse
supports() { case $1 in miss-* | workers) ;; *) return 1 ;; esac; }
peer_start() {
	local upstream=$o_http keep="keepalive 64; keepalive_requests 1000000000;"
	[ "$1" = miss-1k-new ] && { upstream=$o_close; keep=; }
	cat > "$run/nginx.conf" <<-E
	worker_processes ${WORKERS:-1}; pid $run/pid; error_log $run/error.log; daemon off; worker_rlimit_nofile 20000; user root;
	events { worker_connections 19000; }
	http { access_log $run/access.log combined buffer=64k flush=1s; keepalive_requests 1000000000;
	 client_body_temp_path $run/t1; proxy_temp_path $run/t2; fastcgi_temp_path $run/t3; uwsgi_temp_path $run/t4; scgi_temp_path $run/t5;
	 upstream o { server $ip:$upstream; $keep }
	 server { listen $ip:$port backlog=8192;
	  location / { proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$http_host;
	   proxy_max_temp_file_size 0; } }
	}
	E
	spawn nginx -c "$run/nginx.conf"
}
