#!/bin/sh
# Draws docs/plan.svg, or another file: what `topdown plan` prints for the shipped session in a terminal of 164 columns.
set -eu
cd "$(dirname "$0")/.."
plan="${TOPDOWN:-build/topdown} plan demo/stems --tempo 124 --title Lithium --recipe pop-rock --no-cache"
script -qec "stty cols 164; $plan 2>/dev/null" /dev/null | tr -d '\r' | awk '
    function safe(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
    { line[NR] = safe($0) }
    END {
        h = NR * 17 + 54
        printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1290 %d\" width=\"1290\" height=\"%d\">\n", h, h
        print "<style>text{white-space:pre}</style>"
        print "<title>The plan of the shipped session by the recipe pop-rock</title>"
        printf "<rect width=\"1290\" height=\"%d\" rx=\"8\" fill=\"#14181d\"/>\n", h
        print "<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"12.4\" fill=\"#cfd6dd\">"
        print "<text x=\"18\" y=\"26\" fill=\"#7fd1ae\">$ topdown plan demo/stems --tempo 124 --recipe pop-rock</text>"
        for (i = 1; i <= NR; i++) {
            colour = line[i] ~ /^([A-Z ]+|STEMS .*)$/ ? " fill=\"#e6c07b\" font-weight=\"bold\"" : line[i] ~ /^(NOT USED|WARNINGS|Plan|Balance)/ ? " fill=\"#9db4c8\"" : ""
            printf "<text x=\"18\" y=\"%d\"%s>%s</text>\n", 30 + i * 17, colour, line[i]
        }
        print "</g></svg>"
    }' >"${1:-docs/plan.svg}"
