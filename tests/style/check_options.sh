#!/bin/sh
# cuttle --help and the man page name the same options, and --help is what the program really takes.
# usage: check_options.sh TOP BUILD
set -eu
cuttle=$2/src/cuttle
help=$("$cuttle" --help)
in_help=$(echo "$help" | grep -E '^  ' | cut -c1-18 | grep -oE -- '(^| )--?[A-Za-z][a-z-]*' | tr -d ' ' | sort)
in_man=$(grep -E '^\.It Fl' "$1/doc/cuttle.8" | sed -E 's/Fl Fl /--/g; s/Fl /-/g' |
	grep -oE -- '(^| )--?[A-Za-z][a-z-]*' | tr -d ' ' | sort)
if [ "$in_help" != "$in_man" ]; then
	echo "cuttle --help has:" $in_help
	echo "doc/cuttle.8 has: " $in_man
	exit 1
fi
verbs_in_help=$(echo "$help" | sed -n 's/^verbs of -k.*: //p' | tr ' ' '\n' | sort)
verbs_in_man=$(sed -n 's/^\.It Cm //p' "$1/doc/cuttle.8" | sort)
if [ "$verbs_in_help" != "$verbs_in_man" ]; then
	echo "cuttle --help has verbs:" $verbs_in_help
	echo "doc/cuttle.8 has verbs: " $verbs_in_man
	exit 1
fi
