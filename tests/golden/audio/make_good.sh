#!/bin/sh
# Makes good/*: one short file of every kind topdown reads, written by other people's programs (sox, flac, ffmpeg).
# They are kept in the repository, so this only runs to add one. Signal: a sine of 997 Hz, left 0.5, right 0.25.
set -e
cd "$(dirname "$0")/good"
tone() { # rate channels seconds
    right=$([ "$2" = 2 ] && echo '|0.25*sin(2*PI*997*t)' || true)
    ffmpeg -v error -y -bitexact -f lavfi -i "aevalsrc=0.5*sin(2*PI*997*t)$right:s=$1:d=$3" -c:a pcm_f32le t.wav
}
ff() { ffmpeg -v error -y -bitexact -i t.wav "$@"; }

tone 44100 2 0.05
for bits in 8 16 24 32; do sox -D t.wav -e signed -b $bits pcm$bits.aiff; done
sox -D t.wav -e unsigned -b 8 pcm8.wav
for bits in 16 32; do sox -D t.wav -e signed -b $bits -t wavpcm pcm$bits.wav; done
sox -D t.wav -e signed -b 24 -t wavpcm plain24.wav
sox -D t.wav -e signed -b 24 extensible24.wav
sox -D t.wav -e float -b 32 float.wav
sox -D t.wav -e float -b 64 double.wav
sox -D t.wav -e signed -b 16 pcm16.w64
ff -c:a pcm_f32le float.w64
ff -c:a pcm_s24le -rf64 always -f wav pcm24.rf64
ff -c:a pcm_f32be float.aifc
ff -c:a pcm_f64be double.aifc
ff -c:a pcm_s16le sowt.aifc
sox -D t.wav -e signed -b 24 -t aifc none24.aifc
ff -c:a pcm_s16le -f wav pipe:1 | cat >piped_ffmpeg.wav
sox -D t.wav -e signed -b 16 -t aiff - | cat >piped_sox.aiff
for bits in 8 16 24 32; do
    sox -D t.wav -e $([ $bits = 8 ] && echo unsigned || echo signed) -b $bits w.wav
    flac -s -f --no-padding --blocksize=512 -o flac$bits.flac w.wav 2>/dev/null
done
sox -D t.wav -t raw -e signed -b 16 - | flac -s -c --no-padding --blocksize=512 --force-raw-format --endian=little \
    --sign=signed --channels=2 --bps=16 --sample-rate=44100 - 2>/dev/null | cat >piped.flac
tone 44100 1 0.05
sox -D t.wav -e signed -b 16 -t wavpcm mono16.wav
sox -D t.wav -e signed -b 16 w.wav
flac -s -f --no-padding --blocksize=512 -o mono.flac w.wav
tone 11025 1 0.0409
sox -D t.wav -e signed -b 24 -t wavpcm odd24.wav # 451 frames of 3 bytes: the sound needs a pad byte
tone 8000 2 0.1
sox -D t.wav -e signed -b 16 -t wavpcm rate8k.wav
tone 384000 1 0.01
sox -D t.wav -e signed -b 24 -t wavpcm rate384k.wav
tone 44100 2 0.4
ff -c:a libmp3lame -b:a 96k -id3v2_version 3 -metadata title=Tone cbr.mp3
ff -c:a libmp3lame -q:a 4 vbr.mp3
ff -c:a libmp3lame -b:a 96k -write_xing 0 -id3v2_version 0 bare.mp3
ff -c:a libmp3lame -b:a 48k -ar 22050 mpeg2.mp3
ff -c:a libvorbis -q:a 3 -page_duration 50000 stereo.ogg
ff -c:a libopus -b:a 96k -page_duration 50000 stereo.opus
tone 44100 1 0.4
ff -c:a libmp3lame -b:a 64k mono.mp3
ff -c:a libvorbis -q:a 3 -page_duration 50000 mono.ogg
tone 8000 1 0.4
ff -c:a libopus -b:a 32k mono8k.opus
rm -f t.wav w.wav
