#!/bin/sh
# Prints docs/processors.md with its marked passages as the program says them now:
# <!-- processor NAME --> the first line of `topdown recipe processors NAME --markdown`, <!-- parameters NAME --> the rest.
set -eu
cd "$(dirname "$0")/.."
topdown=${TOPDOWN:-build/topdown}
awk -v topdown="$topdown" '
    /^<!-- \/ -->$/ { skip = 0 }
    !skip { print }
    /^<!-- (processor|parameters) [a-z_]+ -->$/ {
        skip = 1
        call = topdown " recipe processors " $3 " --markdown"
        for (n = 0; (call | getline line) > 0; n++)
            if ($2 == "processor" ? n == 0 : n > 1) print line
        if (close(call)) exit 1
    }' docs/processors.md
