#!/bin/sh
# doc/cuttle.conf.5 is what cuttle --manual prints, but for the folders of this build, and groff takes both pages.
# usage: check_manual.sh TOP BUILD [--write]
set -eu
page=$(mktemp)
trap 'rm -f "$page"' EXIT
"$2/src/cuttle" --manual | sed -E 's#^(Default: (daemon:)?)/.*(/log/cuttle/)#\1/usr/local/var\3#
	/^\.B cache_effective_user\\/,/^Default:/s/^Default: .*/Default: proxy/' >"$page"
if [ "${3-}" = --write ]; then
	cp "$page" "$1/doc/cuttle.conf.5"
elif ! diff "$1/doc/cuttle.conf.5" "$page"; then
	echo "doc/cuttle.conf.5 differs from the directives' rows: make update-doc writes it anew"
	exit 1
fi
command -v groff >/dev/null || exit 0
for man in "$1/doc/cuttle.conf.5" "$1/doc/cuttle.8"; do
	said=$(groff -mandoc -Tutf8 -ww -z "$man" 2>&1)
	[ -z "$said" ] || { echo "$said"; exit 1; }
done
