#!/bin/bash
# docs/processors.md against the program: its parameters are the program's, every processor has a section, every recipe in
# it passes, every picture is there. docs/api.md: its tables are the program's, every event has an example, and its job is
# answered as it shows. docs/job.md: its keys are the program's, and its job files pass. docs/recipe.md: its keys are the
# program's, each is spoken of, and its recipes pass. docs/plan.svg is what is planned today.
set -u
cd "$(dirname "$0")/../.."
export TOPDOWN=${TOPDOWN:-build/topdown}
work=$(mktemp -d "${TMPDIR:-/tmp}/topdown-manual.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "FAILED $page: $*"; failed=$((failed + 1)); }
woven() {
    docs/weave.sh "${page#docs/}" >"$work/page" && cmp -s "$work/page" "$page" ||
        wrong "is not what the program says; docs/weave.sh ${page#docs/} renews it"
}
# A recipe of each snippet, unless it is one; steps alone stand in the chain of a group, where they may have a key. Counts them.
recipes() {
    awk -v to="$work/$(basename "$1")" '
        /^```yaml$/ { n++; file = to n ".yaml"; first = 1; next }
        /^```$/ { if (file) close(file); file = ""; next }
        file {
            if (first && !/^topdown:/) print "topdown: recipe/1\nname: snippet" >file
            if (first && (steps = /^-/)) print "groups:\n  bass:\n    chain:" >file
            first = 0
            print (steps ? "    " : "") $0 >file
        }' "$1"
    count=0
    for recipe in "$work/$(basename "$1")"*.yaml; do
        count=$((count + 1))
        "$TOPDOWN" recipe check --quiet "$recipe" || wrong "a recipe in it: $(sed -n 4,9p "$recipe")"
    done
}

page=docs/api.md
woven
for event in $("$TOPDOWN" help webhooks | sed -n 's/^  \(job\.[a-z]*\) .*/\1/p'); do
    grep -q "\"type\":\"$event\"" "$page" || wrong "no example of $event"
done

"$TOPDOWN" serve --listen 127.0.0.1:0 --data "$work/data" >"$work/serve.log" 2>&1 &
serve=$!
for _ in $(seq 50); do grep -q http:// "$work/serve.log" && break; sleep 0.1; done
tests/manual/answers.py "$page" "$(grep -o 'http://[0-9.:]*' "$work/serve.log" | head -n 1)" "$(cat "$work/data/api-key")" ||
    wrong "is not what a service answers"
kill "$serve"
wait "$serve"

page=docs/job.md
woven
awk -v to="$work/job" '
    /^```yaml$/ { n++; file = to n ".yaml"; next }
    /^```$/ { if (file) close(file); file = ""; next }
    file { print >file }' "$page"
mkdir -p "$work/stems" "$work/refs" # what its jobs name is there
touch "$work/refs/rough mix.wav" "$work/stems/07 Spur 7.wav" "$work/stems/Snare Bottom.wav"
jobs=0
for job in "$work"/job*.yaml; do
    jobs=$((jobs + 1))
    "$TOPDOWN" job check --quiet "$job" || wrong "a job in it: $(cat "$job")"
done
[ "$jobs" -ge 2 ] || wrong "no jobs in it"

page=docs/recipe.md
woven
recipes "$page"
all=$count
[ "$all" -ge 10 ] || wrong "few recipes in it"
"$TOPDOWN" help recipe-file | awk '/^  / { print $1 }' | sort -u >"$work/keys"
while read -r key; do
    sed '/^## Every key/q' "$page" | grep -qE "\b$key\b" || wrong "says nothing of $key"
done <"$work/keys"

page=docs/processors.md
woven

"$TOPDOWN" recipe processors | awk '{ print $1 }' | sort >"$work/processors"
sed -n 's/^## //p' "$page" | sort | diff "$work/processors" - || wrong "a processor without a section, or a section without one"

sed -n 's/^!\[.*](\(processors\/.*\.svg\))$/\1/p' "$page" | sort >"$work/shown"
(cd docs && ls processors/*.svg) | diff "$work/shown" - || wrong "a picture that is not there, or not shown"

recipes "$page"
[ "$count" -ge "$(wc -l <"$work/processors")" ] || wrong "fewer recipes than processors"

page=docs/plan.svg
if script -qec true /dev/null >/dev/null 2>&1; then
    docs/plan_picture.sh "$work/plan.svg"
    cmp -s "$work/plan.svg" "$page" || wrong "is not what is planned; docs/plan_picture.sh renews it"
else
    echo "skipped: $page, for no pseudo-terminal can be had here"
fi

echo "manual: $((all + count)) recipes, $jobs jobs, $(wc -l <"$work/processors") processors, $failed failed"
[ "$failed" -eq 0 ]
