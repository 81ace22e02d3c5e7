#!/bin/sh
# Installs the Debian 12 packages that are missing, as root or through sudo, and says what it does.
# deps.txt lists them, each with its reason; the README beside it says more.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
want=${1:-build} # build: to compile; check, demo, lint: that and what the target needs
missing=
for p in $(awk -v want="$want" '!/^#/ && NF { if ($1 == "build" || $1 == want) print $2 }' "$here/deps.txt"); do
    command -v "$p" >/dev/null && continue # a program of that name is here, from wherever
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | cut -c1-2)" = ii ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "topdown needs these Debian packages:$missing"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "neither root nor sudo: let root run this, then try again" >&2
        echo "    apt-get install --no-install-recommends$missing" >&2
        exit 77
    }
    as_root=sudo
fi
echo "installing them with ${as_root:+sudo }apt-get"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
# shellcheck disable=SC2086
$as_root apt-get -qq install -y --no-install-recommends $missing >/dev/null
