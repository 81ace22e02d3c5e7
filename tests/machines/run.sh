#!/bin/bash
# One program, several processors: qemu stands for a Nehalem of 2008, which knows neither AVX nor fused multiply-add, and
# for a Haswell, which knows both; libm and others then take other paths. What comes out has to be the same bytes.
cd "$(dirname "$0")/../.." || exit 1
. tests/mix/lib.sh
rack=${RACK:-build/machines/rack}
on() { # CPU COMMAND...: qemu says what of a CPU it leaves out, which is nothing we use
    qemu-x86_64 -cpu "$@" 2>"$work/qemu" || { cat "$work/qemu"; return 1; }
}
rack_on() { on "$1" "$rack" >"$work/$1.txt"; }
mix_on() { # CPU or here, FOLDER
    local how=(on "$1")
    [ "$1" != here ] || how=()
    "${how[@]}" "$topdown" mix "$work/stems" --tempo 124 --title Short -r pop-rock -o "$work/$2" --quiet --no-cache
}
libm() { nm -D --undefined-only "$topdown" | grep -E ' (a?(sin|cos|tan)h?|sincos|atan2|exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|cbrt|hypot)f?@'; }

ok "the program calls no function of libm that differs" exits 1 libm
"$rack" >"$work/here.txt" || exit 1
rack_on Nehalem & rack_on Haswell & wait
ok "every processor has lines" [ "$(wc -l <"$work/here.txt")" -gt 100 ]
ok "every processor on a Nehalem" diff "$work/here.txt" "$work/Nehalem.txt"
ok "every processor on a Haswell" diff "$work/here.txt" "$work/Haswell.txt"
mkdir "$work/stems"
for stem in demo/stems/*.flac; do sox "$stem" "$work/stems/${stem##*/}" trim 8 3; done
ok "a mix" mix_on here a
ok "the same on a Nehalem" mix_on Nehalem b
for f in "$work"/a/*; do ok "to the byte: ${f##*/}" cmp "$f" "$work/b/${f##*/}"; done
finish machines
