#!/bin/bash
# Faders that a rough mix is made with, and those the program reads from it: ffmpeg and sox make the rough mixes.
cd "$(dirname "$0")/../.." || exit 1
. tests/mix/lib.sh

printf 'topdown: recipe/1\nname: bare\n' >"$work/bare.yaml"
planned() { # FILE [FLAG...]: a plan of the stems alone, without a chain
    local to=$1
    shift
    "$topdown" plan demo/stems --tempo 124 -r "$work/bare.yaml" -o "$to" --force --quiet "$@"
}
gains() { # PLAN: of each stem what its bus's clip gain and fader do, + where a rough mix says so, bus and path
    python3 - "$1" <<'END'
import re, sys
stems, buses, into = [], {}, None
for line in open(sys.argv[1]):
    head = re.match(r"(\w+):\s*$", line)
    into = head.group(1) if head else into
    item = re.match(r"  (- |  )(\w+): (.*)", line)
    if not item or into not in ("stems", "buses"):
        continue
    if item.group(1) == "- ":
        one = {}
        if into == "stems":
            stems.append(one)
        else:
            buses[item.group(3)] = one
    one[item.group(2)] = item.group(3)
for stem in stems:
    bus = buses[stem["bus"]]
    db = sum(float(bus.get(k, "0 dB").split()[0]) for k in ("clip_gain", "fader"))
    print(round(db, 2), "+" if "dB from the rough mix" in bus.get("fader_reason", "") else "-", stem["bus"], stem["path"], sep="\t")
END
}
ok "a plan that follows nobody" planned "$work/plain.yaml"
gains "$work/plain.yaml" | awk -F '\t' 'BEGIN { split("2 -4.5 3.5 -1 -6", move, " ") }
    !($3 in of) { of[$3] = move[++n] } { print of[$3] "\t" $3 "\t" $4 }' >"$work/moved" # from how groups came
mixed() { # the rough mix, 6 dB below full scale
    local inputs=() graph="" names="" n=0 db bus path
    while IFS=$'\t' read -r db bus path; do
        inputs+=(-i "$path")
        graph+="[$n:a]aformat=sample_fmts=flt:channel_layouts=stereo,volume=${db}dB[$bus$n];" names+="[$bus$n]"
        n=$((n + 1))
    done <"$work/moved"
    ffmpeg -nostdin -v error -y "${inputs[@]}" -filter_complex "$graph${names}amix=inputs=$n:normalize=0[o]" -map '[o]' \
        -c:a pcm_f32le "$work/loud.wav" && sox "$work/loud.wav" "$work/rough.wav" gain -n -6
}
read_back() { # ROUGH EACH MEAN: every group within EACH dB, and MEAN on average, of what the rough was made with
    planned "$work/read.yaml" --rough "$1" || return 1
    gains "$work/read.yaml" | awk -F '\t' -v each="$2" -v mean="$3" -v moved="$work/moved" '
        BEGIN { while ((getline <moved) > 0) made[$2] = $1 }
        $2 != "+" { print $3 " was not found"; bad = 1 }
        !($3 in off) { off[$3] = $1 - made[$3]; sum += off[$3]; n++ }
        END {
            for (b in off) { d = off[b] - sum / n; d = d < 0 ? -d : d; all += d; most = d > most ? d : most; print b, d }
            exit bad || n < 5 || most > each || all / n > mean
        }'
}
through() { # ROUGH OUT FLAG...: by ffmpeg
    ffmpeg -nostdin -v error -y -i "$1" "${@:3}" "$2"
}
squeeze="volume=6dB,acompressor=threshold=0.35:ratio=2.5:attack=15:release=150:knee=4"
limit="volume=13dB,alimiter=limit=0.9:attack=2:release=60:level=false"
ok "a rough mix of known faders" mixed
ok "every group is read within 0.5 dB" read_back "$work/rough.wav" 0.5 0.5
ok "one behind a compressor" through "$work/rough.wav" "$work/squeezed.wav" -af "$squeeze" -c:a pcm_f32le
ok "is read within 1 dB on average" read_back "$work/squeezed.wav" 2 1
ok "one driven 8 dB into a limiter" through "$work/rough.wav" "$work/limited.wav" -af "$limit" -c:a pcm_f32le
ok "as well" read_back "$work/limited.wav" 2 1
ok "one as MP3" through "$work/rough.wav" "$work/coded.mp3" -b:a 128k
ok "as well" read_back "$work/coded.mp3" 2 1
ok "one equalised, that starts 1.28 s late" sox "$work/rough.wav" "$work/toned.wav" highpass 30 equalizer 400 1q -2 treble 3 8000 pad 1.28013
ok "as well" read_back "$work/toned.wav" 2 1
ok "one with all of that" through "$work/toned.wav" "$work/all.mp3" -af "$squeeze,$limit" -b:a 128k
ok "as well" read_back "$work/all.mp3" 2 1
mkdir "$work/among"
ln -s "$PWD"/demo/stems/*.flac "$work/among/"
cp "$work/rough.wav" "$work/among/Rough Mix.wav"
cp "$work/squeezed.wav" "$work/among/Rough Mix 2.wav"
among() { "$topdown" plan "$work/among" --tempo 124 -r pop-rock -o "$work/among.yaml"; }
ok "one of two among the stems is followed, and the other named" says "is a rough mix too: the balance is read from Rough Mix" among
ok "the plan says which" grep -q 'balance_reason: "rough: Rough Mix.*, a rough mix, came with the stems"' "$work/among.yaml"
ok "one stem is no rough mix" planned "$work/one.yaml" --rough "demo/stems/2.Lithium_Stem_OFF KICK.flac"
ok "which is told" grep -q 'rough: only 1 of 5 groups found in it' "$work/one.yaml"
ok "and moves nobody" cmp <(gains "$work/one.yaml") <(gains "$work/plain.yaml")
sed 's/bare/other/' "$work/bare.yaml" >"$work/other.yaml"
both() { # the second of two recipes on one reading of the rough mix, and alone
    local flags=(demo/stems --tempo 124 --rough "$work/rough.wav" --json)
    "$topdown" plan "${flags[@]}" -r "$work/bare.yaml" -r "$work/other.yaml" -o "$work/both" >"$work/both.txt" &&
        "$topdown" plan "${flags[@]}" -r "$work/other.yaml" -o "$work/alone.yaml" >"$work/alone.txt" &&
        cmp "$work/both/plan-other.yaml" "$work/alone.yaml"
}
ok "a second recipe reads the same from it" both
ok "and it is read once" awk '/"stage":"planning"/ { planned++ } /"stage":"rough"/ { read++; late += planned > 0 }
    END { exit !read || !planned || late }' "$work/both.txt"
finish rough
