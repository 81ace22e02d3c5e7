# tests/service/lib.sh - a whole service on this machine: nginx with stems, `topdown serve`, `topdown listen`, and a
# receiver in another language. Each test sources this file, gets a folder $T of its own, and everything ends with it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
topdown=$(realpath "${TOPDOWN:-$root/build/topdown}")
tools=${SERVICE_TOOLS:-$root/build/service-tools} # where node finds standardwebhooks
T=$(mktemp -d "${TMPDIR:-/tmp}/td-service.XXXXXX")
chmod 755 "$T"
cd "$T"
pids=

finish() {
    status=$?
    [ "$status" -eq 0 ] || tail -n 40 "$T"/*.log >&2 || true
    exec 2>/dev/null # the shell's word on every killed process
    for p in $pids; do kill -9 "$p" || true; done
    [ ! -s "$T/nginx.pid" ] || kill "$(cat "$T/nginx.pid")" || true
    wait || true
    cd / && rm -rf "$T"
}
trap finish EXIT

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }
json() { # an expression of JavaScript about the object o on stdin
    node -e 'const o = JSON.parse(require("fs").readFileSync(0)); console.log(eval(process.argv[1]))' "$1"
}

until_true() { # seconds, command...
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "gave up waiting for: $*"
        sleep 0.1
    done
}
address_in() { grep -o 'http://[0-9.:]*' "$1" | head -n 1; }
is_listening() { grep -q 'http://' "$1" 2>/dev/null; }

free_port() {
    local p
    for p in $(shuf -i 20000-29999 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
    done
    fail "no free port"
}

start_nginx() { # serves $T/stems as /, slowly as /slow/, and refuses as /busy/
    stems_port=$(free_port)
    cat >"$T/nginx.conf" <<CONF
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
pid $T/nginx.pid;
error_log $T/nginx.log;
events { }
http {
    access_log $T/access.log;
    client_body_temp_path $T/n1; proxy_temp_path $T/n2; fastcgi_temp_path $T/n3; uwsgi_temp_path $T/n4; scgi_temp_path $T/n5;
    server {
        listen 127.0.0.1:$stems_port;
        root $T/stems;
        location /slow/ { alias $T/stems/; limit_rate 200k; }
        location /busy/ { add_header Retry-After 1 always; return 503; }
    }
}
CONF
    nginx -p "$T" -c "$T/nginx.conf" -e "$T/nginx.log"
    stems_url=http://127.0.0.1:$stems_port
}

start_listen() {
    "$topdown" listen --listen 127.0.0.1:0 --secret "$secret" --save "$T/received" --json >"$T/listen.log" 2>&1 &
    pids="$pids $!"
    until_true 10 is_listening "$T/listen.log"
    listen_url=$(address_in "$T/listen.log")
}

start_node() { # judges webhooks with the library that the Standard Webhooks project publishes
    NODE_PATH=$tools/node_modules SECRET=$secret node "$root/tests/service/receiver.js" >"$T/node.log" 2>&1 &
    pids="$pids $!"
    until_true 10 is_listening "$T/node.log"
    node_url=$(address_in "$T/node.log")
}

start_serve() {
    rm -f "$T/serve.log" # an earlier one's says that it listens
    "$topdown" serve --listen 127.0.0.1:0 --data "$T/data" --work 1 --allow-private --recipes recipes \
        --files stems >"$T/serve.log" 2>>"$T/service.log" &
    serve_pid=$!
    pids="$pids $serve_pid"
    until_true 10 is_listening "$T/serve.log"
    url=$(address_in "$T/serve.log")
    key=$(cat "$T/data/api-key")
}

api() { # method, path, curl's further arguments: the body of the answer
    curl -sS -X "$1" -H "Authorization: Bearer $key" "$url$2" "${@:3}"
}
job_file() { # folder of the stems' address: a job of all stems, one recipe, both receivers
    echo "topdown: job/1"
    echo "title: Lithium"
    echo "stems:"
    echo "  files:"
    for f in "$T"/stems/*.flac; do
        name=$(basename "$f")
        echo "    - { file: \"$1/${name// /%20}\", sha256: $(sha256sum <"$f" | cut -c1-64) }"
    done
    echo "recipes: [ plain ]"
    echo "notify:"
    echo "  - { url: \"$listen_url/hook\", secret: hook-main }"
    echo "  - { url: \"$node_url/hook\", secret: hook-main }"
    echo "deliver: { to: \"$listen_url/\" }"
    echo "tags: { order: \"2041\" }"
}
submit() { # job file, key: the job's id
    api POST /v1/jobs -H "Idempotency-Key: $2" -H "Content-Type: application/yaml" --data-binary "@$1" | json o.id
}
state_of() { api GET "/v1/jobs/$1" | json o.state; }
stage_of() { api GET "/v1/jobs/$1" | json o.stage; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
is_stage() { [ "$(stage_of "$1")" = "$2" ]; }
hooks_in() { grep -c "\"$1\"" "$2" || true; }
has_hook() { [ "$(hooks_in "$1" "$2")" -gt 0 ]; }
sound_of() { # the hashes of a job's audio, by name
    api GET "/v1/jobs/$1" | json 'o.mixes.flatMap((m) => m.outputs).map((x) => x.name + " " + x.sha256).join("\n")'
}
child_of() { # the mixing process under way
    { cat "/proc/$serve_pid"/task/*/children 2>/dev/null || true; } | grep -o "[0-9]*" | head -n 1 | grep .
}

mkdir -p "$T/stems" "$T/recipes" "$T/data/credentials"
printf 'topdown: recipe/1\nname: plain\ntitle: Plain\n' >"$T/recipes/plain.yaml"
cp "$root"/demo/stems/*KICK.flac "$root"/demo/stems/*"VOX LEAD".flac "$root"/demo/stems/*PIANO.flac "$T/stems"
secret="whsec_$(head -c 32 /dev/urandom | base64)"
(umask 077 && printf '%s\n' "$secret" >"$T/data/credentials/hook-main")
start_nginx
start_listen
start_node
start_serve
