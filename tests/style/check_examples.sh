#!/bin/sh
# The configurations that we hand out can be used, without a warning.
# usage: check_examples.sh TOP BUILD
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed -n '/^A first squid.conf/,/^Why, what if/s/^    \([a-z_#][a-z_ ].*\)/\1/p' "$1/README" |
	grep -vE '^(cuttle|mkdir) ' >"$folder/README.conf"
cp "$1/etc/cuttle.conf.default" "$folder/default.conf"
for conf in "$folder"/*.conf; do
	said=$("$2/src/cuttle" -k parse -f "$conf" 2>&1) || { echo "$said"; exit 1; }
	case $said in
	*"0 errors, 0 warnings"*) ;;
	*) echo "$said"; exit 1 ;;
	esac
	grep -q '^http_access deny all' "$conf" || { echo "$conf: not all of it was found"; exit 1; }
done
