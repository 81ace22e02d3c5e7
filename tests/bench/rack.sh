#!/bin/bash
# rack.sh [PROCESSOR...]: what a stereo frame costs in each processor, in nanoseconds of CPU time, beside LV2 plug-ins,
# ffmpeg's and sox's filters of its kind, all on one sound and one after another. In brackets: our cost over theirs. The
# last column says "ahead" where nobody is cheaper by more than a tenth, else what we do for it that the cheaper ones do
# not. RACK and LV2_HOST name the programs of rack.c and lv2_host.c.
set -u
cd "$(dirname "$0")/../.."
export LC_ALL=C
rack=${RACK:-build/bench/rack} host=${LV2_HOST:-build/bench/lv2_host}
work=$(mktemp -d "${TMPDIR:-/tmp}/topdown-rack.XXXXXX")
trap 'rm -rf "$work"' EXIT
wanted=" $* "

# music by its numbers: pink noise in beats, a bass, a chord, different on both sides
sox -n -r 48000 -c 2 -t f32 "$work/sound.f32" synth 20 pinknoise amod 2 30 pinknoise amod 2 30 \
    synth 20 sine mix 82 sine mix 82.3 synth 20 triangle mix 440 triangle mix 554 gain -n -9 2>/dev/null
frames=$(($(stat -c %s "$work/sound.f32") / 8 * 3))
for i in 1 2 3; do cat "$work/sound.f32"; done >"$work/long.f32"

ffmpeg_user() { # FILTER: seconds of CPU
    ffmpeg -hide_banner -nostdin -benchmark -threads 1 -filter_threads 1 -f f32le -ar 48000 -ac 2 -i "$work/long.f32" \
        -af "$1" -f null - 2>&1 | awk -F'[=s ]' '/^bench: utime/ { print $3 }'
}
sox_user() { # EFFECTS
    local TIMEFORMAT=%U
    { time eval "sox -t f32 -r 48000 -c 2 $work/long.f32 -n $1" >/dev/null 2>&1; } 2>&1
}
fastest() { for i in 1 2 3; do "$@"; done | sort -n | head -1; }
ffmpeg_idle=$(fastest ffmpeg_user anull)
sox_idle=$(fastest sox_user 'gain 0')
per_frame() { awk -v t="$1" -v idle="$2" -v n="$frames" 'BEGIN { print (t - idle) / n * 1e9 }'; }

# shellcheck disable=SC2086 # WHAT of a plug-in is its address and settings
cost() { # lv2|ffmpeg|sox WHAT: nanoseconds a frame
    case $1 in
    lv2) "$host" "$work/sound.f32" $2 2>/dev/null ;;
    ffmpeg) per_frame "$(fastest ffmpeg_user "$2")" "$ffmpeg_idle" ;;
    sox) per_frame "$(fastest sox_user "$2")" "$sox_idle" ;;
    esac
}
row() { # PROCESSOR WHAT SETTINGS REASON [KIND LABEL WHAT]...
    local label=$1${2:+, $2} reason=$4 ours theirs others= behind=
    [ "$wanted" = "  " ] || [ "${wanted/ $1 /}" != "$wanted" ] || return
    ours=$("$rack" "$work/sound.f32" "$1" "$3")
    shift 4
    for (( ; $#; )); do
        theirs=$(cost "$1" "$3")
        others="$others${others:+, }$(awk -v name="$2" -v c="$theirs" -v o="$ours" 'BEGIN {
            if (c == "" || c != c + 0) printf "%s did not run", name
            else if (c < 0.5) printf "%s under 1", name
            else printf "%s %.0f (%.1f)", name, c, o / c }')"
        awk -v c="$theirs" -v o="$ours" 'BEGIN { exit !(c == c + 0 && o > 1.1 * c) }' && behind=${reason:-behind}
        shift 3
    done
    printf '| %s | %.0f | %s | %s |\n' "$label" "$ours" "$others" "${others:+${behind:-ahead}}"
}
lsp=http://lsp-plug.in/plugins/lv2 calf=http://calf.sourceforge.net/plugins x42=http://gareus.org/oss/lv2
bands='120 "0.003,0.05 -47,-40,-34,-34,-17,-33" 600 "0.000625,0.0125 -47,-40,-34,-34,-15,-33" 4000 "0.0001,0.025 -38,-31,-28,-28,-0,-25"'
hum_ffmpeg=bandreject=f=50:t=q:w=40 hum_sox='bandreject 50 40q'
for hz in 100 150 200 250 300; do hum_ffmpeg=$hum_ffmpeg,bandreject=f=$hz:t=q:w=40 hum_sox="$hum_sox bandreject $hz 40q"; done
three='| low_cut at=80 | bell at=400 gain=-3 | high_shelf at=10000 gain=1'
lsp_three='ft_0=2 f_0=80 ft_1=1 f_1=400 g_1=0.7 ft_2=3 f_2=10000 g_2=1.1'

echo '| processor | ns a frame | others (ours over theirs) | where we are |'
echo '| --- | --- | --- | --- |'
row eq 'three bands' "$three" '' \
    lv2 'x42 fil4' "$x42/fil4#stereo HighPass=1 HPfreq=80 gain2=-3 HSgain=1 LSsec=0 sec1=0 sec3=0 sec4=0" \
    lv2 'calf Equalizer5' "$calf/Equalizer5Band p1_active=1 p1_level=0.7 hs_active=1 hs_level=1.1 ls_active=1 ls_level=0.5" \
    lv2 'lsp para_equalizer' "$lsp/para_equalizer_x16_stereo $lsp_three" \
    ffmpeg ffmpeg 'highpass=f=80,equalizer=f=400:t=q:w=1:g=-3,treble=f=10000:g=1' \
    sox sox 'highpass 80 equalizer 400 1q -3 treble 1 10k'
row eq 'linear phase' "phase=linear $three" 'a kernel as long as 0.05 dB at 20 Hz take; in double' \
    lv2 'lsp para_equalizer, FFT' "$lsp/para_equalizer_x16_stereo mode=2 $lsp_three" \
    ffmpeg 'ffmpeg firequalizer' "firequalizer=gain_entry='entry(40,-12);entry(400,-3);entry(1000,0);entry(10000,1)':accuracy=5" \
    sox 'sox sinc' 'sinc -n 8191 80'
row dynamic_eq '' 'at=3000 threshold=-40' '' \
    ffmpeg 'ffmpeg adynamicequalizer' 'adynamicequalizer=dfrequency=3000:tfrequency=3000:threshold=1'
row multiband 'four bands' '| band | band | band | band' '' \
    lv2 'calf MultibandCompressor' "$calf/MultibandCompressor bypass0=0 bypass1=0 bypass2=0 bypass3=0" \
    lv2 'lsp mb_compressor' "$lsp/mb_compressor_stereo" \
    ffmpeg 'ffmpeg mcompand' mcompand sox 'sox mcompand' "mcompand \"0.005,0.1 -47,-40,-34,-34,-17,-33\" $bands"
row multiband 'linear phase' 'phase=linear | band | band | band | band' ''
row deesser '' 'threshold=-20' 'band and rest add up exactly: a symmetric FIR, and look-ahead' \
    lv2 'calf Deesser' "$calf/Deesser" ffmpeg ffmpeg deesser=i=0.5
row compressor clean 'model=clean threshold=-30' 'a detector without ripple, a static curve within 0.05 dB' \
    lv2 'lsp compressor' "$lsp/compressor_stereo" lv2 'calf Compressor' "$calf/Compressor" lv2 'x42 darc' "$x42/darc#stereo" \
    ffmpeg ffmpeg 'acompressor=threshold=0.05' sox 'sox compand' 'compand 0.01,0.1 -60,-60,-30,-30,0,-15'
for model in glue punch opto fet tube dual; do row compressor $model "model=$model threshold=-30" ''; done
row compressor 'steel transformer' 'threshold=-30 transformer=steel' ''
row gate '' 'threshold=-30' 'a detector without ripple; hysteresis, hold, look-ahead' \
    lv2 'lsp gate' "$lsp/gate_stereo" lv2 'calf Gate' "$calf/Gate" ffmpeg ffmpeg agate
row expander '' 'threshold=-20' '' lv2 'lsp expander' "$lsp/expander_stereo" \
    ffmpeg 'ffmpeg compand' 'compand=attacks=0.01:decays=0.2:points=-80/-100|-40/-40|0/0' \
    sox 'sox compand' 'compand 0.01,0.2 -80,-100,-40,-40,0,0'
row transient '' 'attack=4 sustain=-3' '' lv2 'calf TransientDesigner' "$calf/TransientDesigner attack_boost=0.4 release_boost=-0.3"
row rider '' '' 'rides K-weighted loudness, knows pauses; theirs follow peaks' \
    ffmpeg 'ffmpeg dynaudnorm' dynaudnorm ffmpeg 'ffmpeg speechnorm' speechnorm
row clipper '' 'ceiling=-12 drive=6' '' ffmpeg 'ffmpeg asoftclip, 4x' 'asoftclip=type=hard:threshold=0.25:oversample=4'
row limiter '' 'ceiling=-12 drive=6' 'theirs knows samples, not true peaks' \
    lv2 'lsp limiter, 8x' "$lsp/limiter_stereo th=0.25 ovs=18" lv2 'calf Limiter, 4x' "$calf/Limiter limit=0.25 oversampling=4" \
    lv2 'x42 dpl, true peak' "$x42/dpl#stereo gain=10 threshold=-10 truepeak=1" ffmpeg 'ffmpeg alimiter' 'alimiter=limit=0.25:level_in=2'
row saturation '6 dB, 4x' 'drive=6' 'theirs does not oversample' lv2 'calf Saturator' "$calf/Saturator" \
    ffmpeg 'ffmpeg asoftclip, 4x' 'asoftclip=type=tanh:oversample=4' sox 'sox overdrive' 'overdrive 6'
row saturation '18 dB, 8x' 'drive=18' '' ffmpeg 'ffmpeg asoftclip, 8x' 'asoftclip=type=tanh:oversample=8'
row tape '' '' '' lv2 'calf TapeSimulator' "$calf/TapeSimulator"
row exciter '' '' 'theirs does not oversample, and its harmonics go with the level' \
    lv2 'calf Exciter' "$calf/Exciter" ffmpeg ffmpeg aexciter
row reverb plate 'model=plate' 'sixteen lines behind diffusers of sixteen; theirs have eight at most' \
    lv2 'calf Reverb' "$calf/Reverb" lv2 'ardour a-reverb' 'urn:ardour:a-reverb' sox sox reverb
row reverb hall 'model=hall' ''
row delay '' '' 'two cuts in the loop; theirs has none' \
    lv2 'calf VintageDelay' "$calf/VintageDelay" ffmpeg 'ffmpeg aecho' 'aecho=0.8:0.9:500:0.3' sox 'sox echos' 'echos 0.8 0.7 500 0.3'
row chorus '' '' 'voices read by a sinc of 32 taps, flat to 0.4 of the rate; theirs by straight lines' \
    lv2 'calf MultiChorus, 2 voices' "$calf/MultiChorus voices=2" \
    ffmpeg ffmpeg 'chorus=0.7:0.9:55:0.4:0.25:2' sox sox 'chorus 0.7 0.9 55 0.4 0.25 2 -t'
row pitch '3 st' 'pitch=3' 'the finer engine, middle and side each on its own; theirs is the faster one, or none with formants' \
    ffmpeg 'ffmpeg rubberband' 'rubberband=pitch=1.189:formant=preserved' sox sox 'pitch 300'
row stereo '' 'low=80 high=120 mono_below=120' 'a width for each of three bands, and the bass made mono; theirs has one width' \
    lv2 'calf StereoTools' "$calf/StereoTools slev=1.2" ffmpeg 'ffmpeg stereotools' 'stereotools=slev=1.2'
row pan '' 'position=30' 'as near as a clock can tell: both wait for memory' \
    ffmpeg 'ffmpeg pan' 'pan=stereo|c0=0.8*c0|c1=0.9*c1' sox 'sox remix' 'remix 1v0.8 2v0.9'
row gain '' 'gain=-3' 'as near as a clock can tell: both wait for memory' ffmpeg 'ffmpeg volume' 'volume=-3dB' sox 'sox vol' 'vol -3dB'
row align '' 'delay=1.234' 'fractions of a frame, by a sinc of 72 taps; theirs moves whole frames' \
    ffmpeg 'ffmpeg adelay, whole frames' 'adelay=1:all=1' sox 'sox delay, whole frames' 'delay 0.001 0.001'
row declick '' '' '' ffmpeg 'ffmpeg adeclick' adeclick
row hum_filter 'six tones' '' '' ffmpeg 'ffmpeg bandreject' "$hum_ffmpeg" sox 'sox bandreject' "$hum_sox"
row dc_filter '' '' 'as near as a clock can tell: one section each' ffmpeg 'ffmpeg highpass' 'highpass=f=3:p=1' sox 'sox highpass' 'highpass -1 3'
