#!/bin/bash
# The whole service at work on this machine: an HTTP server with the stems, the job service with one worker, and a
# receiver for results and webhooks. Submits one job with two recipes and shows what came out.
set -euo pipefail
cd "$(dirname "$0")/.."
topdown=${TOPDOWN:-build/topdown}
root=$(pwd)
out=$(realpath -m "${OUT:-demo-out}")

say() { printf '\n== %s\n' "$*"; }
stop() {
    for p in ${pids:-}; do kill "$p" 2>/dev/null || true; done
    [ -s "$web/nginx.pid" ] && kill "$(cat "$web/nginx.pid")" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$web"
}
web=$(mktemp -d "${TMPDIR:-/tmp}/topdown-demo.XXXXXX") # the HTTP server's own files
trap stop EXIT
free_port() { # the first of some ports nobody listens on
    local p
    for p in $(seq "$1" "$(($1 + 40))"); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then echo "$p"; return; fi
    done
    echo "no free port from $1 on" >&2
    return 1
}
wait_for() { # until something answers on a port
    for _ in $(seq 100); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "nothing listens on port $1; see $out/*.log" >&2
    return 1
}

if [ -n "${OUT:-}" ] && [ -e "$out" ] && ! [ -e "$out/data/credentials/demo-hook" ] && [ -n "$(ls -A "$out" 2>/dev/null)" ]; then
    echo "$out is not empty and not of an earlier demo: name another folder with OUT=, or remove it" >&2
    exit 2
fi
rm -rf "$out"
mkdir -p "$out/data/credentials" "$out/received"
stems_port=$(free_port 8741) listen_port=$(free_port 8790) serve_port=$(free_port 8840)
umask 077
secret="whsec_$(head -c 32 /dev/urandom | base64)"
printf '%s' "$secret" >"$out/data/credentials/demo-hook"
umask 022

say "stems over HTTP at http://127.0.0.1:$stems_port/"
cat >"$web/nginx.conf" <<CONF
pid $web/nginx.pid;
error_log $out/nginx.log;
events { }
http {
    access_log off;
    client_body_temp_path $web/nginx-body; proxy_temp_path $web/nginx-proxy;
    fastcgi_temp_path $web/nginx-fcgi; uwsgi_temp_path $web/nginx-uwsgi; scgi_temp_path $web/nginx-scgi;
    server { listen 127.0.0.1:$stems_port; root $root/demo/stems; }
}
CONF
[ "$(id -u)" -ne 0 ] || sed -i '1i user root;' "$web/nginx.conf"
nginx -p "$web" -c "$web/nginx.conf" -e "$out/nginx.log"
wait_for "$stems_port"

say "a receiver for results and webhooks at http://127.0.0.1:$listen_port/"
"$topdown" listen --listen "127.0.0.1:$listen_port" --secret "$secret" --save "$out/received" >"$out/listen.log" 2>&1 &
pids="$!"
wait_for "$listen_port"

say "the service with one worker at http://127.0.0.1:$serve_port/"
"$topdown" serve --listen "127.0.0.1:$serve_port" --data "$out/data" --work 1 --allow-private >"$out/serve.log" 2>&1 &
pids="$pids $!"
wait_for "$serve_port"

{
    echo "topdown: job/1"
    echo "name: demo"
    echo "title: Lithium"
    echo "artist: Software-Entwicklungskit"
    echo "tempo: 124 bpm"
    echo "stems:"
    echo "  files:"
    for f in demo/stems/*.flac; do
        name=$(basename "$f")
        echo "    - { file: \"http://127.0.0.1:$stems_port/${name// /%20}\" }"
    done
    echo "recipes: [ pop-rock, electronic ]"
    echo "notify:"
    echo "  - { url: \"http://127.0.0.1:$listen_port/hook\", secret: demo-hook }"
    echo "deliver: { to: \"http://127.0.0.1:$listen_port/\" }"
} >"$out/job.yaml"

say "submitting $out/job.yaml: ten stems by URL, two recipes"
"$topdown" submit "$out/job.yaml" --server "http://127.0.0.1:$serve_port" --key "$out/data/api-key" --wait

for _ in $(seq 300); do # the webhook follows the deliveries
    grep -q 'job.done' "$out/listen.log" && break
    sleep 0.1
done

say "wanted and reached"
"$topdown" report "$out/received/report.json"
say "what arrived by PUT"
ls -1 "$out"/received/*.wav "$out"/received/*.mp3 "$out"/received/*.yaml "$out"/received/*.json "$out"/received/*.html
say "the receiver's word on webhooks and checksums"
grep -v '^listening' "$out/listen.log"
grep -q 'job.done' "$out/listen.log"

say "done: open ${OUT:-demo-out}/received/report.html"
