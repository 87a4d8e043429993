# nginx as a reverse proxy that stores: files, sendfile, a cache of open files; log buffered.
# tcp_nopush stays off: with it, hits of 100 KB were seen to stall for 40 ms.
mode=reverse
supports() { case $1 in hit-* | store-* | start-1m | stop) ;; *) return 1 ;; esac; }
peer_start() {
	cat > "$run/nginx.conf" <<-E
	worker_processes 1; pid $run/pid; error_log $run/error.log; daemon off; worker_rlimit_nofile 20000; user root;
	events { worker_connections 19000; }
	http { access_log $run/access.log combined buffer=64k flush=1s; keepalive_requests 1000000000; sendfile on;
	 client_body_temp_path $run/t1; proxy_temp_path $run/t2; fastcgi_temp_path $run/t3; uwsgi_temp_path $run/t4; scgi_temp_path $run/t5;
	 proxy_cache_path $run/store levels=1:2 keys_zone=c:100m max_size=8g inactive=1d use_temp_path=off;
	 open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s;
	 upstream o { server $ip:$o_http; keepalive 64; keepalive_requests 1000000000; }
	 server { listen $ip:$port backlog=8192;
	  location / { proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$http_host;
	   proxy_cache c; proxy_cache_key \$http_host\$request_uri; } }
	}
	E
	spawn nginx -c "$run/nginx.conf"
	main=$spawned
}
