#!/bin/bash
# The program where a machine or a person is against it: no room, no rights, pipes for stems, Ctrl-C, odd names.
cd "$(dirname "$0")/../.."
. tests/mix/lib.sh
recipe='topdown: recipe/1
name: plain
title: Plain'
mkdir -p "$work/recipes" "$work/stems"
echo "$recipe" >"$work/recipes/plain.yaml"
cp demo/stems/*KICK.flac "$work/stems/Kick.flac"
cp demo/stems/*PIANO.flac "$work/stems/Piano.flac"
mix() { "$topdown" mix --recipes "$work/recipes" -r plain --tempo 124 --title Lithium --no-cache -q "$@"; }
is_empty() { [ -z "$(ls -A "$1")" ] || { ls -A "$1"; return 1; }; }
stopped() { # SIGNAL: sent while stems are heard; ends within seconds and leaves nothing
    mkdir -p "$work/stop$1"
    "$topdown" mix --recipes "$work/recipes" -r plain --no-cache demo/stems -o "$work/stop$1" >"$work/heard" 2>&1 &
    local pid=$! end=$((SECONDS + 60)) code=0
    until grep -q survey "$work/heard" || [ "$SECONDS" -ge "$end" ]; do sleep 0.05; done
    kill -s "$1" "$pid"
    wait "$pid" || code=$?
    cat "$work/heard"
    [ "$code" -eq $((128 + $(kill -l "$1"))) ] && ! grep -q rendering "$work/heard" && is_empty "$work/stop$1"
}

ok "Ctrl-C ends a survey" stopped INT
ok "and so does SIGTERM" stopped TERM
mkdir -p "$work/long"
sox -n -r 44100 -c 1 -b 16 "$work/minute.wav" synth 60 pinknoise gain -20
for i in 1 2 3; do sox "$work/minute.wav" "$work/long/Synth $i.wav" pad 0 "$i" repeat 9; done
sox -m "$work"/long/*.wav "$work/long.wav"
printf 'topdown: job/1\nstems: { folder: long }\nrough: long.wav\ntempo: 120\nrecipes: [ recipes/plain.yaml ]\n' \
    >"$work/long.yaml"
stopped_in_rough() { # while a rough mix is read, which tells how far it is
    "$topdown" plan --job "$work/long.yaml" --json >"$work/heard" 2>&1 &
    local pid=$! end=$((SECONDS + 120)) code=0 asked
    until grep -Eq '"stage": *"rough", *"fraction": *0\.0*[1-9]' "$work/heard" || [ "$SECONDS" -ge "$end" ]; do sleep 0.05; done
    kill -s TERM "$pid"
    asked=$SECONDS
    wait "$pid" || code=$?
    [ "$code" -eq 143 ] && [ $((SECONDS - asked)) -le 5 ]
}
ok "SIGTERM while a rough mix is read ends within seconds" stopped_in_rough
rm -r "$work/long" "$work/long.wav" "$work/minute.wav"

# what is named like sound and cannot be read is never left out in silence
mkfifo "$work/pipe.wav"
ln -s "$work/loop.wav" "$work/loop.wav"
for what in "$work/pipe.wav" "$work/loop.wav" /dev/zero "$work/none.wav"; do
    ok "no stem: $what" exits 2 mix "$what" -o "$work/x"
done
cp -r "$work/stems" "$work/missed"
ln -s nowhere.wav "$work/missed/Vox.wav"
ok "a link to nowhere is a stem that is missed" says "Vox.wav" mix "$work/missed" -o "$work/x"
cp -r "$work/stems" "$work/phoned"
printf '\0\0\0\040ftypM4A %0100d' 0 >"$work/phoned/Pad.m4a"
ok "sound of a format that is not read is refused like what is broken" \
    says "is an MP4 or M4A file, not a sound file; export it as WAV, AIFF or FLAC" \
    "$topdown" check "$work/phoned" -q
ok "and keeps it from being mixed without" exits 3 mix "$work/phoned" -o "$work/x"
mkdir "$work/hushed"
python3 -c 'import sys, wave
w = wave.open(sys.argv[1], "wb"); w.setparams((1, 2, 48000, 0, "NONE", "")); w.writeframes(bytes(2 * 96000))' "$work/hushed/Kick.wav"
ok "silence is no mix" exits 3 mix "$work/hushed" -o "$work/x"
ok "which is said" says "no stem sounds: all peak below -80 dBFS" mix "$work/hushed" -o "$work/x"
cp "$work/stems/Piano.flac" "$work/hushed"
ok "beside what sounds it is none to refuse" mix "$work/hushed" -o "$work/unhushed"
# a sine of 220 Hz that is 8 dB too loud is cut off twice a period: 880 times in 2 s
sox -n -r 48000 -c 1 -b 24 "$work/hushed/Bass.wav" synth 2 sine 220 gain 8 2>/dev/null
echo 'to be mixed softly' >"$work/hushed/xyz.wav"
"$topdown" mix "$work/hushed" --recipes "$work/recipes" -r plain -r pop-rock --tempo 124 --no-cache --skip-rejected -o "$work/leaves" \
    >"$work/left.log" 2>&1
counted() { [ "$(grep -cF -- "$1" "$work/left.log")" = "${2:-1}" ] || { cat "$work/left.log"; return 1; }; }
ok "what is left out is counted" counted '2 of 4 stems, 0:24'
ok "and named" counted 'left out: Kick.wav, xyz.wav'
ok "what plans warn of is said once" counted 'warning: Bass.wav: it is clipped (first at 0:00; 880 places)'
ok "in their words" grep -qF 'Bass.wav: it is clipped (first at 0:00; 880 places)' "$work/leaves/plan-plain.yaml"
ok "of what is left out as well" counted 'warning: xyz.wav: this is a text, not an audio file; left out'
ok "and of silence" counted 'warning: Kick.wav: the file is silent and will be left out'
ok "whose role nobody asks for" counted 'guessed' 0
files() { grep -F ' LUFS ' "$work/left.log"; }
ok "files of all mixes are listed" test "$(files | sort -u | wc -l)" -ge 6
ok "in one table" test "$(files | awk '{ print index($0, " LUFS ") }' | sort -u | wc -l)" = 1
ok "and what was not turned down is not said to be" counted 'turned down 0.0 dB' 0
ok "which a plan counts too" says "for 2 of 4 stems" "$topdown" plan "$work/hushed" --recipes "$work/recipes" -r plain --skip-rejected
ok "and shows" grep -Eq 'xyz.wav +other +- +left out: this is a text, not an audio file' "$work/said"
mkdir "$work/ajar" # what only decoding shows, beside what no one can open
cp "$work/stems/Kick.flac" "$work/ajar"
python3 -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[200000:200400] = bytes(400); open(sys.argv[2], "wb").write(d)' \
    "$work/stems/Piano.flac" "$work/ajar/Spoilt.flac"
mkfifo "$work/ajar/Pipe.wav"
ok "a pipe in a folder is refused, not waited for" exits 3 timeout 60 "$topdown" check "$work/ajar" -q
ok "and named" says "Pipe.wav: is a pipe, no file" mix "$work/ajar" -o "$work/x"
rm "$work/ajar/Pipe.wav"
cp "$work/ajar/Spoilt.flac" "$work/ajar/Stained.flac"
ok "what decoding shows is all named" says "error: Stained.flac: is damaged" mix "$work/ajar" -o "$work/x"
ok "or left out" mix "$work/ajar" --skip-rejected -o "$work/left"
mkdir "$work/whole" && cp "$work/stems/Kick.flac" "$work/whole"
ok "as if it had never been there" mix "$work/whole" -o "$work/right"
ok "to the byte" cmp "$work"/left/*Master*.wav "$work"/right/*Master*.wav
rm "$work/ajar/Kick.flac"
ok "nothing left is no mix" exits 3 mix "$work/ajar" --skip-rejected -o "$work/x"
ok "and leaving out is no way" bash -c '! grep -q skip-rejected "$1"' - "$work/log"

# folders in the folder are part of it: a client who sends folders means all of them
mkdir -p "$work/nested/Vox" "$work/nested/B/Takes" "$work/nested/.old" "$work/nested/__MACOSX" "$work/nested/out"
cp "$work/stems/Piano.flac" "$work/nested"
cp "$work/stems/Kick.flac" "$work/nested/B/Takes"
sox "$work/stems/Piano.flac" "$work/nested/Vox/01.wav" reverse
sox "$work/stems/Kick.flac" "$work/nested/Vox/Kick.flac" reverse
for dir in .old __MACOSX out; do cp "$work/stems/Kick.flac" "$work/nested/$dir/Not me.flac"; done
echo '{}' >"$work/nested/out/report.json"
"$topdown" check "$work/nested" "$work/nested/Vox" -q >"$work/listed" 2>&1
ok "what lies further down is read" grep -q 'drums.kick  *B/Takes/Kick.flac$' "$work/listed"
ok "and called by its folders" grep -q 'drums.kick  *Vox/Kick.flac$' "$work/listed"
ok "which tell what it is" grep -q 'vocals.lead  *Vox/01.wav$' "$work/listed"
ok "once" test "$(grep -c 'Vox/01.wav' "$work/listed")" = 1
ok "hidden folders, an archiver's and mixes are not" bash -c '! grep "Not me" "$1"' - "$work/listed"
ok "all of it is mixed" mix "$work/nested" -o "$work/n1"
ok "and reported" bash -c 'grep -o "\"file\": *\"[^\"]*\"" "$1"/report.json | grep "Vox/01.wav"' - "$work/n1"
ok "takes among it are warned of" says "B/Takes/Kick.flac: it lies in a folder whose name reads like other takes" "$topdown" plan \
    "$work/nested" --recipes "$work/recipes" -r plain --tempo 124 --no-cache
printf 'topdown: job/1\nstems: { folder: nested, files: [ { file: Vox/01.wav, role: guitars } ] }\nrecipes: [ plain ]\n' >"$work/nested.yaml"
ok "a job's folder too" says "guitars" "$topdown" plan --job "$work/nested.yaml" --recipes "$work/recipes" --no-cache -q
mkdir -p "$work/nested/1/2/3/4/5"
ok "down to a depth" says "lies more than 4 folders deep" exits 2 "$topdown" check "$work/nested" -q

# a mix among its own stems is none of them
program=$(realpath "$topdown")
cp -r "$work/stems" "$work/among"
among() { (cd "$work/among" && "$program" mix . --recipes "$work/recipes" -r plain --tempo 124 --no-cache "$@"); }
ok "a mix among its stems is warned of" says "warning: .: is the folder of the stems" among -o .
ok "and no stem of the next one" says "holds an earlier mix: 3 files of its report.json are no stems, and left out" \
    among -o ../apart
ok "which has two" says "2 stems, " among -o ../apart --force
ok "as check has" test "$("$topdown" check "$work/among" -q | grep -c '\.flac$\|\.wav$')" = 2
ok "unless they are named" says "3 stems, " among "$work"/among/*Preview*.mp3 -o ../apart --force

# what a stem is can be said on the spot
check() { "$topdown" check "$work/nested" -q "$@"; }
rm -r "$work/nested/1"
ok "a role by the file's name" says "guitars.lead           Vox/01.wav" check --role 01.wav=guitars.lead
ok "or with its folder" says "bass                   Vox/Kick.flac" check --role Vox/Kick.flac=bass
ok "a name two have needs it" says "2 stems are called 'Kick.flac'" exits 2 check --role Kick.flac=bass
singly() { "$topdown" check "$work/nested/Piano.flac" "$work/nested/Vox/01.wav" "$@" -q; }
ok "files named singly keep the folders that tell them apart" says "vocals.lead            Vox/01.wav" singly
ok "and none is named twice" says "Vox/01.wav: is among the stems already" exits 2 singly "$work/nested/./Vox/01.wav"
ok "an address is a service's to fetch" says "topdown submit" exits 2 mix "https://example.com/Kick.wav" -o "$work/x"
ok "the nearest role" says "did you mean 'drums.snare'?" exits 2 check --role 01.wav=drums.snar
mkdir "$work/crowd"
touch "$work/crowd/"{1..256}.wav "$work/more.wav" "$work/most.wav"
{ echo "topdown: job/1"; echo "name: crowd"; echo "recipes: [ $work/recipes/plain.yaml ]"; echo "stems: { folder: crowd, files: ["
  printf ' { file: %s/more.wav },' "$work"; echo " { file: $work/most.wav } ] }"; } >"$work/crowd.yaml"
ok "a folder of stems and listed ones are too many together" says "more than 256 stems" exits 2 \
    "$topdown" plan --job "$work/crowd.yaml" --role nosuch.wav=bass
ok "the nearest file" says "did you mean '01.wav'?" exits 2 check --role 02.wav=drums.snare
ok "mixes and plans take it" says "strings" "$topdown" plan "$work/nested" --recipes "$work/recipes" -r plain --tempo 124 \
    --no-cache -q --role 01.wav=strings

# one thing twice
cp "$work/nested/Vox/01.wav" "$work/nested/02.wav"
ok "the same file twice is said" says "Vox/01.wav is the same file as 02.wav: both are mixed" \
    "$topdown" plan "$work/nested" --recipes "$work/recipes" -r plain --tempo 124 --role 02.wav=vocals
ok "once" test "$(grep -c "same file" "$work/said")" = 1
ok "the same recipe twice is refused" says "'plain' is named twice" exits 2 mix "$work/stems" -r plain -o "$work/x"
printf '%s\n' "$recipe" >"$work/ten.yaml"
ok "a mix is called after its recipe, not the file" mix "$work/stems" -r "$work/ten.yaml" -o "$work/twice"
ok "even where two have one name" test -e "$work/twice/plan-plain-2.yaml"

# what a recipe is warned of is said before the mix, and stays with it
printf '%s\ntracks: [ { fix: none, for: vocals.leed, when: rumble > -20 dB, chain: [ gain ] } ]\n' "$recipe" >"$work/recipes/warned.yaml"
"$topdown" mix "$work/stems" --recipes "$work/recipes" -r warned --tempo 124 --no-cache -o "$work/warned" >"$work/warned.log" 2>&1
ok "its place is shown before the first sound" bash -c 'grep -n "did you mean .vocals.lead.?" "$1" | grep "^3:"' - "$work/warned.log"
ok "the report has it" grep -q "no role 'vocals.leed'" "$work/warned/report.json"
ok "and the plan" grep -q "no role 'vocals.leed'" "$work/warned/plan-warned.yaml"

for kind in "--job" "--plan"; do
    ok "a recipe for it is called so: $kind" says "this is a recipe, not a ${kind#--}" "$topdown" mix $kind "$work/recipes/plain.yaml" -o "$work/x"
done
ok "a pipe for a plan" exits 3 "$topdown" mix --plan "$work/pipe.wav" -o "$work/x"
printf 'RIFF\x10\x00\x00\x00WAVEjunk' >"$work/stems/Broken.wav"
ok "each refused stem is named" says "error: Broken.wav: " mix "$work/stems" -o "$work/x"
head -c 200000 "$work/stems/Kick.flac" >"$work/stems/Cut.flac"
"$topdown" check "$work/stems" --json >"$work/cut.json"
ok "a cut-off file is as long as its refusal says" python3 -c '
import json, re, sys
cut = next(f for f in json.load(open(sys.argv[1]))["files"] if f["file"] == "Cut.flac")
there = re.search(r"(\d+):(\d\d) are there", cut["refused"])
assert 60 * int(there[1]) + int(there[2]) == int(cut["duration_s"]) > 0, cut' "$work/cut.json"
ok "all of them are, and counted" says "error: 2 stems are refused" mix "$work/stems" -o "$work/x"
ok "with the way out" says --skip-rejected mix "$work/stems" -o "$work/x"
ok "programs get reasons" says '{"file":"Cut.flac","why":"is cut off' mix "$work/stems" --json -o "$work/x"
ok "and what the client can be sent" says 'vielen Dank' mix "$work/stems" --json -o "$work/x"
sox -n -r 44100 -c 1 "$work/mute.wav" trim 0 2
ok "with all that hearing tells" says 'the file is silent and will be left out' mix "$work/stems" "$work/mute.wav" --json -o "$work/x"
rm "$work/stems/Broken.wav" "$work/stems/Cut.flac"
ok "nothing came of any" exits 1 test -e "$work/x/report.json"

# what stands there is seen before the first sound is read
mkdir -p "$work/there"
echo '{}' >"$work/there/report.json"
ok "a report is not replaced" exits 2 mix "$work/stems" -o "$work/there"
ok "and nothing lies beside it" test "$(ls -A "$work/there")" = report.json
ok "a file is no folder" exits 2 mix "$work/stems" -o "$work/there/report.json"
ok "a full disk is told" exits 75 bash -c '"$1" recipe schema >/dev/full' - "$topdown"

# a folder takes one mix at a time: the second is told before it has heard anything, and leaves nothing
mkdir "$work/held"
ok "two mixes into one folder" says "another mix is being made there" exits 75 \
    flock "$work/held" "$topdown" mix "$work/stems" --recipes "$work/recipes" -r plain --no-cache -q -o "$work/held"
ok "are one" is_empty "$work/held"
ok "and one after the other are none too many" mix "$work/stems" -o "$work/held"

# a disk that fills up, or a limit on the size of files: the file is named as it would be called, and none is left by half
whole() { # FOLDER: what lies there can be used
    local f
    find "$1" -mindepth 1 -name '.*' | grep . && return 1
    for f in "$1"/*.wav; do
        [ ! -e "$f" ] || sox "$f" -n stat 2>/dev/null || { echo "by half: $f"; return 1; }
    done
    for f in "$1"/*.mp3; do
        [ ! -e "$f" ] || ffmpeg -nostdin -v error -xerror -i "$f" -f null - || { echo "by half: $f"; return 1; }
    done
}
cramped() { # KIND NAME SIZE: mixes where only so many KiB are to be had
    local kind=$1 name=$2 size=$3
    rm -rf "$work/cramped" && mkdir "$work/cramped"
    if [ "$kind" = file ]; then
        (ulimit -f "$size" && exits 75 mix "$work/stems" -o "$work/cramped")
    else
        mount -t tmpfs -o "size=${size}k" none "$work/cramped" && exits 75 mix "$work/stems" -o "$work/cramped"
    fi >"$work/told" 2>&1 || { cat "$work/told"; return 1; }
    cat "$work/told"
    grep -q "^topdown: error: $work/cramped/$name: cannot be written: " "$work/told" && whole "$work/cramped"
}
ok "a limit on the size of files" cramped file Lithium_Plain01_Preview_48k24.wav 6500
if unshare -rm mount -t tmpfs none "$work" 2>/dev/null; then
    export -f cramped whole mix exits
    export work topdown
    for at in 1000/Lithium_Plain01_Preview_48k24.wav 8300/Lithium_Plain01_Preview_48k.mp3 15000/Lithium_Plain01_Master_48k24.wav; do
        ok "a disk of ${at%/*} KiB" unshare -rm bash -c 'cramped disk "$2" "$1"' - "${at%/*}" "${at#*/}"
    done
fi
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$work/sealed"
    ok "a folder without rights" exits 77 mix "$work/stems" -o "$work/sealed"
fi

# more stems than the usual limit of open files carries
mkdir -p "$work/many"
ffmpeg -v error -t 1 -i "$work/stems/Piano.flac" -c:a flac "$work/many/0.flac"
for i in $(seq 1 255); do ln "$work/many/0.flac" "$work/many/$i.flac"; done
ok "256 stems below a soft limit of 256 files" bash -c 'ulimit -Sn 256; exec "$@"' - "$topdown" check "$work/many" -q
ln "$work/many/0.flac" "$work/many/256.flac"
ok "257 stems" exits 2 "$topdown" check "$work/many" -q

# names
odd=$work/odd
mkdir -p "$odd"
cp "$work/stems/Kick.flac" "$odd/$(printf 'Kick\n\033[31m %%s%%n \377.flac')"
ok "an odd name mixes" mix "$odd" -o "$work/oddmix"
ok "a recipe beside a plan" exits 2 "$topdown" mix --plan "$work/oddmix/plan-plain.yaml" -r jazz -o "$work/oddmix2" -q
ok "and its plan renders" "$topdown" mix --plan "$work/oddmix/plan-plain.yaml" -o "$work/oddmix2" -q
plain_only() { ! "$topdown" check "$odd" 2>&1 | LC_ALL=C grep -q "$(printf '\033')"; }
ok "a terminal sees no escapes" plain_only

# plans by hand
for side in L R; do ffmpeg -v error -ss 12 -t 5 -i "$work/stems/Piano.flac" -ac 1 "$work/pair Piano $side.wav"; done
ok "two sides of a piano" mix "$work"/pair*.wav -o "$work/pair"
ok "are found by their plan" "$topdown" mix --plan "$work/pair/plan-plain.yaml" -o "$work/pair2" -q
ok "with the same bytes" cmp "$work"/pair/*Master*.wav "$work"/pair2/*Master*.wav
cat >"$work/level.yaml" <<END
topdown: job/1
recipes: [ jazz ]
stems: { folder: stems, files: [ { file: Kick.flac, level: -20 dB } ] }
END
ok "a plan of stems" mix "$work/stems" -o "$work/of-stems"
ok "a job's level beside it is not heard, and told" says "such as Kick.flac, has no say beside --plan" \
    "$topdown" mix --plan "$work/of-stems/plan-plain.yaml" --job "$work/level.yaml" -o "$work/of-stems2" -q
by_hand() { # SED-SCRIPT: the plan rendered after this edit
    sed -E "$1" "$work/oddmix/plan-plain.yaml" >"$work/by-hand.yaml"
    rm -rf "$work/by-hand"
    "$topdown" mix --plan "$work/by-hand.yaml" -o "$work/by-hand" -q
}
ok "a plan without paths" exits 3 by_hand '/ path:/d'
ok "a plan without stems" exits 3 by_hand '/^stems:/,/^buses:/d'
ok "a gain that is no number" exits 3 by_hand 's/^( *)fader:.*/\1fader: nan/; s/^trim:.*/trim: nan/'
ok "a length of nothing" exits 3 by_hand 's/^frames:.*/frames: 0/'
ok "a fader beyond all" says "by-hand.yaml:" by_hand 's/^( *)clip_gain:.*/&\n\1fader: +80 dB/'
ok "a hash that is none" says "has to be a SHA-256" by_hand 's/^session_hash:.*/session_hash: 0/'
for frames in 44100 8294400000; do
    ok "$frames frames of other stems' length" says "frames: $frames is not the length of these stems" \
        by_hand "s/^frames: .*/frames: $frames/"
done
ok "another take of a stem" says "was made for another file" by_hand 's/^( *)sha256: ..../\1sha256: 0000/'
ok "a rate of nothing" exits 3 by_hand 's/^rate_hz:.*/rate_hz: 0/'

printf 'topdown: job/1\nstems: stems\nrecipes: [ { recipe: plain, label: a b }, { recipe: warned, label: a-b } ]\n' >"$work/alike.yaml"
ok "labels that look alike" exits 2 "$topdown" mix --recipes "$work/recipes" --job "$work/alike.yaml" --no-cache -q -o "$work/alike"
ok "are told before anything is written" test ! -e "$work/alike"
printf 'topdown: job/1\ntitle: Größenwahn – Müller\nstems: stems\nrecipes: [ { recipe: plain, label: Meins für Köln } ]\n' >"$work/marks.yaml"
"$topdown" mix --recipes "$work/recipes" --job "$work/marks.yaml" --no-cache -q -o "$work/marks" >/dev/null
ok "letters with marks are spelt alike in all names" sh -c 'cd "$1" && test -e plan-Meins-fuer-Koeln.yaml && ls Groessenwahn_*PlainMeinsFuerKoeln*' - "$work/marks"
# shellcheck disable=SC2046
ok "33 recipes" exits 2 mix "$work/stems" $(printf -- '-r plain %.0s' $(seq 32)) -o "$work/x"
ok "a port beyond all" exits 2 timeout 10 "$topdown" listen --listen 127.0.0.1:99999

finish hostile
