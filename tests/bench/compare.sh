#!/bin/bash
# compare.sh [WORKLOAD...]: measures Cuttle beside its peers and writes a markdown table of the ratios.
# The goals are below. Environment as for bench.sh; the raw medians go to $BENCH_DIR/compare.tsv.
set -u
here=$(cd "$(dirname "$0")" && pwd)
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/cuttle-bench}
tsv=$BENCH_DIR/compare.tsv raw=$BENCH_DIR/compare.raw
# workload, figure, unit, whose, what it is held against, the limit (x times that peer's in the same pair of runs; +N: that
# much above it; >N: at least; else at most), peers beside it
goals="\
miss-1k      cpu_us_req us/request cuttle      haproxy      1.00x squid,tinyproxy,nginx
miss-1k-new  cpu_us_req us/request cuttle      haproxy      1.00x squid,tinyproxy,nginx
miss-bulk    cpu_s_gb   CPU-s/GB   cuttle      relay-splice 1.15x squid,tinyproxy,haproxy
tunnel-bulk  cpu_s_gb   CPU-s/GB   cuttle      relay-splice 1.10x squid,tinyproxy,haproxy,relay-splice1m
tunnel-rtt   cpu_us_req us/trip    cuttle      relay-copy   1.10x squid,tinyproxy,haproxy
tunnel-rate  cpu_us_req us/tunnel  cuttle      haproxy      1.05x squid,tinyproxy
idle-10k     kb_conn    KB/tunnel  cuttle      -            1.5   squid,haproxy
reload-100ms gap        ms         cuttle      -            5     squid,haproxy
reload-lists gap        ms         cuttle      -            10    squid
workers      rise       %          cuttle      nginx        +10   -
hit-1k       cpu_us_req us/request cuttle      nginx-cache  0.90x cuttle-mem,squid-mem,squid-disk
hit-1k       cpu_us_req us/request cuttle-disk nginx-cache  1.20x squid-disk
hit-100k     cpu_us_req us/request cuttle      nginx-cache  1.00x cuttle-mem,squid-mem,squid-disk
hit-100k     cpu_us_req us/request cuttle-disk nginx-cache  1.20x squid-disk
hit-1m       cpu_us_req us/request cuttle      nginx-cache  1.05x cuttle-mem,squid-mem,squid-disk
hit-1m       cpu_us_req us/request cuttle-disk nginx-cache  1.20x squid-disk
store-1k     cpu_us_req us/request cuttle      nginx-cache  1.00x cuttle-mem,squid-disk
store-100k   cpu_us_req us/request cuttle      nginx-cache  1.00x cuttle-mem,squid-disk
start-1m     first_ms   ms         cuttle      -            100   nginx-cache,squid-disk
start-1m     hit_pct    %          cuttle      -            >100  nginx-cache,squid-disk
start-1m     b_object   B/object   cuttle      -            74    nginx-cache,squid-disk
stop         stop_ms    ms         cuttle      -            500   nginx-cache,squid-disk
stalled-disk stalled    times      cuttle      -            2     -"
[ $# -gt 0 ] || set -- $(awk '!seen[$1]++ { print $1 }' <<<"$goals")
: > "$tsv"
: > "$raw"
for workload in "$@"; do
	peers=$(awk -v w="$workload" '$1 == w { n = split($4 "," $5 "," $7, p, ",")
		for (i = 1; i <= n; i++) if (p[i] != "-" && !seen[p[i]]++) printf "%s ", p[i] }' <<<"$goals")
	# shellcheck disable=SC2086
	OUT=$tsv RAW=$raw "$here/bench.sh" "$workload" $peers >/dev/null || exit
done
awk -v goals="$goals" '
FNR == 1 { files++ }
files == 1 { # runs: WORKLOAD PEER KEY=VALUE...
	run = ++runs[$1, $2]
	for (i = 3; i <= NF; i++) { split($i, kv, "="); each[$1, $2, kv[1], run] = kv[2] }
	next }
$1 == "workload" { for (i = 1; i <= NF; i++) col[$i] = i; next }
{ for (k in col) v[$1, $2, k] = $(col[k]); if (!seen[$1, $2]++) peers[$1] = peers[$1] " " $2 }
function middle(a, n,   i, j, t) {
	for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
	return n == 0 ? "" : n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
# The median over pairs of runs, one after the other, of x / y.
function ratio_of(w, p, key, q, other,   i, n, a) {
	for (i = 1; i <= runs[w, p]; i++) if (each[w, q, other, i] > 0 && (w, p, key, i) in each) a[++n] = each[w, p, key, i] / each[w, q, other, i]
	return middle(a, n) }
function figure(w, p, key,   a, b) {
	if (key == "gap") { a = v[w, p, "gap_ms"]; b = v[w, p, "gap_plain_ms"]; return a == "" || a == "-" ? "" : a - b }
	if (key == "rise") { a = v["workers-1", p, "cpu_us_req"]; b = v["workers-2", p, "cpu_us_req"]; return a ? 100 * (b / a - 1) : "" }
	if (key == "stalled") return ratio_of(w, p, "p99", p, "p99_plain")
	a = v[w, p, key]; return a == "-" ? "" : a }
function num(x) { return x == "" ? "-" : sprintf(x < 1 && x > -1 ? "%.3f" : "%.1f", x) }
END {
	print "| workload | figure | whose | is | held against | ratio | limit | met | errors | beside it |"
	print "|---|---|---|--:|---|--:|--:|---|--:|---|"
	n = split(goals, lines, "\n")
	for (i = 1; i <= n; i++) {
		split(lines[i], g, " "); w = g[1]; who = g[4]; row = w == "workers" ? "workers-1" : w
		if (!(row in peers)) continue
		mine = figure(w, who, g[2]); ref = g[5] == "-" ? "" : figure(w, g[5], g[2]); limit = g[6]; ratio = ""
		if (limit ~ /x$/) { ratio = ratio_of(w, who, g[2], g[5], g[2]); met = ratio != "" && ratio <= limit + 0 }
		else if (limit ~ /^\+/) met = mine != "" && mine - ref <= limit + 0
		else if (limit ~ /^>/) met = mine != "" && mine >= substr(limit, 2) + 0
		else met = mine != "" && mine <= limit + 0
		err = v[row, who, "err"]; if (err + 0 != 0 || v[row, who, "miss_pct"] > 1) met = 0
		beside = ""; m = split(g[7], names, ",")
		for (j = 1; j <= m; j++) if ((row, names[j]) in seen) beside = beside (beside == "" ? "" : ", ") names[j] " " num(figure(w, names[j], g[2])) (v[row, names[j], "err"] > 0 ? " (" v[row, names[j], "err"] " errors)" : "")
		printf "| %s | %s | %s | %s | %s %s | %s | %s | %s | %s | %s |\n", w, g[3], who, num(mine), g[5], num(ref),
			ratio == "" ? "-" : sprintf("%.2f", ratio), limit, met ? "yes" : "no", err, beside
	}
}' "$raw" FS='\t' "$tsv"
