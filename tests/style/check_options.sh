#!/bin/sh
# cuttle --help and the man page name the same options, for the program and for each of its commands, and
# --help is what the program really takes.
# usage: check_options.sh TOP BUILD
set -eu
cuttle=$2/src/cuttle
man=$1/doc/cuttle.8

# compare WHAT "options in help" "options in the man page"
compare() {
	[ "$2" != "$3" ] || return 0
	echo "$1 --help has:" $2
	echo "doc/cuttle.8 has: " $3
	exit 1
}

options_of_help() { grep -E '^  ' | cut -c1-18 | grep -oE -- '(^| )--?[A-Za-z][a-z-]*' | tr -d ' ' | sort; }
options_of_man() {
	grep -E '^\.It Fl' | sed -E 's/Fl Fl /--/g; s/Fl /-/g' | grep -oE -- '(^| )--?[A-Za-z][a-z-]*' | tr -d ' ' | sort
}

help=$("$cuttle" --help) || : # its status is 1, as that of Squid's
compare cuttle "$(echo "$help" | options_of_help)" "$(sed '/^\.Sh COMMANDS/,/^\.Sh SIGNALS/d' "$man" | options_of_man)"

commands=$(echo "$help" | sed -n '/^commands, /,/^[^ ]/s/^  \([a-z]*\) .*/\1/p')
compare "cuttle (commands)" "$commands" "$(sed -n 's/^\.Ss //p' "$man")"
for command in $commands; do
	compare "cuttle $command" "$("$cuttle" "$command" --help | options_of_help)" \
		"$(sed -n "/^\.Ss $command\$/,/^\.S[sh] /p" "$man" | options_of_man)"
done

verbs_in_help=$(echo "$help" | sed -n 's/^verbs of -k.*: //p' | tr ' ' '\n' | sort)
compare "cuttle (verbs)" "$verbs_in_help" "$(sed -n 's/^\.It Cm //p' "$man" | sort)"
