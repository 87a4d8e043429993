#!/bin/bash
# setup.sh [--apt]: makes what bench.sh needs: the compiled tools and the objects the origin serves.
# With --apt it also installs the peers' Debian packages (never starting their services).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/cuttle-bench}
packages="squid-openssl tinyproxy nginx haproxy gcc libc6-dev iproute2 util-linux curl procps socat"

if [ "${1:-}" = --apt ]; then
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then # tells Debian's packages to start nothing
		printf '#!/bin/sh\nexit 101\n' > $policy
		chmod 755 $policy
		trap 'rm -f $policy' EXIT
	fi
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi
for program in squid tinyproxy nginx haproxy gcc unshare curl socat; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null ||
		echo "setup.sh: $program is missing; apt-get install $packages" >&2
done

mkdir -p "$BENCH_DIR"/{bin,www,run}
chmod 755 "$BENCH_DIR" "$BENCH_DIR"/{bin,www,run}
cflags="-O2 -g -std=gnu17 -Wall -Wextra"
# shellcheck disable=SC2086
gcc $cflags -o "$BENCH_DIR/bin/load" "$here/src/load.c" "$here/src/measure.c"
# shellcheck disable=SC2086
gcc $cflags -o "$BENCH_DIR/bin/relay" "$here/src/relay.c" "$here/src/measure.c"

object() { # NAME BYTES
	[ -s "$BENCH_DIR/www/$1" ] || head -c "$2" /dev/urandom > "$BENCH_DIR/www/$1"
}
object 1k 1024
object 100k 102400
object 1m 1048576
object 100m 104857600
chmod 644 "$BENCH_DIR"/www/*
echo "ready: $BENCH_DIR"
