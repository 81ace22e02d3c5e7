#!/bin/bash
# A job from curl to its webhook: stems over HTTP, results by PUT and by GET, signatures judged by another's library.
. "$(dirname "$(realpath "$0")")/lib.sh"

# a title that cannot be written in ASCII names files, objects and addresses all the same
job_file "$stems_url" | sed 's/^title: .*/title: 東京/' >"$T/job.yaml"
id=$(submit "$T/job.yaml" order-1)
until_true 90 is_state "$id" done
until_true 20 has_hook job.done "$T/listen.log"
until_true 20 has_hook job.done "$T/node.log"

[ -n "${UNJUDGED:-}" ] || grep job.done "$T/node.log" | json o.verdict | grep -qx holds || fail "the library refuses our signature"
grep job.done "$T/node.log" | json o.body.data.delivery | grep -qx complete || fail "delivery is not complete"
! grep '"good":false' "$T/listen.log" || fail "the receiver refused something"

sound_of "$id" | grep -q '^東京_' || fail "the title is not in the names"
sound_of "$id" | while read -r name hash; do
    [ "$(sha256sum <"$T/received/$name" | cut -c1-64)" = "$hash" ] || fail "$name: the bytes PUT are others"
    [ "$(api GET "/v1/jobs/$id/outputs/$name" | sha256sum | cut -c1-64)" = "$hash" ] || fail "$name: the bytes GET are others"
    digest=$(api GET "/v1/jobs/$id/outputs/$name" -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Rr]epr-[Dd]igest: sha-256=:\(.*\):$/\1/p')
    [ "$(printf '%s' "$digest" | base64 -d | od -An -tx1 | tr -d ' \n')" = "$hash" ] || fail "$name: Repr-Digest is another"
done
[ -s "$T/received/report.json" ] || fail "the report was not delivered"
api GET "/v1/jobs/$id" | json 'o.mixes[0].loudness_lufs < 0 && o.session.stems === 3' | grep -qx true ||
    fail "the job's figures are missing"

# the same key again is the same job; the same order under another key gives the same bytes
again=$(submit "$T/job.yaml" order-1)
[ "$again" = "$id" ] || fail "one key made two jobs"
other=$(submit "$T/job.yaml" order-2)
[ "$other" != "$id" ] || fail "two keys made one job"
until_true 90 is_state "$other" done
diff <(sound_of "$id" | grep -v '\.mp3') <(sound_of "$other" | grep -v '\.mp3') || fail "the same order gave other bytes"
! grep -r "$T/data" "$T/received" --include='*.yaml' --include='*.json' || fail "a result names a folder of the service"
plan_of() { api GET "/v1/jobs/$1/outputs/plan-plain.yaml" | sha256sum; }
[ "$(plan_of "$id")" = "$(plan_of "$other")" ] || fail "the same order gave another plan"
[ "$(api GET '/v1/jobs?tag.order=2041' | json o.data.length)" = 2 ] || fail "there are not two jobs"
