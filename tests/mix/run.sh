#!/bin/bash
# The program on real stems, judged by other programs: loudness and true peak by ffmpeg, bytes by cmp, plans by rendering.
cd "$(dirname "$0")/../.." || exit 1
. tests/mix/lib.sh
mix() { "$topdown" mix demo/stems --tempo 124 --title Lithium --quiet "$@"; }

ok "two recipes in one go" mix -r pop-rock -r electronic -o "$work/a" -j 1 --no-cache
a=$work/a/Lithium_PopRock01
ok "the master meets -14 LUFS and -1 dBTP by ffmpeg" within "${a}_Master_48k24.wav" -14 -1
ok "the preview meets -14 LUFS by ffmpeg" within "${a}_Preview_48k24.wav" -14 0
ok "the MP3 meets -14 LUFS by ffmpeg" within "${a}_Preview_48k.mp3" -14 0
ok "a recipe as loud as it gets" mix -r edm-loud -o "$work/loud"
ok "a target out of reach is said" grep -q 'instead of -7.5' "$work/loud/report.json"
terminal() { # what a person would see of a mix
    script -qec "$topdown mix demo/stems --tempo 124 -r pop-rock -r jazz -o $work/seen --no-cache" /dev/null | tr '\r' '\n'
}
seen="a terminal sees what is made and how far"
if script -qec true /dev/null >"$work/log" 2>&1; then
    terminal >"$work/seen.txt"
    ok "$seen" grep -Eq '^rendering jazz +\[#+-*\] +[0-9]+ % ' "$work/seen.txt"
else
    skip "$seen" "no pseudo-terminal can be had here ($(tr -d '\r' <"$work/log" | head -n 1))"
fi
ok "programs get rounded fractions, and the mix they belong to" bash -c \
    '"$1" mix demo/stems --tempo 124 -r pop-rock -r jazz -o "$2" --json | grep -Eq "^.\"type\":\"progress\",\"v\":1,\"stage\":\"rendering\",\"fraction\":0\.[0-9]{1,3},\"mix\":\"jazz\",\"song_s\":24.0}$"' - "$topdown" "$work/told"
ok "two threads give the same bytes" mix -r pop-rock -r electronic -o "$work/b" -j 2 --no-cache
for f in "$work"/a/*.wav "$work"/a/plan-*.yaml; do
    ok "same bytes on two threads: $(basename "$f")" cmp "$f" "$work/b/$(basename "$f")"
done
ok "a plan on its own" "$topdown" plan demo/stems --tempo 124 --title Lithium -r pop-rock -o "$work/p.yaml" --quiet --no-cache
ok "is the plan of the mix" cmp "$work/p.yaml" "$work/a/plan-pop-rock.yaml"
ok "and renders" "$topdown" mix --plan "$work/p.yaml" -o "$work/c" --quiet
ok "to the same bytes" cmp "${a}_Master_48k24.wav" "$work/c/Lithium_PopRock01_Master_48k24.wav"
cat >"$work/keyed.yaml" <<'END'
topdown: recipe/1
name: keyed
mix: { chain: [ { compressor: { ratio: 4:1, gain_reduction: at most 3 dB, lookahead: 5 ms }, key: drums, as: breathe, note: lifts with the drums } ] }
groups: { vocals: { sends: { hall: -10 dB, echo: -6 dB } } }
returns:
  hall: { chain: [ reverb, { compressor: { gain_reduction: about 3 dB }, key: vocals.lead, as: back } ] }
  echo: { chain: [ delay, compressor: { gain_reduction: about 2 dB, lookahead: 9 ms } ], sends: { hall: -3 dB } }
tracks: [ { fix: room, for: synths, chain: [ { compressor: { gain_reduction: at most 3 dB }, key: vocals } ] } ]
END
ok "keys of the mix bus, of a return that another feeds and of a track" mix -r "$work/keyed.yaml" -o "$work/k1" -j 1 --no-cache
ok "whose recipe's own word stands in the report" grep -q '"note": "lifts with the drums"' "$work/k1/report.json"
ok "and on the page" grep -q '<i>lifts with the drums</i>' "$work/k1/report.html"
"$topdown" report "$work/k1" >"$work/k1.txt"
driven() { # FIELD STEP: what a step takes, 3 dB were asked
    awk -v f="$1" -v s="$2" '$2 == s { good = $f > 2.89 && $f < 3.11 } END { exit !good }' "$work/k1.txt"
}
ok "drive the mix bus at most as far as was asked" driven 8 breathe
ok "and the return about as far" driven 6 back
ok "on two threads" mix -r "$work/keyed.yaml" -o "$work/k2" -j 2 --no-cache
ok "to the same bytes" cmp "$work/k1/Lithium_Keyed01_Master_48k24.wav" "$work/k2/Lithium_Keyed01_Master_48k24.wav"
ok "and from their plan" "$topdown" mix --plan "$work/k2/plan-keyed.yaml" -o "$work/k3" --quiet
ok "the same again" cmp "$work/k1/Lithium_Keyed01_Master_48k24.wav" "$work/k3/Lithium_Keyed01_Master_48k24.wav"
ok "a survey is kept" mix -r pop-rock -o "$work/d"
heard() { # FOLDER: what a report says about the stems and their sum
    python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
sums = {c["id"]: (c["sum"], c["low"]) for c in r["mixes"][0]["card"] }
print([(s["loudness_lufs"], s["peak_dbfs"]) for s in r["session"]["stems"]], sums)' "$1/report.json"
}
ok "a plan with a kept survey" "$topdown" mix --plan "$work/d/plan-pop-rock.yaml" -o "$work/heard" --quiet
ok "is rendered to the same bytes" cmp "$work/d/Lithium_PopRock01_Master_48k24.wav" "$work/heard/Lithium_PopRock01_Master_48k24.wav"
ok "and reported beside the sum as at first" test "$(heard "$work/d")" = "$(heard "$work/heard")"
sed 's/^recipe_hash: .*/recipe_hash: another/' "$work/d/plan-pop-rock.yaml" >"$work/older.yaml"
ok "a plan of a recipe that was changed since, with a hint" says "--recipes DIR names the folder it lies in" \
    "$topdown" mix --plan "$work/older.yaml" -o "$work/older"
ok "is not held against what is usual, which is said" grep -q "the recipe 'pop-rock' is not here as it was" "$work/older/report.html"
sed 's/^    fader: -8.51 dB/    fader: -3 dB/' "$work/d/plan-pop-rock.yaml" >"$work/hand.yaml"
ok "a voice lifted by hand" test "$(diff "$work/d/plan-pop-rock.yaml" "$work/hand.yaml" | grep -c '^>')" = 1
sed "s/\(step: fader, what: gain, as: \)-8.5 dB/\1-3.0 dB/" "$work/d/plan-pop-rock.yaml" >"$work/told.yaml"
ok "what is there for reading is not edited unheard" says "says otherwise than this: the plan counts" \
    "$topdown" mix --plan "$work/told.yaml" -o "$work/told-mix" --quiet
hand() { "$topdown" mix --plan "$work/hand.yaml" -o "$work/hand" --force "$@"; }
beyond='after the revision mix glue takes at most 2\.[6-9] dB; it was set for at most 2\.0$'
told() { hand 2>&1 | grep -E "$beyond"; }
ok "drives the glue beyond what it was set for, which is told" told
ok "and is no target missed" hand --strict --quiet
ok "for the page as well" grep -q "Every target is reached" "$work/hand/report.html"
ok "which has it besides" grep -q "after the revision mix glue takes" "$work/hand/report.html"
cat >"$work/unmet.yaml" <<EOF
topdown: job/1
stems: { folder: $PWD/demo/stems }
recipes: [pop-rock]
outputs:
  masters: [{ format: wav, bits: 24, loudness: -4 LUFS, limiting: 1 dB }]
EOF
ok "but a loudness that cannot be is one" exits 5 "$topdown" mix --job "$work/unmet.yaml" -o "$work/unmet" --strict --quiet
ok "where the fader is said to be by hand" grep -q '"by hand, instead of -8.5 dB"' "$work/hand/report.json"
ok "and the glue not to be as planned" grep -Eq '"planned: at most 2 dB wanted by .glue: 2.0 dB .*; rendered: 2\.[6-9] dB at' "$work/hand/report.json"
"$topdown" report "$work/hand" >"$work/hand.txt"
ok "which the report lists" grep -Eq "$beyond" "$work/hand.txt"
ok "and its report" grep -Eq "glue .*at most 2.0 +2.0 +[0-9.]+ +2\.[6-9]" "$work/hand.txt"
ok "and read back" mix -r pop-rock -o "$work/e"
ok "to the same bytes again" cmp "$work/d/Lithium_PopRock01_Master_48k24.wav" "$work/e/Lithium_PopRock01_Master_48k24.wav"
ok "the same as without" cmp "${a}_Master_48k24.wav" "$work/e/Lithium_PopRock01_Master_48k24.wav"
ok "plan --expect holds" "$topdown" plan demo/stems --tempo 124 --title Lithium -r pop-rock --expect "$work/p.yaml" --quiet
ok "plan --expect tells a difference" exits 5 "$topdown" plan demo/stems --tempo 124 --title Lithium -r jazz --expect "$work/p.yaml" --quiet
ok "of one recipe alone" says '--expect is one plan' exits 2 "$topdown" plan demo/stems -r jazz -r pop-rock --expect "$work/p.yaml"
ok "told in JSON as well" bash -c '"$1" plan demo/stems --tempo 124 -r jazz --expect "$2" --json | python3 -c "
import json, sys
last = [json.loads(line) for line in sys.stdin][-1]
assert last[\"type\"] == \"differs\" and last[\"expected\"] != last[\"decided\"], last"' - "$topdown" "$work/p.yaml"
{ cat "$work/p.yaml"; printf '\0garbage\n'; } >"$work/nul.yaml"
ok "what stands behind a plan is seen" exits 5 "$topdown" plan demo/stems --tempo 124 --title Lithium -r pop-rock --expect "$work/nul.yaml" --quiet
ok "what was edited for nothing is told by revise" says 'the plan above says otherwise' "$topdown" revise "$work/told.yaml" "drums +1 dB" --quiet
ok "every bus is staged to -12.00 dBFS" awk '/"peak_after_dbfs"/ { n++; if ($2 + 0 < -12.01 || $2 + 0 > -11.99) bad = 1 } END { exit bad || n < 10 }' "$work/a/report.json"
ok "report.json holds to its schema" /usr/bin/python3 tests/mix/schema.py packaging/schema/report-1.json "$work/a/report.json"
ok "the page is drawn again" "$topdown" report "$work/a" --html "$work/page.html"
ok "as it was" cmp "$work/a/report.html" "$work/page.html"
if command -v chromium >/dev/null; then ok "and fits a phone" tests/mix/phone.sh "$work/page.html"
else skip "and fits a phone" "Chromium is not here"; fi
mkdir -p "$work/one" && cp demo/stems/*PIANO.flac "$work/one/Piano.flac"
one() { "$topdown" mix "$work/one/" -r pop-rock -o "$work/once/" --no-cache "$@"; }
ok "one stem is one stem" says "1 stem, 0:24 (0:28 with its tail), 48 kHz, 1 bus" one
ok "one recipe is named once" says "'pop-rock' is named twice" one -r pop-rock
ok "a path has one slash" says "error: $work/once/report.json" one
printf 'topdown: recipe/1\nname: a\nmix:\n  chain:\n    - tape: { when: crest > 3 dB }\n' >"$work/inside.yaml"
ok "a 'when' has its place" says "'when' stands beside tape" "$topdown" recipe check "$work/inside.yaml"
ok "what is no key is said to be none" says "holds no key" "$topdown" status --key README.md
ok "nothing is overwritten" exits 2 mix -r pop-rock -o "$work/a"
ok "an unknown recipe is named" says "'pop-rock'" exits 3 mix -r pop-rokc -o "$work/x"
"$topdown" recipe new my-rock -o "$work/my-rock.yaml" >/dev/null
ok "a recipe stays unless it is forced" exits 2 "$topdown" recipe new my-rock -o "$work/my-rock.yaml"
"$topdown" job new demo/stems -o "$work/new.yaml" >/dev/null
ok "a job stays unless it is forced" exits 2 "$topdown" job new demo/stems -o "$work/new.yaml"
mkdir "$work/wide"
for name in "Große Trommel" $'Ko\u0308rper' 東京 Bass; do cp demo/stems/*KICK.flac "$work/wide/$name.flac"; done
"$topdown" job new "$work/wide" -o "$work/wide.yaml" >/dev/null
ok "roles stand in one column, whatever letters names have" python3 -c '
import re, sys, unicodedata
wide = lambda c: 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
rows = [re.match(r"(  #   .*\.flac +)\S", line)[1] for line in open(sys.argv[1], encoding="utf-8") if re.match("  #   .*flac ", line)]
assert len(rows) == 4 and len({sum(map(wide, row)) for row in rows}) == 1, rows' "$work/wide.yaml"
ok "a new job has no mistake" "$topdown" job check --quiet "$work/new.yaml"
ok "and is planned as it stands" "$topdown" plan --job "$work/new.yaml" --no-cache --quiet
ok "an editor's schema is named where it is there" bash -c 'f=$(sed -n "s/.*schema=//p" "$1"); [ -z "$f" ] || [ -e "$f" ]' - "$work/my-rock.yaml"
ok "and is made anew" "$topdown" recipe new my-rock -o "$work/my-rock.yaml" --force
ok "a file is no name of the library" bash -c 'cd "$2" && "$1" recipe check my-rock 2>&1 | grep -qF "./my-rock.yaml"' \
    - "$(realpath "$topdown")" "$work"
printf 'topdown: job/1\nstems: stems\nrecipes: [ my-rock ]\n' >"$work/rock.yaml"
ok "in a job neither" says "./my-rock.yaml" "$topdown" job check "$work/rock.yaml"
ok "an unknown flag is named" says "--recipe" exits 2 mix --recpie pop-rock -o "$work/x"
ok "a flag without its value names what there is" says "--message needs a value: en|de" "$topdown" check demo/stems --message
ok "what is not there to verify is named" says "error: $work/nosuch: there is no such" "$topdown" verify "$work/nosuch"
ok "an unknown command is named" says "'mix'" exits 2 "$topdown" mxi
printf 'RIFF\x10\x00\x00\x00WAVEjunk' >"$work/broken.wav"
ok "a broken stem is refused" exits 3 "$topdown" mix demo/stems "$work/broken.wav" -r pop-rock -o "$work/x" --quiet
ok "and leaves no empty folder" test ! -e "$work/x"
cp "$work/broken.wav" "$work/other.wav"
ok "two broken stems as well" says "2 stems are refused" exits 3 "$topdown" mix demo/stems "$work/broken.wav" "$work/other.wav" -r pop-rock -o "$work/x" --quiet
ok "each said once" sh -c '[ "$(grep -c other.wav "$1")" = 1 ]' - "$work/said"
ok "or left out" "$topdown" mix demo/stems "$work/broken.wav" --skip-rejected -r pop-rock --tempo 124 --title Lithium -o "$work/y" --quiet --no-cache
ok "without changing the mix" cmp "${a}_Master_48k24.wav" "$work"/y/*_PopRock01_Master_48k24.wav
ok "a closed stdout is no place for files" sh -c '"$1" plan demo/stems --tempo 124 --title Lithium -r pop-rock -o "$2/q.yaml" >&-' - "$topdown" "$work"
ok "and they stay what they are" cmp "$work/p.yaml" "$work/q.yaml"
ok "a full stdout is a failure" exits 75 sh -c '"$1" help >/dev/full' - "$topdown"
ok "a reader that has had enough is none" sh -c '{ "$1" recipe schema; echo $? >"$2/code"; } | true; grep -qx 0 "$2/code"' - "$topdown" "$work"
ok "a recipe that is not there" says "topdown: error: no recipe 'poprock'" "$topdown" plan demo/stems -r poprock
ok "nor to show" says "no recipe 'jzz'; did you mean 'jazz'?" exits 3 "$topdown" recipe show jzz
ok "a secret that is none" says "topdown: error: secret: " exits 2 "$topdown" listen --secret nonsense
ok "flags are listed where they do something" sh -c '"$1" help mix | grep -q -- --threads && ! "$1" help version | grep -q -- --threads' - "$topdown"
ok "and taken everywhere, before the command too" says '"version"' "$topdown" --json -q --color never version -v -j 1 --no-input
ok "with a value where they need one" says "auto, always or never" exits 2 "$topdown" version --color red
mkdir "$work/house"
printf 'topdown: recipe/1\nname: cellar\n' >"$work/house/cellar.yaml"
printf 'recipes: %s\npublic_url: https://mix.example\nset: [ warmth=1dB, glue=0dB ]\nquiet: true\n' "$work/house" >"$work/config.yaml"
ok "a file of defaults for flags" says "cellar" "$topdown" --config "$work/config.yaml" recipe list
ok "a flag that is given wins" sh -c '! "$1" recipe list --config "$2/config.yaml" --recipes "$2" | grep cellar' - "$topdown" "$work"
ok "a list gives a flag each" says "drive +1 dB" "$topdown" plan demo/stems --tempo 124 -r pop-rock --config "$work/config.yaml"
ok "a switch of it switches" sh -c '[ -z "$("$1" plan demo/stems --tempo 124 -r pop-rock --config "$2/config.yaml" 2>&1 >/dev/null)" ]' - "$topdown" "$work"
printf 'threads: 1\nrecipies: x\n' >"$work/misspelt.yaml"
ok "a flag that no command knows is told" says "misspelt.yaml:2:11: no command has a flag --recipies" exits 2 "$topdown" version --config "$work/misspelt.yaml"
ok "a flag before its command is that command's" says "no recipe 'pop-rokc'" exits 3 "$topdown" -r pop-rokc mix demo/stems -o "$work/x"
for extra in "recipe list" "recipe show pop-rock" version "recipe schema" "help mix" doctor; do
    # shellcheck disable=SC2086
    ok "a word too many: $extra" says "surplus: is a word too many" exits 2 "$topdown" $extra surplus
done
for what in "--job" "--plan"; do ok "no such file: $what" exits 3 "$topdown" mix "$what" "$work/nope.yaml" -o "$work/x"; done
ok "a dry run names the files" says "Lithium_PopRock01_Master_48k24.wav" mix -n -r pop-rock -o "$work/dry" -v
ok "and makes none" test ! -e "$work/dry"
ok "nor over others" exits 2 mix -n -r pop-rock -o "$work/a"
ok "how long stages took is said when asked" sh -c '"$1" plan demo/stems --tempo 124 -r pop-rock -v 2>&1 | grep -Eq "^planning took [0-9.]+ s$"' - "$topdown"
printf 'topdown: job/1\nstems: %s\nrecipes: [ anything ]\n' "$PWD/demo/stems" >"$work/dry.yaml"
ok "what would be sent is shown" says "$PWD/demo/stems" "$topdown" submit -n "$work/dry.yaml" --key /none --server http://127.0.0.1:1
ok "each with a word of help" sh -c '! for c in $("$1" help | sed -n "s/^  \([a-z]*\) .*/\1/p"); do "$1" help $c; done | grep -E "^  .. --[a-z-]+( [A-Z=:]+)? *$"' - "$topdown"
ok "a moved plan as JSON" bash -c '"$1" revise "$2" "drums +1 dB" --json | python3 -c "import json, sys; assert json.load(sys.stdin)[\"type\"] == \"plan\""' - "$topdown" "$work/p.yaml"
planned() { "$topdown" plan "$@" --json -q; }
planned demo/stems --tempo 124 -r pop-rock >"$work/plan.json"
ok "a plan for programs holds to its schema" /usr/bin/python3 tests/mix/schema.py packaging/schema/plan-1.json "$work/plan.json"
ok "and says of a goal what was asked, measured where, and reached" python3 - "$work/plan.json" <<'END'
import json, sys
plan = json.load(open(sys.argv[1]))
n = next(n for n in plan["numbers"] if (n["place"], n["step"], n["parameter"]) == ("drums", "punch", "threshold"))
assert n["kind"] == "group" and n["what"] == "compressor" and n["unit"] == "dBFS" and n["origin"] == "solved", n
assert n["wish"] == "about 3 dB" and abs(n["after"] - 3) < 0.1 and n["measured"] == n["after"] and n["at_s"] is None, n
assert f"under {n['measured']:.1f} dB" in n["reason"], n
ratio = next(m for m in plan["numbers"] if (m["step"], m["parameter"]) == ("punch", "ratio"))
assert ratio["value"] == 3 and ratio["wish"] == "as written" and ratio["at_s"] is None, ratio
origin = {(m["step"], m["parameter"]): m["origin"] for m in plan["numbers"] if m["place"] in ("mix", "vocals")}
assert origin["tape", "drive"] == "knob" and origin["tape", "bias"] == "default", origin
assert origin["deesser", "range"] == "as-written" and origin["deesser", "lookahead"] == "default", origin # 5 to 9 kHz is both
send = next(m for m in plan["numbers"] if m["step"] == "send" and m["place"] == "vocals")
assert send["what"] == "plate" and send["wish"] == "about -12 LU" and abs(send["after"] + 12) < 0.1, send
faders = [m["place"] for m in plan["numbers"] if m["step"] == "fader" and m["kind"] == "group"]
assert "drums" in faders and "vocals" in faders, faders
END
ok "a list of recipes too" bash -c '"$1" recipe list --json | grep -qF "\"title\":\"Pop / rock, warm and forward\""' - "$topdown"
ok "what has no JSON says so" exits 2 "$topdown" help --json
ok "a move without quotes is told of them" says 'in quotes: topdown revise' exits 2 "$topdown" revise "$work/p.yaml" vocals +1 dB
for topic in conditions exit-codes job-file recipe-file roles targets units; do ok "help on $topic" "$topdown" help "$topic"; done
ok "doctor finds nothing wrong here" "$topdown" doctor --scratch "$work"
printf 'topdown: recipe/1\nname: bad\nmixx: {}\n' >"$work/bad.yaml"
mkdir "$work/new"
ok "and a service's new folder is no mistake" says "a new folder" "$topdown" doctor --data "$work/new"
ok "of which nothing is missing" sh -c '! grep -q "No such file" "$1"' - "$work/said"
ok "doctor exits so" "$topdown" doctor --data "$work/new"
ok "doctor says where the cache lies" says "$work/cache/topdown: " "$topdown" doctor
ok "and empties it" says "0 MB left" "$topdown" doctor --clear-cache
ok "whole" sh -c '[ -z "$(ls "$1")" ]' - "$work/cache/topdown"
ok "doctor names a broken recipe" says "did you mean 'mix'?" exits 1 "$topdown" doctor --recipes "$work"
mkdir -p "$work/usr/bin" "$work/usr/share/topdown"
cp "$topdown" "$work/usr/bin/topdown" && cp -r recipes/library "$work/usr/share/topdown/recipes"
ok "an installed program finds its recipes" "$work/usr/bin/topdown" recipe check pop-rock
# what a master passes is heard in masters, and nowhere else: a cut of 12 dB an octave at 400 Hz takes 24.1 dB off 100 Hz
for way in plain cut; do
    {
        printf 'topdown: recipe/1\nname: %s\nextends: acoustic\n' $way
        [ $way = plain ] || printf 'master: { chain: [ eq: [ low_cut: 400 Hz ] ] }\npreview: { chain: [] }\n'
    } >"$work/$way.yaml"
    cat >"$work/way.yaml" <<END
topdown: job/1
title: Way
stems: { folder: $PWD/demo/stems }
tempo: 124 bpm
recipes: [ $work/$way.yaml ]
outputs:
  previews: [ { format: wav, bits: 32, loudness: -24 LUFS } ]
  masters: [ { format: wav, bits: 32, loudness: -24 LUFS } ]
  premaster: { format: wav, bits: 32 }
END
    ok "a master $way" "$topdown" mix --job "$work/way.yaml" -o "$work/$way" --quiet
done
samples() { ffmpeg -nostdin -v error -i "$1" -c:a pcm_f32le -f md5 -; }
of() { echo "$work/$1/"*_"$2"_*.wav; }
for part in Premaster Preview; do
    ok "the $part hears nothing of it" test "$(samples "$(of plain $part)")" = "$(samples "$(of cut $part)")"
done
band() { sox "$1" -n sinc -n 32767 "$2" stats 2>&1 | awk '/^RMS lev/ { print $4; exit }'; } # dB
slope() { echo "$(band "$1" 98-102) $(band "$1" 3k-4k)" | awk '{ print $2 - $1 }'; }
ok "the master does" awk -v a="$(slope "$(of cut Premaster)")" -v b="$(slope "$(of cut Master)")" \
    'BEGIN { print b - a; exit !(b - a > 23.6 && b - a < 24.6) }'
ok "a job's plan, which travels, has no path of the recipe" bash -c '[ -z "$(grep -l recipe_path "$1"/plan-*)" ]' - "$work/plain"
# a plan finds its stems and its recipe where they lay, from wherever it is rendered
mkdir -p "$work/place/stems" && cp demo/stems/*KICK.flac demo/stems/*PIANO.flac "$work/place/stems"
cp "$work/my-rock.yaml" "$work/place/Mein Rezept.yaml"
bin=$(realpath "$topdown")
place() { (cd "$1" && "$bin" "${@:2}"); }
ok "a recipe of one's own, by its path" place "$work/place" mix stems --tempo 124 -r "Mein Rezept.yaml" -o out -q
ok "its plan moved" place "$work/place" revise out/plan-my-rock.yaml "kick +1 dB" -o second.yaml
ok "and rendered" place "$work/place" mix --plan second.yaml -o second
ok "is held against what is usual" bash -c '! grep -e "no recipe found" -e "is not here as it was" "$1/log" "$1/place/second/report.json"' - "$work"
ok "from another folder too" place / mix --plan "$work/place/out/plan-my-rock.yaml" -o "$work/place/again"
ok "to the same bytes" cmp "$work"/place/out/*Master*.wav "$work"/place/again/*Master*.wav
ok "which verify makes there" place / verify "$work/place/out" --render
mkdir -p "$work/other/stems"
for stem in "$work"/place/stems/*; do cp demo/stems/*"TOM BREAK.flac" "$work/other/stems/${stem##*/}"; done
ok "from beside stems of the same names too" place "$work/other" mix --plan "$work/place/out/plan-my-rock.yaml" -o out
ok "to the same bytes as well" cmp "$work"/place/out/*Master*.wav "$work"/other/out/*Master*.wav
mv "$work/place/stems" "$work/place/moved"
away="lies neither here nor beside the plan, whose paths are as they were named when it was made"
ok "stems that were moved are missed" exits 3 place / mix --plan "$work/place/out/plan-my-rock.yaml" -o "$work/x"
ok "which is said" says "$away" place / mix --plan "$work/place/out/plan-my-rock.yaml" -o "$work/x"
ok "by verify as well" says "$away" place / verify "$work/place/out" --render
ok "and read where they are now" place / mix "$work/place/moved" --plan "$work/place/out/plan-my-rock.yaml" -o "$work/place/third"
ok "to the same bytes again" cmp "$work"/place/out/*Master*.wav "$work"/place/third/*Master*.wav
ok "whose plan says where they are" place / verify "$work/place/third" --render
rm "$work"/place/moved/*KICK*
ok "one that is not there is missed by its name" says "KICK.flac: the plan 'my-rock' was made with it, and it is not among" \
    place / mix "$work/place/moved" --plan "$work/place/out/plan-my-rock.yaml" -o "$work/x"
ok "by verify too" says "it is not among these stems" place / verify "$work/place/third" --render --stems "$work/place/moved"
ok "measure agrees with ffmpeg" says "-14.0 LUFS" "$topdown" measure "${a}_Master_48k24.wav"
ok "and finds nothing wrong with a master" says "faults      none a file shows" "$topdown" measure "${a}_Master_48k24.wav"
# a sine of 220 Hz that is 8 dB too loud is cut off twice a period on each side: 4400 times in 5 s
sox -n -r 48000 -c 2 -b 24 "$work/Master.wav" synth 5 sine 220 gain 8 2>/dev/null
ok "but clipping" says "clipped: it is clipped (first at 0:00; 4400 places)" "$topdown" measure "$work/Master.wav"
ok "for programs too" says '"clipped"' "$topdown" measure --json "$work/Master.wav"
sox "${a}_Master_48k24.wav" "$work/quieter.wav" gain -3
ok "what is alike differs in nothing between 100 Hz and 10 kHz" says "nothing differs by as much as 0.1 dB from 100 Hz to 10 kHz" \
    "$topdown" measure "$work/quieter.wav" --against "${a}_Master_48k24.wav"
ok "which the table says of as well" grep -q "from 100 Hz to 10 kHz: 0.0 dB apart" "$work/said"

finish mix
