#!/bin/bash
# Processors from outside: recipes of one step, run by the program on sounds sox makes, heard by ear.c, ffmpeg and awk.
# Each job also runs a recipe without steps: what a step does is its premaster against that one's.
set -u
cd "$(dirname "$0")/../.."
topdown=$(realpath "${TOPDOWN:-build/topdown}")
work=$(mktemp -d "${TMPDIR:-/tmp}/topdown-rack.XXXXXX")
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache LC_ALL=C
${CC:-cc} -O2 tests/mix/ear.c -o "$work/ear" -lm || exit 1
passed=0 failed=0

judge() { # DESCRIPTION AWK-PROGRAM COMMAND...: the program reads what the command prints, and exits 1 when it is wrong
    local what=$1 program=$2
    shift 2
    if "$@" | awk "$program" >"$work/said"; then
        passed=$((passed + 1))
        [ -z "${VERBOSE:-}" ] || echo "ok $what: $(cat "$work/said")"
    else
        failed=$((failed + 1))
        echo "FAILED $what: $(cat "$work/said")"
    fi
}
# What awk prints at the end: the worst of what it saw, against a limit.
worst='function abs(x) { return x < 0 ? -x : x } function see(e) { if (!(abs(e) <= most)) most = abs(e) }
       function end(limit) { print "worst " most + 0 ", allowed " limit; exit !(NR && most <= limit) }'

mix() { # JOB SOUND NAME STEP...: runs recipes NAME of one STEP each on a sound, and `wire`; floats in $work/JOB/NAME
    local job=$1 sound=$2 recipes=./wire.yaml
    mkdir -p "$work/$job"
    printf 'topdown: recipe/1\nname: wire\n' >"$work/$job/wire.yaml"
    shift 2
    while [ $# -gt 0 ]; do
        printf 'topdown: recipe/1\nname: %s\nmix: { chain: [ %s ] }\n' "$1" "$2" >"$work/$job/$1.yaml"
        recipes="$recipes, ./$1.yaml"
        shift 2
    done
    cp "$sound" "$work/$job/sound.wav"
    cat >"$work/$job/job.yaml" <<JOB
topdown: job/1
title: Rack
stems: { files: [ { file: sound.wav, role: keys } ] }
balance: even
recipes: [ $recipes ]
outputs: { premaster: { format: wav, bits: 32 } }
JOB
    "$topdown" mix --job "$work/$job/job.yaml" -o "$work/$job/out" --quiet >/dev/null || { failed=$((failed + 1)); echo "FAILED job $job"; return; }
    for f in "$work/$job"/out/*Premaster*.wav; do
        local name
        name=$(basename "$f" | sed 's/^Rack_//; s/01_Premaster.*//' | tr '[:upper:]' '[:lower:]')
        sox "$f" -t f32 - remix 1 >"$work/$job/$name"
    done
}
sound() { sox -n -r 48000 -b 24 "$work/$1.wav" "${@:2}"; }

# ---- filters: a sweep, third octaves against the analog prototypes --------------------------------------------------

sound sweep synth 8 sine 15/23000 gain -6 pad 0.5 0.5
mix filters "$work/sweep.wav" \
    bell 'eq: [ bell: { at: 12 kHz, gain: +6 dB, q: 1.0 } ]' \
    cut 'eq: [ bell: { at: 16 kHz, gain: -12 dB, q: 2.0 } ]' \
    shelf 'eq: [ high_shelf: { at: 10 kHz, gain: +3 dB } ]' \
    low 'eq: [ low_cut: { at: 80 Hz, slope: 12 dB/oct } ]' \
    linear 'eq: { phase: linear, bands: [ bell: { at: 1 kHz, gain: -6 dB, q: 1.0 } ] }' \
    rest 'multiband: { bands: [ { ratio: 1:1 }, { ratio: 1:1 }, { ratio: 1:1 }, { ratio: 1:1 } ] }'
# without steps: what the plan says it is, -3.01 dB a side, the clip gain of the bus and the trim of the mix
planned=$(awk '/clip_gain:|trim:/ { sum += $2 } END { print sum + 10 * log(0.5) / log(10) }' "$work"/filters/out/plan-wire.yaml)
sox "$work/sweep.wav" -t f32 - >"$work/filters/sent"
judge "no step: the gains of the plan, nothing else" "$worst"'$1 > 25 { see($2 - '"$planned"'); see($3) } END { end(0.01) }' \
    "$work/ear" response "$work/filters/sent" "$work/filters/wire"
heard() { "$work/ear" response "$work/filters/wire" "$work/filters/$1"; }
analog="$worst"' function db(p) { return 10 * log(p) / log(10) }
    function bell(f, at, q, gain,   a, w) { a = 10^(gain / 40); w = f / at
        return db(((1 - w*w)^2 + (w*a/q)^2) / ((1 - w*w)^2 + (w/(a*q))^2)) }
    function shelf(f, at, q, gain,   a, r, w) { a = 10^(gain / 40); r = sqrt(a); w = f / at
        return db(a*a * ((1 - a*w*w)^2 + (r/q*w)^2) / ((a - w*w)^2 + (r/q*w)^2)) }
    function cut(f, at,   w) { w = f / at; return db(w^4 / ((1 - w*w)^2 + 2*w*w)) }'
judge "bell at 12 kHz is the analog one" "$analog"'{ see($2 - bell($1, 12000, 1, 6)) } END { end(0.1) }' heard bell
judge "bell at 16 kHz, 12 dB down, too" "$analog"'{ see($2 - bell($1, 16000, 2, -12)) } END { end(0.1) }' heard cut
judge "high shelf at 10 kHz, too" "$analog"'{ see($2 - shelf($1, 10000, sqrt(0.5), 3)) } END { end(0.1) }' heard shelf
judge "low cut at 80 Hz, too" "$analog"'{ see($2 - cut($1, 80)) } END { end(0.1) }' heard low
judge "linear phase: the magnitude" "$analog"'{ see($2 - bell($1, 1000, 1, -6)) } END { end(0.05) }' heard linear
judge "linear phase: in its place, all frequencies alike" "$worst"'{ see($3) } END { end(0.01) }' heard linear
judge "a multiband at rest is flat" "$worst"'{ see($2) } END { end(0.001) }' heard rest

# ---- level: a sine in steps of 4 dB, against the static curve -------------------------------------------------------

for i in $(seq 0 15); do sound "step$i" synth 0.75 sine 1000 gain $((4 * i - 61)); done
sox $(seq -f "$work/step%.0f.wav" 0 15) "$work/steps.wav"
mix levels "$work/steps.wav" \
    hard 'compressor: { threshold: -40 dBFS, ratio: 4:1, knee: 0 dB, attack: 5 ms, release: 50 ms }' \
    glue 'compressor: { model: glue, threshold: -34 dBFS, ratio: 2:1, knee: 6 dB, release: 100 ms }' \
    expand 'expander: { threshold: -40 dBFS, ratio: 2:1, knee: 6 dB, range: 60 dB, hysteresis: 0 dB, hold: 0 ms, release: 30 ms }' \
    limit 'limiter: { ceiling: -30 dBFS }'
both() { paste <("$work/ear" levels "$work/levels/wire" 0.75) <("$work/ear" levels "$work/levels/$1" 0.75) | head -16; }
curve="$worst"' function down(x, t, r, w,   o) { o = x - t
        return o <= -w/2 ? 0 : o < w/2 ? (1 - 1/r) * (o + w/2)^2 / (2*w) : (1 - 1/r) * o }'
judge "compressor 4:1, hard knee" "$curve"'{ see($1 - $2 - down($1, -40, 4, 0)) } END { end(0.05) }' both hard
judge "compressor glue 2:1, knee of 6 dB" "$curve"'{ see($1 - $2 - down($1, -34, 2, 6)) } END { end(0.05) }' both glue
judge "expander 2:1, knee of 6 dB" "$curve"'{ see($2 - $1 - down(-$1, 40, 0.5, 6)) } END { end(0.05) }' both expand
judge "limiter: nothing above the ceiling" '{ if ($2 > -30) bad = 1 } END { exit bad }' both limit
judge "limiter: what is below passes" "$worst"'$1 < -30.2 { see($1 - $2) } END { end(0.0001) }' both limit
ebur128() { ffmpeg -hide_banner -nostats -i "$1" -af ebur128=peak=true:framelog=verbose -f null - 2>&1; }
judge "limiter: the ceiling by ffmpeg's true-peak meter" '/Peak:/ { p = $2 } END { print p; exit !(p != "" && p <= -30) }' \
    ebur128 "$work"/levels/out/Rack_Limit01_*.wav

# ---- colour: one tone, what folds back ------------------------------------------------------------------------------

sound tone synth 4 sine 9001 gain -1
mix colour "$work/tone.wav" \
    tube 'saturation: { model: tube, drive: 6 dB }' diode 'saturation: { model: diode, drive: 6 dB }' \
    pentode 'saturation: { model: pentode, drive: 30 dB }' triode 'saturation: { model: triode, drive: 24 dB }' \
    machine 'tape: { drive: 6 dB }' clip 'clipper: { ceiling: -30 dBFS, knee: 0 dB }'
for name in tube diode machine; do
    judge "$name at 6 dB: aliases" "$worst"'{ print $1 " dB"; exit !($1 < -90) }' "$work/ear" folded "$work/colour/$name" 9001
done
for name in pentode triode clip; do
    judge "$name, hard: aliases" "$worst"'{ print $1 " dB"; exit !($1 < -70) }' "$work/ear" folded "$work/colour/$name" 9001
done

# ---- space: a burst of noise, how it dies; a click, when it comes back ----------------------------------------------

sound burst synth 1 whitenoise gain -6 pad 0 6
mix space "$work/burst.wav" \
    hall 'reverb: { model: hall, decay: 2 s, damping: 0 % }' \
    plate 'reverb: { model: plate, decay: 1.2 s, predelay: 0 ms }' \
    echo 'delay: { time: 300 ms, feedback: 0 %, low_cut: 20 Hz, high_cut: 20 kHz }'
dies() {
    sox -t f32 -r 48000 -c 1 "$work/space/$1" -t f32 - bandpass 1000 1.41q bandpass 1000 1.41q >"$work/band"
    "$work/ear" decay "$work/band" 1.1
}
judge "hall: 2 s at 1 kHz" "$worst"'{ see($1 / 2 - 1) } END { end(0.05) }' dies hall
judge "plate: 1.2 s at 1 kHz" "$worst"'{ see($1 / 1.2 - 1) } END { end(0.05) }' dies plate
onsets() { echo "$("$work/ear" onset "$work/space/wire")" "$("$work/ear" onset "$work/space/echo")"; }
judge "echo: 300 ms to the sample" '{ print $2 - $1; exit !($2 - $1 == 14400) }' onsets

echo "rack: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
