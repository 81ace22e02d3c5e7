#!/bin/bash
# topdown doing the whole job with one command: survey, plan, render, master, MP3.
. "$(dirname "$0")/../lib.sh"
root=$(cd "$(dirname "$0")/../../.." && pwd)
{
  printf 'topdown: job/1\nname: bench\nrecipes: [ "%s/tests/bench/recipe.yaml" ]\nstems:\n  files:\n' "$root"
  for i in "${!FILES[@]}"; do
    p=$(awk "BEGIN{p=${PANS[i]}*100; if (p<0) printf \"L%d\",-p; else if (p>0) printf \"R%d\",p; else printf \"C\"}")
    printf '    - { file: "%s/%s", pan: %s }\n' "$(cd "$session" && pwd)" "${FILES[i]}" "$p"
  done
} > "$out/job.yaml"
"${TOPDOWN:-$root/build/topdown}" mix --job "$out/job.yaml" -o "$out/mix" --no-cache --quiet ${THREADS:+-j "$THREADS"} > /dev/null
mv "$out"/mix/*_Master_*.wav "$out/master.wav"
mv "$out"/mix/*_Preview_*.mp3 "$out/preview.mp3"
