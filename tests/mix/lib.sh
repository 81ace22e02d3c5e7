# tests/mix/lib.sh - what the tests of the program share; the folder to work in is $work.
set -u
topdown=${TOPDOWN:-build/topdown}
work=$(mktemp -d "${TMPDIR:-/tmp}/topdown-mix.XXXXXX")
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache LC_ALL=C
passed=0 failed=0

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
finish() { # NAME: the summary, and the exit code
    echo "$1: $passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
