#!/bin/bash
# bench.sh WORKLOAD PEER...: measures each peer, interleaved, and prints medians as TSV.
# README.md says what the workloads and the columns are, and how a peer is described.
#
#   CUTTLE=PATH   the binary for the peer cuttle     BENCH_DIR   as made by setup.sh
#   REPS=3        runs of each peer                  OUT=FILE    the rows are also appended here
#   SECS=3 WARM=1 measured seconds, and those before CONNS       connections (default by workload)
#   PROXY_CPU=0   core of the proxy under test       LOAD_CPU=1  core of generator and origin
#   NICE=0        of everything (-8 on a machine that others use too)
#   NIDLE=9500    tunnels of idle-10k                PAIRS=5 GAP_SECS=10   of reload-*, stalled-disk
#   NOBJ=200000   objects of start-1m                RAW=FILE     each run is appended here
set -u
here=$(cd "$(dirname "$0")" && pwd)
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/cuttle-bench}
PATH=$PATH:/usr/sbin
if [ -z "${BENCH_INSIDE:-}" ]; then
	[ $# -ge 2 ] || { sed -n '2,12p' "$0" >&2; exit 2; }
	[ -x "$BENCH_DIR/bin/load" ] || { echo "bench.sh: run setup.sh first" >&2; exit 2; }
	# Nothing outlives these namespaces, and no port of the host is used.
	BENCH_INSIDE=$$ exec unshare -m -n -p -f --mount-proc --kill-child -- "$0" "$@"
fi
[ "${NICE:-0}" = 0 ] || renice -n "$NICE" -p $$ >/dev/null
mount -t tmpfs none /dev/shm # squid keeps segments there, and trips over those of a killed one
ip link set lo up
echo 16384 > /proc/sys/net/core/somaxconn
# Not BBR: it paces by timers, which on loopback cost three times what sending does, for some peers and not for others.
echo reno > /proc/sys/net/ipv4/tcp_congestion_control
echo "30000 65000" > /proc/sys/net/ipv4/ip_local_port_range
ulimit -n "$(ulimit -Hn)"
: "${SECS:=3}" "${WARM:=1}" "${REPS:=3}" "${PROXY_CPU:=0}" "${LOAD_CPU:=1}" "${NIDLE:=9500}" "${NOBJ:=200000}" "${PAIRS:=5}" "${GAP_SECS:=10}"
workload=$1
shift
load=$BENCH_DIR/bin/load
ip=127.0.0.1
port=25100 # where a peer listens
# the origin: plain, plain but closing after each reply, echo
o_http=25080 o_close=25081 o_echo=25007
# layer-4 peers: to the origin, to the echo server
tcp_http=25106 tcp_echo=25107

say() { echo "[$(date +%T)] $*" >&2; }
field() { sed -n "s/.*\b$2=\([^ ]*\).*/\1/p" <<<"$1"; }

# --- CPU and memory of the peer: a cgroup for all its processes --------------------------------
if mkdir "/sys/fs/cgroup/cpuacct/cuttle-bench$BENCH_INSIDE" 2>/dev/null; then
	group=/sys/fs/cgroup/cpuacct/cuttle-bench$BENCH_INSIDE cpu_file=$group/cpuacct.usage
elif mkdir "/sys/fs/cgroup/cuttle-bench$BENCH_INSIDE" 2>/dev/null; then
	group=/sys/fs/cgroup/cuttle-bench$BENCH_INSIDE cpu_file=$group/cpu.stat
else
	say "no cgroup can be made, so CPU cannot be accounted"
	exit 2
fi
cpu_ns() { awk '/^usage_usec/ { print $2 * 1000; exit } NF == 1 { print; exit }' "$cpu_file"; }
group_pids() { cat "$group/cgroup.procs" 2>/dev/null; }
spawn() { # CMD...: starts it on the proxy's core, accounted; the pid is in $spawned
	# shellcheck disable=SC2016
	bash -c 'echo $$ > "$1/cgroup.procs"; cpu=$2; log=$3; shift 3; exec taskset -c "$cpu" "$@" >>"$log" 2>&1 </dev/null' \
		_ "$group" "$PROXY_CPU" "$run/out.log" "$@" &
	spawned=$!
}
group_end() { # TERM, and KILL after $1 tenths of a second
	local pid i
	for pid in $(group_pids); do kill -TERM "$pid" 2>/dev/null; done
	for ((i = 0; i < $1; i++)); do [ -z "$(group_pids)" ] && return; sleep .1; done
	for pid in $(group_pids); do kill -KILL "$pid" 2>/dev/null; done
	for ((i = 0; i < 50; i++)); do [ -z "$(group_pids)" ] && return; sleep .1; done
}
trap 'group_end 5; rmdir "$group" 2>/dev/null' EXIT
pss_kb() { # proportional set size of all the peer's processes
	local pid sum=0 kb
	for pid in $(group_pids); do
		kb=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null)
		sum=$((sum + ${kb:-0}))
	done
	echo $sum
}

# --- the origin -------------------------------------------------------------------------------
nginx_origin() { # DIR PORT CLOSING-PORT: the configuration of a static server
	cat <<-E
	worker_processes 1; pid $1/pid; error_log $1/error.log; daemon off; worker_rlimit_nofile 20000; user root;
	events { worker_connections 19000; }
	http { access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000;
	 default_type application/octet-stream; open_file_cache max=100 inactive=600s; open_file_cache_valid 600s;
	 client_body_temp_path $1/t1; proxy_temp_path $1/t2; fastcgi_temp_path $1/t3; uwsgi_temp_path $1/t4; scgi_temp_path $1/t5;
	 add_header Cache-Control "no-store";
	 server { listen $2 backlog=8192; location = /stat { stub_status; }
	  location ~ ^/c/([0-9a-z]+)/ { alias $BENCH_DIR/www/\$1; add_header Cache-Control "public, max-age=86400"; }
	  location ~ ^/([0-9a-z]+)/ { alias $BENCH_DIR/www/\$1; } }
	 server { listen $3 backlog=8192; keepalive_timeout 0; location ~ ^/([0-9a-z]+)/ { alias $BENCH_DIR/www/\$1; } }
	}
	E
}
start_origin() {
	local dir=$BENCH_DIR/run/origin
	rm -rf "$dir"
	mkdir -p "$dir"
	nginx_origin "$dir" $o_http $o_close > "$dir/nginx.conf"
	taskset -c "$LOAD_CPU" nginx -c "$dir/nginx.conf" >"$dir/out" 2>&1 &
	taskset -c "$LOAD_CPU" "$load" echo -l $o_echo >"$dir/echo" 2>&1 &
	"$load" wait -p $ip:$o_close >/dev/null && "$load" wait -p $ip:$o_echo >/dev/null ||
		{ say "the origin does not start"; cat "$dir/out" >&2; exit 2; }
}

# --- peers ------------------------------------------------------------------------------------
load_peer() { # NAME
	peer=$1 run=$BENCH_DIR/run/$1 mode=forward ready=$port note=
	cache_mem= cache_mem_object= cache_folder= disk_faults= # of squid.conf, where it matters
	unset -f supports peer_start peer_stop peer_reload
	# shellcheck disable=SC1090
	. "$here/peers/$1.sh" || exit 2
}
start_peer() { # WORKLOAD
	rm -rf "$run"
	mkdir -p "$run"
	chmod 777 "$run"
	: > "$run/out.log"
	peer_start "$1"
	"$load" wait -p $ip:$ready -q 60000 >"$run/ready_ms" && return 0
	say "$peer does not listen:"
	tail -n 5 "$run"/*.log >&2
	stop_peer
	return 1
}
stop_peer() {
	if declare -F peer_stop >/dev/null; then peer_stop; fi
	group_end 40
}
generate() { # COMMAND options: of the load generator
	taskset -c "$LOAD_CPU" timeout -k 2 90 "$load" "$@" 2>>"$run/load.err"
}
generator() { generate run "$@"; }
load_options() { # WORKLOAD: the generator's options, by the peer's mode
	local target=$ip:$o_http path="-u /1k/%n" extra=
	case $1 in
	miss-1k-new) target=$ip:$o_close ;;
	miss-bulk | tunnel-bulk) path="-u /100m/%n" ;;
	tunnel-rtt | idle-10k) target=$ip:$o_echo path="-E 64" ;;
	tunnel-rate) target=$ip:$o_echo path="-E 64 -K" ;;
	cache) path= ;;
	hit-* | store-* | stop) path=$(cache_path "$1") ;;
	esac
	case $mode in
	forward) case $1 in tunnel-* | idle-10k) extra=-T ;; *) extra=-a ;; esac
		echo "-p $ip:$port -t $target $extra $path" ;;
	reverse) echo "-p $ip:$port -t $target $path" ;;
	tcp) case $1 in tunnel-rtt | tunnel-rate | idle-10k) echo "-p $ip:$tcp_echo $path" ;;
		*) echo "-p $ip:$tcp_http -t $target $path" ;; esac ;;
	direct) [ "$1" = miss-1k-new ] && path="$path -K"
		case $1 in tunnel-rtt | tunnel-rate | idle-10k) echo "-p $ip:$tcp_echo $path" ;;
		*) echo "-p $ip:$port -t $target $path" ;; esac ;;
	esac
}
connections() {
	case $1 in miss-bulk | tunnel-bulk | hit-1m) echo 4 ;; tunnel-rate | miss-1k-new) echo 16 ;; *) echo 32 ;; esac
}
row() { # WORKLOAD KEY=VALUE...: one raw result
	local name=$1
	shift
	echo "$name $peer $*" >> "$raw"
	say "$name $peer: $*"
}

# --- workloads --------------------------------------------------------------------------------
plain_load() { # WORKLOAD: a closed loop as fast as it goes
	local line
	start_peer "$1" || { row "$1" err=start; return; }
	# shellcheck disable=SC2046
	line=$(generator $(load_options "$1") -c "${CONNS:-$(connections "$1")}" -w "$WARM" -d "$SECS" -A "$cpu_file")
	row "$1" "$line" "pss_mb=$(($(pss_kb) / 1024))"
	stop_peer
}
idle_tunnels() { # memory of a tunnel that waits
	local before after i line
	start_peer idle-10k || { row idle-10k err=start; return; }
	# shellcheck disable=SC2046
	generator $(load_options idle-10k) -K -c 8 -d 0.5 >/dev/null # every path was used once
	sleep 1
	before=$(pss_kb)
	: > "$run/hold.out"
	# shellcheck disable=SC2046
	taskset -c "$LOAD_CPU" "$load" hold $(load_options idle-10k) -c "$NIDLE" > "$run/hold.out" 2>&1 &
	local holder=$!
	for ((i = 0; i < 400; i++)); do grep -q READY "$run/hold.out" && break; sleep .1; done
	line=$(grep READY "$run/hold.out")
	sleep 3
	after=$(pss_kb)
	local c0 c1
	c0=$(cpu_ns); sleep 2; c1=$(cpu_ns)
	kill -TERM $holder
	wait $holder 2>/dev/null
	row idle-10k "held=$(field "$line" held) err=$(field "$line" failed)" \
		"kb_conn=$(awk -v a="$before" -v b="$after" -v n="$(field "$line" held)" 'BEGIN { if (n) printf "%.2f", (b - a) / n }')" \
		"cpu_pct=$(awk -v a="$c0" -v b="$c1" 'BEGIN { printf "%.2f", (b - a) / 2e7 }') pss_mb=$((after / 1024))"
	stop_peer
}
gap_run() { # RATE RELOADING EVERY_MS: open loop for GAP_SECS; the generator's line, with the failures of new connections
	local options line fresh
	options=$(load_options miss-1k)
	# shellcheck disable=SC2086
	generator $options -K -c 8 -R 200 -w 0.5 -d "$GAP_SECS" > "$run/fresh.out" &
	local other=$! reloads=0 reloader=
	if [ "$2" = yes ]; then
		( sleep 0.5; for ((i = 0; i < (GAP_SECS - 1) * 1000 / $3; i++)); do
			[ "$workload" = reload-lists ] && change_lists
			peer_reload
			sleep "$(awk -v ms="$3" 'BEGIN { print ms / 1000 }')"
		done ) &
		reloader=$!
	fi
	# shellcheck disable=SC2086
	line=$(generator $options -c 32 -R "$1" -w 0.5 -d "$GAP_SECS")
	wait $other $reloader
	fresh=$(cat "$run/fresh.out")
	echo "$line fresh_err=$(field "$fresh" err) fresh_gap_ms=$(field "$fresh" gap_ms)"
}
make_lists() { # a million domains, 100,000 prefixes, 10,000 expressions
	mkdir -p "$BENCH_DIR/lists"
	awk 'BEGIN { for (i = 0; i < 1000000; i++) printf ".h%d.%s%d.example\n", i, i % 3 ? "ads" : "track", i % 1000 }' > "$BENCH_DIR/lists/domains"
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%d.%d.%d.0/24\n", 60 + int(i / 65536), int(i / 256) % 256, i % 256 }' > "$BENCH_DIR/lists/prefixes"
	awk 'BEGIN { for (i = 0; i < 10000; i++) printf "/banner%d/[a-z]+[0-9]*\\.(gif|png)$\n", i }' > "$BENCH_DIR/lists/expressions"
}
change_lists() { # as who maintains them would: by renaming a new file to its place
	local name
	for name in domains prefixes expressions; do
		{ cat "$BENCH_DIR/lists/$name"; } > "$BENCH_DIR/lists/$name.new"
		mv "$BENCH_DIR/lists/$name.new" "$BENCH_DIR/lists/$name"
	done
}
reload_gaps() { # WORKLOAD EVERY_MS: pairs of runs without and with reloads, at 30% of the rate that saturates
	local line rate pair plain busy e
	declare -F peer_reload >/dev/null || return
	[ "$1" = reload-lists ] && make_lists
	start_peer "$1" || { row "$1" err=start; return; }
	# shellcheck disable=SC2046
	line=$(generator $(load_options miss-1k) -c 32 -w 0.5 -d 1.5)
	rate=$(awk -v r="$(field "$line" rps)" 'BEGIN { print int(r * .3) }')
	for ((pair = 0; pair < PAIRS; pair++)); do
		plain=$(gap_run "$rate" no "$2")
		busy=$(gap_run "$rate" yes "$2")
		e=$(($(field "$busy" err) + $(field "$busy" fresh_err)))
		row "$1" "rate=$rate gap_ms=$(field "$busy" gap_ms) gap_plain_ms=$(field "$plain" gap_ms)" \
			"p99=$(field "$busy" p99) p99_plain=$(field "$plain" p99) max=$(field "$busy" max)" \
			"fresh_gap_ms=$(field "$busy" fresh_gap_ms) err=$e pss_mb=$(($(pss_kb) / 1024))"
	done
	stop_peer
}
with_workers() { # CPU a request with one worker on its core, and with two on both
	WORKERS=1 plain_load workers-1
	WORKERS=2 PROXY_CPU=$PROXY_CPU,$LOAD_CPU LOAD_CPU=$PROXY_CPU,$LOAD_CPU plain_load workers-2
}

# shellcheck source=tests/bench/cache.inc
. "$here/cache.inc"

medians() { # of the raw rows, as TSV
	awk '
	BEGIN { n = split("rps mbps p50 p99 max cpu_us_req cpu_s_gb cpu_pct pss_mb kb_conn gap_ms gap_plain_ms p99_plain miss_pct first_ms hit_pct clean_first_ms clean_hit_pct b_object stop_ms err", keys, " ")
		printf "workload\tpeer\treps"; for (i = 1; i <= n; i++) printf "\t%s", keys[i]; print "" }
	{ id = $1 "\t" $2; if (!(id in reps)) order[++ids] = id; reps[id]++
	  for (i = 3; i <= NF; i++) { split($i, kv, "="); value[id, kv[1], ++count[id, kv[1]]] = kv[2] } }
	function median(id, key,   k, a, i, j, t) {
		k = count[id, key]; if (!k) return "-"
		for (i = 1; i <= k; i++) { a[i] = value[id, key, i]; if (a[i] !~ /^[-0-9.]+$/) return a[i]; a[i] += 0 }
		for (i = 1; i <= k; i++) for (j = i + 1; j <= k; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
		if (key == "err") { t = 0; for (i = 1; i <= k; i++) t += a[i]; return t }
		return k % 2 ? a[(k + 1) / 2] : (a[k / 2] + a[k / 2 + 1]) / 2 }
	END { for (i = 1; i <= ids; i++) { printf "%s\t%d", order[i], reps[order[i]]
		for (j = 1; j <= n; j++) printf "\t%s", median(order[i], keys[j]); print "" } }' "$raw"
}

raw=$BENCH_DIR/run/raw.$BENCH_INSIDE
: > "$raw"
start_origin
case $workload in reload-* | stalled-disk) REPS=1 ;; esac # their pairs are their repetitions
for ((rep = 1; rep <= REPS; rep++)); do
	for name in "$@"; do
		load_peer "$name"
		supports "$workload" || { say "$name does not do $workload"; continue; }
		case $workload in
		idle-10k) idle_tunnels ;;
		reload-100ms) reload_gaps reload-100ms 100 ;;
		reload-lists) reload_gaps reload-lists "${EVERY_MS:-2000}" ;;
		workers) with_workers ;;
		hit-1k | hit-100k | hit-1m) hits "$workload" ;;
		start-1m) restarts "$workload" ;;
		stop) stops "$workload" ;;
		stalled-disk) stalled_disk "$workload" ;;
		miss-1k | miss-1k-new | miss-bulk | tunnel-bulk | tunnel-rtt | tunnel-rate | store-1k | store-100k)
			plain_load "$workload" ;;
		*) say "no workload is called $workload"; exit 2 ;;
		esac
	done
done
medians | tee -a "${OUT:-/dev/null}"
cat "$raw" >> "${RAW:-/dev/null}"
rm -f "$raw"
