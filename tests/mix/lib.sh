# shellcheck shell=bash
# tests/mix/lib.sh - what the tests of the program share; the folder to work in is $work; other programs are judges.
set -u
topdown=${TOPDOWN:-build/topdown}
work=$(mktemp -d "${TMPDIR:-/tmp}/topdown-mix.XXXXXX")
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache LC_ALL=C
passed=0 failed=0 skipped=0

ok() { # DESCRIPTION COMMAND...
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $what"
        cat "$work/log"
    fi
}
skip() { # DESCRIPTION WHY: what this machine cannot show
    skipped=$((skipped + 1))
    echo "SKIPPED $1: $2"
}
exits() { # CODE COMMAND...
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" -eq "$want" ] || { echo "exit $got instead of $want"; return 1; }
}
says() { # TEXT COMMAND...
    local text=$1
    shift
    "$@" 2>&1 | tee "$work/said" | grep -qF -- "$text" || { cat "$work/said"; return 1; }
}
# "integrated true-peak" of a file by ffmpeg's ebur128
ebur128() {
    ffmpeg -nostdin -hide_banner -nostats -i "$1" -af ebur128=peak=true:framelog=verbose -f null - 2>&1 |
        awk '/Integrated/ { i = 1 } i && / I:/ { l = $2 } /Peak:/ { p = $2 } END { print l, p }'
}
within() { # FILE LUFS DBTP: ffmpeg prints tenths
    read -r l p < <(ebur128 "$1")
    echo "$1: $l LUFS, $p dBTP"
    awk -v l="$l" -v p="$p" -v wl="$2" -v wp="$3" 'BEGIN { d = l - wl; exit !((d < 0 ? -d : d) <= 0.1001 && p <= wp) }'
}
finish() { # NAME: the summary, and the exit code
    echo "$1: $passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
    [ "$failed" -eq 0 ]
}
