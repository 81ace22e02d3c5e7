#!/bin/sh
# Prints a page of this folder with its marked passages as the program says them now:
# <!-- processor NAME --> the first line of `topdown recipe processors NAME --markdown`, <!-- parameters NAME --> the rest,
# <!-- help TOPIC --> what `topdown help TOPIC` says.
set -eu
cd "$(dirname "$0")/.."
topdown=${TOPDOWN:-build/topdown}
awk -v topdown="$topdown" '
    /^<!-- \/ -->$/ { skip = 0 }
    !skip { print }
    /^<!-- (processor|parameters|help) [a-z_-]+ -->$/ {
        skip = 1
        help = $2 == "help"
        call = topdown (help ? " help " $3 : " recipe processors " $3 " --markdown")
        if (help) print "```text"
        for (n = 0; (call | getline line) > 0; n++)
            if (help || ($2 == "processor" ? n == 0 : n > 1)) print line
        if (help) print "```"
        if (close(call)) exit 1
    }' "docs/$1"
