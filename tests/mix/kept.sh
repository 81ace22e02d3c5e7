#!/bin/bash
# Groups that an earlier render kept: the same bytes come out with and without them, whatever happened to the files.
cd "$(dirname "$0")/../.." || exit 1
. tests/mix/lib.sh
cache=$XDG_CACHE_HOME/topdown
plan() { "$topdown" mix --plan "$1" -o "$2" "${@:3}"; }
alike() { # FOLDER FOLDER: all that sounds, and the plans; reports know of stems what a cache told them
    for f in "$1"/*.wav "$1"/*.mp3 "$1"/*.yaml; do cmp "$f" "$2/$(basename "$f")" || return 1; done
}
reports_alike() { cmp "$1/report.html" "$2/report.html" && cmp "$1/report.json" "$2/report.json"; }
mkdir "$work/stems"
for f in demo/stems/*.flac; do sox "$f" "$work/stems/$(basename "$f")" trim 8 6; done
song=("$work/stems" --tempo 124 --title Lithium)
kept() { find "$cache" -name '*.group' | wc -l; }

ok "two recipes, nothing kept" "$topdown" mix "${song[@]}" -r pop-rock -r electronic -o "$work/a" -q
ok "but the survey" test "$(kept) $(find "$cache" -name '*.survey' | wc -l)" = "0 1"
"$topdown" plan "${song[@]}" -r pop-rock --set warmth=3dB >"$work/knob.txt" 2>&1
ok "a turned knob is planned anew" grep -q 'drive from .warmth' "$work/knob.txt"
ok "without another survey" sh -c '! grep -qi "^survey" "$1"' - "$work/knob.txt"
plan "$work/a/plan-pop-rock.yaml" "$work/plain" -q --no-cache >"$work/log"
ok "without a cache nothing is kept" test "$(kept)" = 0
ok "a plan is rendered, its groups are kept" plan "$work/a/plan-pop-rock.yaml" "$work/first" -q
groups=$(kept)
ok "all of them" test "$groups" -ge 5
ok "to the same bytes" alike "$work/plain" "$work/first"
ok "and once more from what is kept" says "$groups of $groups groups" plan "$work/a/plan-pop-rock.yaml" "$work/second"
ok "to the same bytes again" alike "$work/plain" "$work/second"
ok "and the same report" reports_alike "$work/first" "$work/second"

"$topdown" revise "$work/a/plan-pop-rock.yaml" "vocals +1 dB" "less reverb on vocals" -o "$work/up.yaml" -q
plan "$work/up.yaml" "$work/up-plain" -q --no-cache >"$work/log"
ok "a fader or a send changes no kept group" says "$groups of $groups groups" plan "$work/up.yaml" "$work/up"
ok "the files of a revised plan have names of their own" sh -c 'ls "$1"/*_PopRock01r2_Master_*' - "$work/up"
ok "and is heard" alike "$work/up-plain" "$work/up"
ok "in the master" sh -c '! cmp -s "$1"/*Master* "$2"/*Master*' - "$work/up" "$work/plain"

"$topdown" revise "$work/a/plan-pop-rock.yaml" "break beat -1 dB" -o "$work/beat.yaml" -q
plan "$work/beat.yaml" "$work/beat" -q
against_sum() { python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["mixes"][0]["card"]; print(*((r["id"], r["sum"]) for r in c if r["sum"] is not None))' "$1/report.json"; }
ok "a plan whose stems stand at other levels is held against the same sum" test "$(against_sum "$work/beat")" = "$(against_sum "$work/a")"
ok "which there is" sh -c 'test -n "$1"' - "$(against_sum "$work/beat")"

sed 's/model: punch, threshold: -[0-9.]*/model: punch, threshold: -20/' "$work/a/plan-pop-rock.yaml" >"$work/drums.yaml"
plan "$work/drums.yaml" "$work/drums-plain" -q --no-cache >"$work/log"
ok "a changed group is made, the others are not" says "$((groups - 1)) of $groups groups" plan "$work/drums.yaml" "$work/drums"
ok "as it is without" alike "$work/drums-plain" "$work/drums"
ok "its files have names of their own, too" sh -c 'ls "$1"/*_PopRock01r2_Master_*' - "$work/drums"
plan "$work/drums/plan-pop-rock.yaml" "$work/drums-again" -q
ok "which they keep" alike "$work/drums" "$work/drums-again"

plan "$work/a/plan-electronic.yaml" "$work/other-plain" -q --no-cache >"$work/log"
ok "another recipe's groups" plan "$work/a/plan-electronic.yaml" "$work/other" -q
ok "are not mixed up with these" alike "$work/other-plain" "$work/other"
for f in "$cache"/*.group; do printf X | dd of="$f" bs=1 seek=100000 conv=notrunc status=none; done
ok "damaged files are made again" plan "$work/up.yaml" "$work/damaged" -q
ok "to the same bytes as ever" alike "$work/up-plain" "$work/damaged"
ok "and are whole now" says "$groups of $groups groups" plan "$work/up.yaml" "$work/whole"
for f in "$cache"/*.group; do truncate -s -8 "$f"; done
ok "cut files are made again" plan "$work/up.yaml" "$work/cut" -q
ok "to the same bytes, too" alike "$work/up-plain" "$work/cut"

ok "a limit is held to" plan "$work/up.yaml" "$work/limit" -q --cache-limit 8
ok "by what was unused for longest" test "$(du -sm --apparent-size "$cache" | cut -f1)" -le 8
ok "and what is left is of use" alike "$work/up-plain" "$work/limit"
ok "a cache for nothing is empty" plan "$work/up.yaml" "$work/none" -q --cache-limit 0
ok "quite" test "$(find "$cache" -type f | wc -l)" = 0
ok "a first mix keeps its groups where asked" \
    "$topdown" mix "${song[@]}" -r pop-rock -o "$work/asked" -q --keep-groups
ok "for the plan it wrote" says "$groups of $groups groups" plan "$work/asked/plan-pop-rock.yaml" "$work/again"
ok "a cache that cannot be written is none" env XDG_CACHE_HOME=/proc/nowhere "$topdown" mix --plan "$work/up.yaml" -o "$work/nowhere" -q
ok "and nothing is left unfinished" test -z "$(find "$cache" -name '.td-*')"

finish kept
