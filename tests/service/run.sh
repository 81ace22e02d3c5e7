#!/bin/bash
# Runs tests/service/test_*.sh one after another against the built program. nginx, curl and node are real.
set -euo pipefail
cd "$(dirname "$0")/../.."
export SERVICE_TOOLS=${SERVICE_TOOLS:-$PWD/build/service-tools}
judge=standardwebhooks@1.1.1
if [ ! -d "$SERVICE_TOOLS/node_modules/${judge%@*}" ]; then
    mkdir -p "$SERVICE_TOOLS"
    npm install --loglevel error --fetch-retries 1 --no-audit --no-fund --prefix "$SERVICE_TOOLS" "$judge" >&2 || export UNJUDGED=1
fi
failed=0
for t in tests/service/test_*.sh; do
    if bash "$t"; then echo "ok     $t"; else failed=$((failed + 1)); echo "FAILED $t"; fi
done
echo "service: $failed failed"
if [ -n "${UNJUDGED:-}" ]; then
    echo "service: NOT RUN: another's word on webhook signatures, since npm could not install $judge (its reason is above)"
    exit 1
fi
[ "$failed" -eq 0 ]
