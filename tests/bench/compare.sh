#!/bin/bash
# compare.sh [WORKLOAD...]: measures Cuttle beside its peers and writes a markdown table of the ratios.
# The goals are below. Environment as for bench.sh; the raw medians go to $BENCH_DIR/compare.tsv.
set -u
here=$(cd "$(dirname "$0")" && pwd)
export BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/cuttle-bench}
tsv=$BENCH_DIR/compare.tsv
# workload, figure, unit, what it is held against, at most (x times that peer, or +N above it), peers beside it
goals="\
miss-1k      cpu_us_req us/request haproxy      1.00x squid,tinyproxy,haproxy,nginx
miss-1k-new  cpu_us_req us/request haproxy      1.00x squid,tinyproxy,haproxy,nginx
miss-bulk    cpu_s_gb   CPU-s/GB   relay-splice 1.15x squid,tinyproxy,haproxy,relay-splice
tunnel-bulk  cpu_s_gb   CPU-s/GB   relay-splice 1.10x squid,tinyproxy,haproxy,relay-splice,relay-splice1m
tunnel-rtt   cpu_us_req us/trip    relay-copy   1.10x squid,tinyproxy,haproxy,relay-copy
tunnel-rate  cpu_us_req us/tunnel  haproxy      1.05x squid,tinyproxy,haproxy
idle-10k     kb_conn    KB/tunnel  -            1.5   squid,haproxy
reload-100ms gap        ms         -            5     squid,haproxy
reload-lists gap        ms         -            10    squid
workers      rise       %          nginx        +10   nginx"
[ $# -gt 0 ] || set -- $(awk '{ print $1 }' <<<"$goals")
: > "$tsv"
for workload in "$@"; do
	peers=$(awk -v w="$workload" '$1 == w { gsub(",", " ", $6); print $6 }' <<<"$goals")
	# shellcheck disable=SC2086
	OUT=$tsv "$here/bench.sh" "$workload" cuttle $peers >/dev/null || exit
done
awk -F'\t' -v goals="$goals" '
$1 == "workload" { for (i = 1; i <= NF; i++) col[$i] = i; next }
{ for (k in col) v[$1, $2, k] = $(col[k]); if (!seen[$1, $2]++) peers[$1] = peers[$1] " " $2 }
function figure(w, p, key,   a, b) {
	if (key == "gap") { a = v[w, p, "gap_ms"]; b = v[w, p, "gap_plain_ms"]; return a == "" || a == "-" ? "" : a - b }
	if (key == "rise") { a = v["workers-1", p, "cpu_us_req"]; b = v["workers-2", p, "cpu_us_req"]; return a ? 100 * (b / a - 1) : "" }
	a = v[w, p, key]; return a == "-" ? "" : a }
function num(x) { return x == "" ? "-" : sprintf(x < 1 && x > -1 ? "%.3f" : "%.1f", x) }
END {
	print "| workload | figure | cuttle | held against | ratio | at most | met | errors | beside it |"
	print "|---|---|--:|---|--:|--:|---|--:|---|"
	n = split(goals, lines, "\n")
	for (i = 1; i <= n; i++) {
		split(lines[i], g, " "); w = g[1]; row = w == "workers" ? "workers-1" : w
		if (!(row in peers)) continue
		mine = figure(w, "cuttle", g[2]); ref = g[4] == "-" ? "" : figure(w, g[4], g[2]); limit = g[5]
		if (limit ~ /x$/) { ratio = ref > 0 && mine != "" ? mine / ref : ""; met = ratio != "" && ratio <= limit + 0 }
		else if (limit ~ /^\+/) { ratio = ""; met = mine != "" && mine - ref <= limit + 0 }
		else { ratio = ""; met = mine != "" && mine <= limit + 0 }
		err = v[row, "cuttle", "err"]; if (err != 0) met = 0
		beside = ""; m = split(peers[row], names, " ")
		for (j = 1; j <= m; j++) if (names[j] != "cuttle") beside = beside (beside == "" ? "" : ", ") names[j] " " num(figure(w, names[j], g[2])) (v[row, names[j], "err"] > 0 ? " (" v[row, names[j], "err"] " errors)" : "")
		printf "| %s | %s | %s | %s %s | %s | %s | %s | %s | %s |\n", w, g[3], num(mine), g[4], num(ref),
			ratio == "" ? "-" : sprintf("%.2f", ratio), limit, met ? "yes" : "no", err, beside
	}
}' "$tsv"
