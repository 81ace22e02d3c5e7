#!/bin/sh
# Runs unit test programs one after another; prints each one's summary, and the whole of what failed.
failed=0 passed=0
for t in "$@"; do
    if "$t" >"$t.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $t"
        cat "$t.log"
    fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
