#!/bin/bash
# Runs tests/service/test_*.sh one after another against the built program. nginx, curl and node are real.
set -euo pipefail
cd "$(dirname "$0")/../.."
export SERVICE_TOOLS=${SERVICE_TOOLS:-$PWD/build/service-tools}
if [ ! -d "$SERVICE_TOOLS/node_modules/standardwebhooks" ]; then
    mkdir -p "$SERVICE_TOOLS"
    npm install --silent --no-audit --no-fund --prefix "$SERVICE_TOOLS" standardwebhooks@1.1.1
fi
failed=0
for t in tests/service/test_*.sh; do
    if bash "$t"; then echo "ok     $t"; else failed=$((failed + 1)); echo "FAILED $t"; fi
done
echo "service: $failed failed"
[ "$failed" -eq 0 ]
