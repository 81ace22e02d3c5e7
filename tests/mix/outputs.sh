#!/bin/bash
# Everything that can leave: every format read back by the programs that made it their business, versions, parts.
cd "$(dirname "$0")/../.." || exit 1
. tests/mix/lib.sh

cat >"$work/job.yaml" <<END
topdown: job/1
name: lithium
title: Lithium
artist: Demo Artist
isrc: [ DEXX12600001 ]
stems: { folder: $PWD/demo/stems }
tempo: 124 bpm
recipes: [ pop-rock ]
outputs:
  previews: [ { format: mp3, bitrate: 192 kbit/s }, { format: ogg, bitrate: 160 kbit/s }, { format: opus } ]
  masters:
    - { format: wav, bits: 24, loudness: spotify }
    - { format: wav, bits: 16, rate: 44.1 kHz, loudness: apple-music }
    - { format: aiff, bits: 24, loudness: ebu-r128 }
    - { format: flac, bits: 24, rate: 96 kHz, loudness: deezer }
    - { format: wav, bits: 32, loudness: amazon-music }
    - { format: wav, bits: 24, loudness: youtube, true_peak: -2 dBTP }
  versions: [ instrumental, acapella, tv ]
  premaster: { format: wav, bits: 32 }
  groups: { format: wav, bits: 24 }
  report: [ html, json ]
END
out=$work/out song=$out/DemoArtist_Lithium_PopRock01
ok "one job, every format, every version" "$topdown" mix --job "$work/job.yaml" -o "$out" --quiet
ok "its report holds to its schema" python3 tests/mix/schema.py packaging/schema/report-1.json "$out/report.json"

is() { # FILE CODEC RATE FORMAT: what ffprobe says
    local got
    got=$(ffprobe -v error -show_entries stream=codec_name,sample_rate,sample_fmt,bits_per_raw_sample,channels -of csv=p=0 "$1")
    echo "$1: $got"
    [[ ,$got, == *,$2,* && ,$got, == *,$3,* && ,$got, == *,$4,* ]]
}
ok "WAV, 24 bit" is "${song}_Master_48k24.wav" pcm_s24le 48000 2
ok "WAV, 16 bit at 44.1 kHz" is "${song}_Master16LUFS_44k16.wav" pcm_s16le 44100 2
ok "WAV, 32 bit float" is "${song}_Master14LUFS_48k32.wav" pcm_f32le 48000 flt
ok "AIFF, 24 bit" is "${song}_Master23LUFS_48k24.aiff" pcm_s24be 48000 2
ok "FLAC, 24 bit at 96 kHz" is "${song}_Master15LUFS_96k24.flac" flac 96000 24
ok "MP3" is "${song}_Preview_48k.mp3" mp3 48000 2
ok "Ogg Vorbis" is "${song}_Preview_48k.ogg" vorbis 48000 2
ok "Opus" is "${song}_Preview_48k.opus" opus 48000 2
ok "sox reads WAV" sox "${song}_Master_48k24.wav" -n stat
ok "sox reads AIFF" sox "${song}_Master23LUFS_48k24.aiff" -n stat
ok "flac finds no fault" flac -st "${song}_Master15LUFS_96k24.flac"
ok "metaflac reads the tags" says "ARTIST=Demo Artist" metaflac --export-tags-to=- "${song}_Master15LUFS_96k24.flac"
ok "and the ISRC" says "ISRC=DEXX12600001" metaflac --export-tags-to=- "${song}_Master15LUFS_96k24.flac"
ok "opusinfo reads the tags" says "TITLE=Lithium" opusinfo "${song}_Preview_48k.opus"
ok "and finds no fault" bash -c '! opusinfo "$1" | grep -i warning' - "${song}_Preview_48k.opus"
ok "an instrumental says so in its title" says "Lithium (Instrumental)" ffprobe -v error -show_entries format_tags=title -of csv=p=0 "${song}_Instrumental_48k24.wav"
ok "and has no ISRC of another recording" bash -c '! grep -aq DEXX12600001 "$1"' - "${song}_Instrumental_48k24.wav"
ok "bext tells every stage" bash -c 'grep -aq "A=PCM,F=44100,W=16,M=stereo,T=soxr VHQ;TPDF dither" "$1"' - "${song}_Master16LUFS_44k16.wav"

# what stands in the files, as the programs read it that people have
figure() { # FILE NAME [SCALE OFFSET]: what report.json has
    python3 - "$out/report.json" "$(basename "$1")" "$2" "${3:-1}" "${4:-0}" <<'END'
import json, sys
report, name, figure, scale, offset = sys.argv[1:]
outputs = json.load(open(report))["mixes"][0]["outputs"]
print(*(o[figure] * float(scale) + float(offset) for o in outputs if o["name"] == name))
END
}
near() { # WITHIN A B
    echo "$2, and $3"
    awk -v w="$1" -v a="$2" -v b="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && (d < 0 ? -d : d) <= w) }'
}
tag() { # FILE NAME: by ffprobe
    ffprobe -v error -show_entries "format_tags=$2:stream_tags=$2" -of default=nk=1:nw=1 "$1" | head -1
}
tagged() { # FILE NAME TEXT
    local got
    got=$(tag "$1" "$2")
    echo "$2=$got"
    [[ $got == "$3"* ]]
}
info() { # FILE STREAM FIELD: by mediainfo
    mediainfo --Output="$2;%$3%" "$1"
}
heard=${song}_Master_48k24.wav
for f in "$heard" "${song}_Master23LUFS_48k24.aiff" "${song}_Master15LUFS_96k24.flac" "${song}_Preview_48k."{mp3,ogg,opus}; do
    kind=${f##*.}
    ok "$kind: title" tagged "$f" title Lithium
    ok "$kind: artist" tagged "$f" artist "Demo Artist"
    ok "$kind: recipe and revision" tagged "$f" comment "recipe pop-rock revision 1, session "
    ok "$kind: mediainfo agrees" test "$(info "$f" General Title)" = Lithium
    ok "$kind: as long by ffprobe" near 0.033 "$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$f")" 28
    [ "$kind" = wav ] && continue
    ok "$kind: ISRC" test "$(tag "$f" ISRC)$(tag "$f" TSRC)" = DEXX12600001
    ok "$kind: recipe" tagged "$f" RECIPE pop-rock
    if [ "$kind" = opus ]; then # RFC 7845: to -23 LUFS, in 1/256 dB
        ok "opus: gain" near 26 "$(tag "$f" R128_TRACK_GAIN)" "$(figure "$f" loudness_lufs -256 $((-23 * 256)))"
    else # ReplayGain 2.0: to -18 LUFS
        ok "$kind: gain" near 0.2 "$(tag "$f" REPLAYGAIN_TRACK_GAIN | cut -d' ' -f1)" "$(figure "$f" loudness_lufs -1 -18)"
        ok "$kind: peak" tagged "$f" REPLAYGAIN_TRACK_PEAK 0.
    fi
done
for f in "$heard" "${song}_Master23LUFS_48k24.aiff" "${song}_Preview_48k.ogg"; do
    ok "soxi counts the samples of ${f##*.}" test "$(soxi -s "$f")" = 1344000
done
ok "soxi counts those of 96 kHz" test "$(soxi -s "${song}_Master15LUFS_96k24.flac")" = 2688000
ok "metaflac reads a recipe" says "RECIPE=pop-rock" metaflac --export-tags-to=- "${song}_Master15LUFS_96k24.flac"
ok "and counts the samples" says 2688000 metaflac --show-total-samples "${song}_Master15LUFS_96k24.flac"
ok "vorbiscomment reads the tags" says "ARTIST=Demo Artist" vorbiscomment -l "${song}_Preview_48k.ogg"
ok "ogginfo finds no fault" bash -c '! ogginfo "$1" | grep -i warning' - "${song}_Preview_48k.ogg"
ok "and reads the length" says "Playback length: 0m:28.000s" ogginfo "${song}_Preview_48k.ogg"
ok "opusinfo does too" says "Playback length: 0m:28.000s" opusinfo "${song}_Preview_48k.opus"
ok "an MP3 has LAME's tag" says LAME info "${song}_Preview_48k.mp3" Audio Encoded_Library
ok "by which decoders leave out 1105 samples" says 0.023021 ffprobe -v error -show_entries stream=start_time -of csv=p=0 "${song}_Preview_48k.mp3"

# Broadcast Wave: bext 2 as mediainfo and ffprobe read it, iXML and axml by a parser of XML
ok "bext: version 2" test "$(info "$heard" General bext_Version)" = 2
ok "bext: originator" tagged "$heard" encoded_by topdown
ok "bext: a reference of 32 letters" test "$(tag "$heard" originator_reference | wc -c)" = 33
ok "bext: description" says "recipe pop-rock revision 1" info "$heard" General Description
ok "bext: a line for each stage" test "$(ffprobe -v error -show_entries format_tags=coding_history -of default=nk=1:nw=1 "$heard" | grep -c ^A=PCM)" = 3
ok "bext: loudness" near 0.011 "$(info "$heard" Audio LoudnessValue)" "$(figure "$heard" loudness_lufs)"
ok "bext: true peak" near 0.011 "$(info "$heard" Audio MaxTruePeakLevel)" "$(figure "$heard" true_peak_dbtp)"
ok "bext: range" near 0.011 "$(info "$heard" Audio LoudnessRange)" "$(figure "$heard" loudness_range_lu)"
ok "bext: momentary" near 0.011 "$(info "$heard" Audio MaxMomentaryLoudness)" "$(figure "$heard" max_momentary_lufs)"
ok "bext: short-term" near 0.011 "$(info "$heard" Audio MaxShortTermLoudness)" "$(figure "$heard" max_short_term_lufs)"
ok "INFO: software" tagged "$heard" encoder "topdown "
xml() { # FILE CHUNK PATH: the texts there
    python3 - "$@" <<'END'
import struct, sys
from xml.etree import ElementTree
data, at = open(sys.argv[1], "rb").read(), 12
while data[at:at + 4] != sys.argv[2].encode():
    at += 8 + (struct.unpack("<I", data[at + 4:at + 8])[0] + 1) // 2 * 2
size = struct.unpack("<I", data[at + 4:at + 8])[0]
tree = ElementTree.fromstring(data[at + 8:at + 8 + size].rstrip(b"\0"))
print(*(e.text for e in tree.findall(sys.argv[3])))
END
}
ok "iXML: the project" says Lithium xml "$heard" iXML PROJECT
ok "iXML: a note" says "recipe pop-rock revision 1" xml "$heard" iXML NOTE
ok "iXML: the track" says "Master Master" xml "$heard" iXML TRACK_LIST/TRACK/NAME
ok "axml: the ISRC" says ISRC:DEXX12600001 xml "$heard" axml './/{http://purl.org/dc/elements/1.1/}identifier'

ok "-14 LUFS and -1 dBTP by ffmpeg" within "${song}_Master_48k24.wav" -14 -1
ok "-16 LUFS and -1 dBTP at another rate" within "${song}_Master16LUFS_44k16.wav" -16 -1
ok "-23 LUFS in AIFF" within "${song}_Master23LUFS_48k24.aiff" -23 -1
ok "-15 LUFS in FLAC at another rate" within "${song}_Master15LUFS_96k24.flac" -15 -1
ok "-14 LUFS and -2 dBTP" within "${song}_Master14LUFS_48k24.wav" -14 -2
ok "the MP3 holds as it is decoded" within "${song}_Preview_48k.mp3" -14 0
ok "the Ogg holds as it is decoded" within "${song}_Preview_48k.ogg" -14 0
ok "the Opus holds as it is decoded" within "${song}_Preview_48k.opus" -14 0

samples() { # FILE: as decoded at 48 kHz
    ffmpeg -v error -i "$1" -ar 48000 -f s16le -ac 1 - | wc -c
}
length=$(samples "${song}_Master_48k24.wav")
same_length() { # FILE
    local n
    n=$(samples "$1")
    echo "$1: $n bytes instead of $length"
    [ "$n" -eq "$length" ]
}
for f in "$out"/*_48k*.wav "$out"/*.aiff "$out"/*.opus "$out"/*.mp3 "$out"/*.ogg; do
    ok "as long as the master: $(basename "$f")" same_length "$f"
done

# groups and residual add up to the premaster: what sox leaves of their difference, in dB below full scale
adds_up() {
    local mix=() f peak
    for f in Drums Keys Synths Vocals Backing Residual; do mix+=(-v 1 "${song}_${f}_48k24.wav"); done
    peak=$(sox -m "${mix[@]}" -v -1 "${song}_Premaster_48k32.wav" -n stats 2>&1 | awk '/^Pk lev/ { print $4 }')
    echo "peak $peak dBFS"
    awk -v p="$peak" 'BEGIN { exit !(p == "-inf" || p < -120) }'
}
ok "groups and residual are the premaster" adds_up
# what is no version of it: the drive is the mix's, so an instrumental is softer
softer() {
    local l p
    read -r l p < <(ebur128 "$1")
    echo "$l LUFS, $p dBTP"
    awk -v l="$l" -v p="$p" 'BEGIN { exit !(l < -14.3 && l > -22 && p <= -1) }'
}
ok "an instrumental is what the mix leaves" softer "${song}_Instrumental_48k24.wav"
ok "so is an a cappella" softer "${song}_Acapella_48k24.wav"

ok "verify knows every file" "$topdown" verify "$out" --quiet
ok "plans render to the same bytes, lossy files too" says "rendered again: the same bytes" "$topdown" verify "$out" --render --quiet
ok "none to others" bash -c '! grep OTHER "$1"' - "$work/said"
cp "${song}_Master_48k24.wav" "$work/travelled.wav"
ok "a file is known whatever it is called" says "master of pop-rock" "$topdown" verify "$work/travelled.wav" --report "$out/report.json"
printf '\0' | dd of="${song}_Drums_48k24.wav" bs=1 seek=100000 conv=notrunc 2>/dev/null
ok "one byte of it is enough" says "changed" exits 5 "$topdown" verify "${song}_Drums_48k24.wav"
rm "${song}_Keys_48k24.wav"
ok "what is gone is said" says "missing" exits 5 "$topdown" verify "$out"
ok "what was never there too" says "unknown" exits 5 "$topdown" verify demo/stems/LICENCE.txt --report "$out/report.json"

# A/B delivery: two recipes, the rough mix and a reference, of one length and one loudness in every codec
sox "${song}_Master_48k24.wav" -b 16 "$work/rough.wav" trim 0 20 gain -6
sox "${song}_Master_48k24.wav" -b 16 -r 44100 "$work/reference.wav" gain -2
cat >"$work/ab.yaml" <<END
topdown: job/1
name: lithium
title: Lithium
stems: { folder: $PWD/demo/stems }
rough: rough.wav
reference: reference.wav
tempo: 124 bpm
recipes: [ pop-rock, jazz ]
outputs:
  previews: [ { format: mp3 }, { format: opus }, { format: flac } ]
  report: html
END
head -n 7 "$work/ab.yaml" >"$work/plain.yaml"
echo 'recipes: [ pop-rock ]' >>"$work/plain.yaml"
guided() { "$topdown" plan "$PWD/demo/stems" --tempo 124 --title Lithium -r pop-rock --rough "$work/rough.wav" "$@"; }
ok "a job with a rough mix and a reference" "$topdown" plan --job "$work/plain.yaml" -o "$work/job-plan.yaml" --quiet
ok "flags name both as well" guided --reference "$work/reference.wav" -o "$work/flag-plan.yaml" --quiet
ok "to the same plan" cmp "$work/job-plan.yaml" "$work/flag-plan.yaml"
ok "which follows the rough mix" grep -q '^balance: rough' "$work/flag-plan.yaml"
ok "and says what of the reference no recipe of the library takes" grep -q "'reference: { tone: 50 % }' in the recipe takes on half" "$work/flag-plan.yaml"
ok "one that is not there is no rough mix" says "gone.wav" exits 65 guided --rough "$work/gone.wav"
out=$work/ab
ok "an A/B set" "$topdown" mix --job "$work/ab.yaml" -o "$out" --quiet
ok "four files a codec" test "$(ls "$out"/*.mp3 | wc -l) $(ls "$out"/*.opus | wc -l) $(ls "$out"/*.flac | wc -l)" = "4 4 4"
for f in "$out"/*.mp3 "$out"/*.opus "$out"/*.flac; do
    ok "as long as the others: $(basename "$f")" same_length "$f"
done
ok "its report holds to its schema" python3 tests/mix/schema.py packaging/schema/report-1.json "$out/report.json"
loudness() { # FILE: to the thousandth, by ffmpeg
    ffmpeg -nostdin -v error -i "$1" -af ebur128=metadata=1,ametadata=print:key=lavfi.r128.I:file=- -f null - |
        awk -F= '/=/ { l = $2 } END { print l }'
}
spread() { # FILE...: how far the loudest is from the softest
    local f
    for f in "$@"; do echo "$(loudness "$f") $f"; done | sort -g | tee "$work/loud" | awk 'NR == 1 { a = $1 } { b = $1 } END { print b - a }'
}
as_loud() { # LU FILE...
    local most=$1 got
    shift
    got=$(spread "$@")
    cat "$work/loud"
    awk -v g="$got" -v m="$most" 'BEGIN { exit !(g <= m) }'
}
ok "all as loud as each other within 0.1 LU, by ffmpeg" as_loud 0.1 "$out"/*.mp3 "$out"/*.opus "$out"/*.flac
raised() { # FOLDER: the rough mix, which is softer than any preview and has peaks to spare, lowers none of them
    python3 - "$1/report.json" <<'END'
import json, sys
report = json.load(open(sys.argv[1]))
wanted = min(o["wanted"]["loudness_lufs"] for m in report["mixes"] for o in m["outputs"] if o["kind"] == "preview")
print(report["ab"], wanted)
assert report["rough"]["outputs"][0]["turned_db"] > 1 and abs(report["ab"]["matched_lufs"] - wanted) <= 0.01
END
}
ok "a soft rough mix is raised as far as its peaks allow" raised "$out"
compared() { # FOLDER: the report says by how much each was turned down, or would have to be
    python3 - "$1/report.json" <<'END'
import json, sys
report = json.load(open(sys.argv[1]))
ab, asked = report["ab"], {}
for holder in report["mixes"] + [report["rough"], report["reference"]]:
    for o in holder["outputs"]:
        if o["kind"] != "master":
            asked[o["name"]] = o["wanted"]["loudness_lufs"]
assert len(ab["files"]) == len(asked) == 12
for mix in report["mixes"]: # the card knows that a file was turned down
    assert [c["verdict"] for c in mix["card"] if c["id"] == "LT"] == ["pass"], mix["card"]
for f in ab["files"]:
    print(f)
    assert f["gain_db"] <= 0 and (f["turned_db"] <= 0 or not f["mix"])
    assert abs(f["loudness_lufs"] - f["turned_db"] - asked[f["file"]]) <= 0.06
    assert abs(f["loudness_lufs"] + f["gain_db"] - ab["loudness_lufs"]) <= 0.02
    assert ab["matched_lufs"] is None or abs(f["gain_db"]) <= 0.1
END
}
alike() { # FOLDER: pop-rock is held against a file that it hardly differs from, but by level; jazz against the same
    python3 - "$1/report.json" <<'END'
import json, sys
report = json.load(open(sys.argv[1]))
pop, jazz = (mix["against_reference"] for mix in report["mixes"])
print(pop, jazz)
own = next(o for o in report["mixes"][0]["outputs"] if o["kind"] == "preview" and o["format"] == "flac")
assert abs(pop["gain_db"] - (report["reference"]["loudness_lufs"] - own["loudness_lufs"])) <= 0.25
assert abs(pop["most_db"]) < 2 and abs(pop["plr_db"]) < 2 and abs(pop["loudness_range_lu"]) < 1
assert max(abs(x) for x in pop["width_db"] if x is not None) < 2
assert jazz["mean_db"] > pop["mean_db"]
for mix in report["mixes"]:
    assert sum("nothing of reference.wav is taken on" in w for w in mix["warnings"]) == 1, mix["warnings"]
END
}
ok "each mix is held against the reference at one loudness" alike "$out"
ok "and the page says so" grep -q 'with loudness aligned: Loudness .* Tone .* Peak to loudness .* Loudness range .* Width ' "$out/report.html"
ok "the report says by how much each was turned down" compared "$out"
ok "verify knows guests" "$topdown" verify "$out" --quiet
ok "and turns down again" says "rendered again: the same bytes" "$topdown" verify "$out" --render --quiet
ok "all of them" bash -c '! grep OTHER "$1"' - "$work/said"
echo "ab: { loudness_match: false }" >>"$work/ab.yaml"
ok "a set as mastered, and as brought" "$topdown" mix --job "$work/ab.yaml" -o "$work/unmatched" --quiet
ok "with what would make it one loudness" compared "$work/unmatched"
not_as_loud() { ! as_loud "$@"; }
ok "which it is not" not_as_loud 2 "$work/unmatched"/*.flac
cat >"$work/loud.yaml" <<END
topdown: job/1
name: lithium
title: Lithium
stems: { folder: $PWD/demo/stems }
tempo: 124 bpm
recipes: [ pop-rock, jazz ]
outputs:
  previews: [ { format: flac, loudness: -5 LUFS } ]
  masters: [ { format: wav, rate: 44.1 kHz } ]
END
ok "previews louder than the limiter may make them" "$topdown" mix --job "$work/loud.yaml" -o "$work/too-loud" --quiet
ok "are all as loud as the softest of them" as_loud 0.1 "$work/too-loud"/*.flac
kinds() {
    python3 -c 'import json, sys; print(*(o["kind"] for m in json.load(open(sys.argv[1]))["mixes"] for o in m["outputs"]))' "$1"
}
ok "and stand in front of the masters still" says "preview master preview master" kinds "$work/too-loud/report.json"
ok "they come out again too" says "rendered again: the same bytes" "$topdown" verify "$work/too-loud" --render --quiet
ok "every one" bash -c '! grep OTHER "$1"' - "$work/said"
bent() { # PYTHON: a report that asks for something else of its first master
    python3 - "$work/too-loud/report.json" "$1" <<'END'
import json, sys
report = json.load(open(sys.argv[1]))
o = [o for o in report["mixes"][0]["outputs"] if o["kind"] == "master"][0]
exec(sys.argv[2])
json.dump(report, open(sys.argv[1].replace("report.json", "bent.json"), "w"))
END
    "$topdown" verify "$work/too-loud"/*Master* --report "$work/too-loud/bent.json" --render --quiet
}
ok "a report cannot ask for a loudness beyond all" says "asks for what no order may" exits 3 bent 'o["wanted"]["loudness_lufs"] = 1e5'
ok "nor for a rate without end" says "asks for what no order may" exits 3 bent 'o["rate_hz"] = 4000000000'
ok "nor for the files of others" says "names no file beside it" exits 3 bent 'o["name"] = "../../etc/hostname"'
printf 'topdown: recipe/1\nname: quiet\nextends: pop-rock\npreview: { loudness: -20 LUFS }\n' >"$work/quiet.yaml"
two=(mix demo/stems --tempo 124 -r pop-rock -r "$work/quiet.yaml" -q)
ok "two recipes on the command line" "$topdown" "${two[@]}" -o "$work/two"
ok "are equally loud" as_loud 0.1 "$work"/two/*_Preview_*.wav
ok "two plans" "$topdown" mix --plan "$work/two/plan-pop-rock.yaml" --plan "$work/two/plan-quiet.yaml" -o "$work/plans" -q
ok "are as well" as_loud 0.1 "$work"/plans/*_Preview_*.wav
ok "unless they shall not be" "$topdown" "${two[@]}" -o "$work/no-match" --no-match
ok "then each is as loud as it asks" not_as_loud 5.5 "$work"/no-match/*_Preview_*.wav

# a recipe whose plan cannot be made leaves the others alone
printf 'topdown: recipe/1\nname: odd\nmix: { chain: [ automation: { breaths: -6 dB } ] }\n' >"$work/odd.yaml"
part=(demo/stems --tempo 124 -r "$work/odd.yaml" -r pop-rock -q)
ok "one recipe of two is in vain" says "odd: failed: mix: breaths are a voice's" exits 4 "$topdown" mix "${part[@]}" -o "$work/part"
ok "the other is mixed" cmp "$work"/part/*_Master_*.wav "$work"/two/*PopRock*_Master_*.wav
ok "the report tells" says "failed: mix: breaths are a voice's" "$topdown" report "$work/part"
ok "and holds to its schema" python3 tests/mix/schema.py packaging/schema/report-1.json "$work/part/report.json"
ok "so does the page" grep -q "breaths are a voice" "$work/part/report.html"
counted() { # REPORT: each mix counts the decisions that it shows
    python3 - "$1" <<'END'
import json, sys
for m in json.load(open(sys.argv[1]))["mixes"]:
    told, shown = m["decisions"], [d["origin"] for d in m["decided"]]
    rows = {"all": len(shown), "solved": shown.count("solved"), "as_written": shown.count("as_written"), "fixes": shown.count("fix")}
    print(m["label"], told, rows)
    assert told == rows and told["all"] == told["solved"] + told["as_written"] + told["fixes"]
    assert told["all"] > 9 or m["state"] == "failed"
END
}
ok "decisions are counted as they are shown" counted "$work/part/report.json"
ok "nothing has its plan" exits 1 test -e "$work/part/plan-odd.yaml"
ok "plan goes on as well" says "Plan of 'pop-rock'" exits 4 "$topdown" plan "${part[@]}"
ok "and a dry run" says "Demo_PopRock01_Master_48k24.wav" exits 4 "$topdown" mix "${part[@]}" -o "$work/dry-part" -n
ok "alone it is an error of the recipe" exits 3 "$topdown" mix demo/stems -r "$work/odd.yaml" -o "$work/odd" -q

# a portrait is of a whole, never of a part
sed '/^outputs:/q' "$work/loud.yaml" | sed 's/, jazz//' >"$work/parts.yaml"
printf '  groups: { format: wav }\n' >>"$work/parts.yaml"
pictured() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["mixes"][0].get("portrait", {}).get("file", "none"))' "$1"
}
ok "groups alone" "$topdown" mix --job "$work/parts.yaml" -o "$work/parts" -q
ok "have no portrait that stands for the mix" says "none" pictured "$work/parts/report.json"
ok "their report holds to its schema" python3 tests/mix/schema.py packaging/schema/report-1.json "$work/parts/report.json"
ok "and its page is made" "$topdown" report "$work/parts" --html "$work/parts.html"
printf '  premaster: { format: wav }\n' >>"$work/parts.yaml"
ok "with the premaster" "$topdown" mix --job "$work/parts.yaml" -o "$work/parts" -q --force
ok "it is of that" says "Premaster" pictured "$work/parts/report.json"

# an order's targets are the plan's: it is decided for them, says so, and makes the same file again
cat >"$work/soft.yaml" <<END
topdown: job/1
stems: { folder: $PWD/demo/stems }
tempo: 124
recipes: [ pop-rock ]
outputs:
  previews: []
  masters: [ { format: wav, loudness: -23 LUFS, true_peak: -2 dBTP }, { format: flac } ]
END
ok "a plan for an order's master says whose it is" says "master -23 LUFS, -2 dBTP by the order; the recipe says -14 LUFS, -1 dBTP" \
    "$topdown" plan --job "$work/soft.yaml" -q
ok "the order itself" "$topdown" mix --job "$work/soft.yaml" -o "$work/soft" -q
ok "a master of which it says nothing is the recipe's" test -f "$(echo "$work"/soft/*_Master14LUFS_48k24.flac)"
ok "its plan" "$topdown" mix --plan "$work/soft/plan-pop-rock.yaml" -o "$work/again" -q
ok "makes the same master" cmp "$work"/soft/*_Master_48k24.wav "$work"/again/*_Master_48k24.wav

finish outputs
