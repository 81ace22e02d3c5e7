#!/bin/bash
# Processes are killed at the worst moment; every job ends done, with the bytes it would have had, and is told once.
. "$(dirname "$(realpath "$0")")/lib.sh"

kill_service() {
    kill -9 "$serve_pid"
    wait "$serve_pid" 2>/dev/null || true
}

job_file "$stems_url" >"$T/job.yaml"
calm=$(submit "$T/job.yaml" calm)
until_true 90 is_state "$calm" done

# the mixing child
id=$(submit "$T/job.yaml" child)
until_true 60 is_state "$id" running
kill -9 "$(until_true 60 child_of)"
until_true 90 is_state "$id" done
[ "$(api GET "/v1/jobs/$id" | json o.attempt)" = 2 ] || fail "the killed attempt was not counted"
diff <(sound_of "$calm" | grep -v '\.mp3') <(sound_of "$id" | grep -v '\.mp3') || fail "a killed child changed the bytes"

# the whole service, while the child runs
id=$(submit "$T/job.yaml" service)
child=$(until_true 60 child_of)
kill_service
kill -9 "$child" 2>/dev/null || true
start_serve
until_true 90 is_state "$id" done
diff <(sound_of "$calm" | grep -v '\.mp3') <(sound_of "$id" | grep -v '\.mp3') || fail "a killed service changed the bytes"

# the service, while it fetches; what was fetched is not fetched again
job_file "$stems_url/slow" >"$T/slow.yaml"
id=$(submit "$T/slow.yaml" fetching)
until_true 60 is_stage "$id" fetching
sleep 1
kill_service
start_serve
until_true 120 is_state "$id" done
grep -q ' 206 ' "$T/access.log" || fail "the broken download began anew"

# each event has one id, however often it came
until_true 30 has_hook "$id" "$T/node.log"
for log in listen node; do
    grep -o 'evt_[0-9a-z]*' "$T/$log.log" | sort | uniq -d | grep -q . && fail "$log got an event twice" || true
    [ "$(grep -c '"job.done"' "$T/$log.log")" = 4 ] || fail "$log did not get four events"
done
