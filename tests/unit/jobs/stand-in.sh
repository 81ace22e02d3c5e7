#!/bin/sh
# Stands in for `topdown mix` in test_service.c, which copies it into a folder of its own. A file `mix` beside it is
# sourced before anything is written, and may end or kill this run; $n is how many runs there were.
here=${0%/*}
[ "$1 $2 $3 $4 $5 $6" = "mix --job job.yaml --json -o out" ] || exit 2
env >"$here/environment"
cp job.yaml "$here/seen.yaml"
echo run >>"$here/runs"
n=$(wc -l <"$here/runs")
echo "this line is no object"
echo '{"type":"progress","v":1,"stage":"rendering","fraction":0.5,"mix":"Warm"}'
if [ -e "$here/mix" ]; then . "$here/mix"; fi
printf 'sound' >out/Song_Master_48k24.wav
printf 'path: %s/in/000/Kick.wav\n' "$PWD" >out/plan-Warm.yaml
cat >out/report.json <<REPORT
{ "v": 1, "session": { "stems": [ { "codes": [ "dc" ] }, { "codes": [] } ], "duration_s": 2.5, "rate_hz": 48000 },
  "mixes": [ { "label": "Warm", "recipe": "plain", "recipe_revision": 3, "state": "done",
    "portrait": { "file": "Song_Master_48k24.wav" }, "outputs": [
    { "name": "Song_Master_48k24.wav", "kind": "master", "loudness_lufs": -14.0, "true_peak_dbtp": -1.25 } ] } ] }
REPORT
echo '{"type":"done","v":1,"report":"report.json","mixes":1}'
