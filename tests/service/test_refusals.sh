#!/bin/bash
# What the service refuses, and how it says so; what it tries again.
. "$(dirname "$(realpath "$0")")/lib.sh"

status_of() { # curl's arguments
    curl -sS -o "$T/answer" -w '%{http_code}' "$@"
}
bearer="Authorization: Bearer $key"
job_file "$stems_url" >"$T/job.yaml"

[ "$(status_of "$url/v1/jobs")" = 401 ] || fail "no key was needed"
[ "$(status_of -H "$bearer" --data-binary "@$T/job.yaml" "$url/v1/jobs")" = 400 ] || fail "no Idempotency-Key was needed"
sed 's/recipes:/recipse:/' "$T/job.yaml" >"$T/wrong.yaml"
[ "$(status_of -H "$bearer" -H 'Idempotency-Key: w' --data-binary "@$T/wrong.yaml" "$url/v1/jobs")" = 422 ] || fail "a typo went through"
line=$(grep -n recipse "$T/wrong.yaml" | cut -d: -f1)
json 'o.errors.map((e) => e.line).join("\n")' <"$T/answer" | grep -qx "$line" || fail "the mistake's line is not named"
[ "$(stat -c %a "$T/data/api-key")" = 600 ] || fail "the key can be read by others"
! grep -rqF "$secret" "$T/data/queue.db" "$T/data/queue.db-wal" "$T/service.log" || fail "a secret lies in the queue or a log"
! grep -rqF "$key" "$T/data/queue.db" "$T/data/queue.db-wal" "$T/service.log" || fail "the key lies in the queue or a log"

# half a request holds its place for seconds only
exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'GET / HT' >&3
code=0
timeout 15 cat <&3 >/dev/null 2>&1 || code=$?
[ "$code" != 124 ] || fail "half a request keeps its connection"
exec 3>&-

# a stem that is not there fails the job with a reason; one whose server is busy is asked again
job_file "$stems_url/nowhere" >"$T/gone.yaml"
id=$(submit "$T/gone.yaml" gone)
until_true 30 is_state "$id" failed
api GET "/v1/jobs/$id" | json o.problem.detail | grep -q 404 || fail "the reason is not told"
until_true 20 has_hook job.failed "$T/node.log"
job_file "$stems_url/busy" >"$T/busy.yaml"
id=$(submit "$T/busy.yaml" busy)
retried() { [ "$(api GET "/v1/jobs/$1" | json 'o.attempt > 0 && o.state')" = queued ]; }
until_true 30 retried "$id"
client() { "$topdown" "$1" --server "$url" --key "$T/data/api-key" "${@:2}"; }
client status "$id" | grep -q '^state  *queued; attempt [2-8] of 8 at ' || fail "status does not say when it is tried again"
api POST "/v1/jobs/$id/cancel" | json o.state | grep -qx cancelled || fail "a waiting job was not cancelled"
until_true 20 has_hook job.cancelled "$T/node.log"

# a receiver that is not there: status JOB says so, and it is tried again at once when that is asked for
{ job_file "$stems_url" | sed '/^notify/,$d'; echo 'notify: [ { url: "http://127.0.0.1:1/hook" } ]'; } >"$T/deaf.yaml"
id=$(submit "$T/deaf.yaml" deaf)
api POST "/v1/jobs/$id/cancel" >"$T/answer"
undelivered() { client status "$1" | grep -q 'webhook  job[a-z.]*  .*attempt'; }
until_true 60 undelivered "$id"
client status "$id" | grep -q "topdown retry --deliveries $id" || fail "status does not name the cure"
client retry --deliveries "$id" | grep -q ': [1-9] of [1-9] deliveries sent again' || fail "nothing was sent again"

# a stem without a byte is the client's to mend
: >"$T/stems/Empty.wav"
printf 'topdown: job/1\nstems: { files: [ "%s/Empty.wav" ] }\nrecipes: [ plain ]\n' "$stems_url" >"$T/empty.yaml"
id=$(submit "$T/empty.yaml" empty)
until_true 30 is_state "$id" held
api GET "/v1/jobs/$id" | json o.problem.detail | grep -q 'is empty: 0 bytes' || fail "an empty stem is not named"
rm "$T/stems/Empty.wav"

# whose role nobody knows is asked for where the order says so
cp "$T"/stems/*PIANO.flac "$T/stems/Spur 7.flac"
printf 'topdown: job/1\nstems: { files: [ "%s/Spur%%207.flac" ], unknown: ask }\nrecipes: [ plain ]\n' "$stems_url" >"$T/ask.yaml"
id=$(submit "$T/ask.yaml" ask)
until_true 30 is_state "$id" held
api GET "/v1/jobs/$id" | json o.problem.detail | grep -qx 'Spur 7.flac: no role is known for this stem' || fail "nobody is asked"
api GET "/v1/jobs/$id" | json o.problem.message.en | grep -q 'which instrument or voice' || fail "its sender is not asked"
client retry "$id" --role 'Spur 7.flac=pianoo' >"$T/answer" 2>&1 && fail "a role nobody knows is taken"
client retry "$id" --role 'Spur 8.flac=keys.piano' >"$T/answer" 2>&1 && fail "a stem the job has not is answered for"
grep -q "no stem is called 'Spur 8.flac'; did you mean 'Spur 7.flac'?" "$T/answer" || fail "the right name is not told"
code=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" -X POST "$url/v1/jobs/$id/retry" \
    -H "Content-Type: application/json" --data '{"roles":{"Spur 8.flac":"keys.piano"}}')
[ "$code" = 400 ] || fail "a wrong name was answered with $code"
is_state "$id" held || fail "a wrong answer lets the job go on"
client retry "$id" --role 'Spur 7.flac=keys.piano' >"$T/answer" || fail "an answer is not taken"
until_true 60 is_state "$id" done
api GET "/v1/jobs/$id/report" | json 'o.session.stems[0].role' | grep -qx keys.piano || fail "an answer is not heard"
sed 's/ask }/fail }/' "$T/ask.yaml" >"$T/end.yaml"
id=$(submit "$T/end.yaml" end)
until_true 30 is_state "$id" failed
rm "$T/stems/Spur 7.flac"

# a wrong sha256
job_file "$stems_url" | sed '0,/sha256: ..../s//sha256: 0000/' >"$T/hash.yaml"
id=$(submit "$T/hash.yaml" hash)
until_true 30 is_state "$id" failed

# Ctrl-C ends the waiting, not the job (--foreground: timeout would send it twice, and the second ends all at once)
code=0
timeout --foreground -s INT 2 "$topdown" submit "$T/busy.yaml" --server "$url" --key "$T/data/api-key" --wait >"$T/wait.log" 2>&1 || code=$?
[ "$code" = 124 ] && grep -q 'the job goes on' "$T/wait.log" || fail "the first Ctrl-C did not end the waiting"

# local files through the command line: below the root they are read, elsewhere not
printf 'topdown: job/1\nstems: { folder: stems/ }\nrecipes: [ plain ]\n' >"$T/local.yaml"
"$topdown" submit "$T/local.yaml" --server "$url" --key "$T/data/api-key" --wait -q >"$T/submit.log" 2>&1 || fail "a local job failed"
grep -q ' dBTP$' "$T/submit.log" || fail "with -q the result is not shown"
mkdir -p "$T/stems/Deep/Vox" && cp "$T"/stems/*KICK.flac "$T/stems/Deep/Vox/Pulse.flac"
"$topdown" submit "$T/local.yaml" --role Pulse.flac=percussion.shaker --server "$url" --key "$T/data/api-key" --wait \
    >"$T/submit.log" 2>&1 || fail "a folder below was refused"
grep -rqF "Deep/Vox/Pulse.flac" "$T/data" --include=report.json || fail "a folder below was not mixed"
grep -rqF "percussion.shaker" "$T/data" --include=report.json || fail "--role was not heard"
rm -r "$T/stems/Deep"
mkdir "$T/elsewhere" && cp "$T"/stems/*KICK.flac "$T/elsewhere"
sed 's,stems/,elsewhere/,' "$T/local.yaml" >"$T/outside.yaml"
code=0
"$topdown" submit "$T/outside.yaml" --server "$url" --key "$T/data/api-key" >"$T/submit.log" 2>&1 || code=$?
[ "$code" = 3 ] || fail "files outside the roots were taken"

# drained: the first SIGTERM ends the idle service with success
kill -TERM "$serve_pid"
code=0
wait "$serve_pid" || code=$?
[ "$code" = 0 ] || fail "SIGTERM ended with $code"
