#!/bin/bash
# parts.sh [RECIPE...]: groups and Residual against the premaster, summed by SoX: what is left of their difference, and
# how loud the residual is beside the premaster, by every recipe of the library or the named ones. outputs.sh does one.
cd "$(dirname "$0")/../.." || exit 1
. tests/mix/lib.sh
[ $# -gt 0 ] || mapfile -t all < <("$topdown" recipe list --json | grep -o '"name": *"[^"]*"' | cut -d'"' -f4)

# at an eighth, since a premaster may stand above full scale, where SoX would cut it off
difference() { # PREMASTER GROUP...: its peak in dBFS
    local premaster=$1 mix=()
    shift
    for f in "$@"; do mix+=(-v 0.125 "$f"); done
    sox -m "${mix[@]}" -v -0.125 "$premaster" -n stats 2>&1 | awk '/^Pk lev/ { print ($4 == "-inf" ? $4 : $4 + 18.06); exit }'
}
is_small() { # dBFS
    [ "$1" = -inf ] || awk -v p="$1" 'BEGIN { exit !(p < -120) }'
}
printf '%-12s %5s  %16s  %16s  %12s\n' recipe bits 'difference' 'residual' 'premaster'
for recipe in "${@:-${all[@]}}"; do
    for bits in 24 32; do
        cat >"$work/job.yaml" <<END
topdown: job/1
name: parts
tempo: 124 bpm
stems: { folder: $PWD/demo/stems }
recipes: [ $recipe ]
outputs:
  premaster: { format: wav, bits: 32 }
  groups: { format: wav, bits: $bits }
END
        out=$work/$recipe$bits
        ok "$recipe in $bits bit" "$topdown" mix --job "$work/job.yaml" -o "$out" --quiet
        mapfile -t parts < <(find "$out" -name '*.wav' ! -name '*Premaster*' | sort)
        peak=$(difference "$out"/*_Premaster_*.wav "${parts[@]}")
        read -r residual _ < <(ebur128 "$out"/*_Residual_*.wav)
        read -r whole _ < <(ebur128 "$out"/*_Premaster_*.wav)
        printf '%-12s %5s  %11s dBFS  %11s LUFS  %7s LUFS\n' "$recipe" "$bits" "$peak" "$residual" "$whole"
        ok "$recipe: ${#parts[@]} parts in $bits bit are the premaster" is_small "$peak"
        rm -rf "$out"
    done
done
finish parts
