/* engine/audio/probe.h - our own judgement of a file, before any library sees it.
 *
 * A judge reads one family of containers: finds where the sound is, how it is written, how many frames truly stand
 * there, and what is wrong. Judges read through td_input only, hold no more than its window, and stop after bounded
 * work whatever the file says. */
#ifndef TD_AUDIO_PROBE_H
#define TD_AUDIO_PROBE_H

#include "engine/audio/audio.h"
#include "engine/audio/input.h"
#include "engine/audio/pcm.h"

typedef struct td_probe {
    td_input *in;
    const char *where; /* how messages call the file */
    td_audio_info *info;
    unsigned faults;
    td_error *err;
    /* Where the sound lies and how its samples are read; pcm NULL: the codec's own headers (from sound_at on) say so.
     */
    uint64_t sound_at, sound_bytes;
    td_pcm_reader pcm;
    uint8_t patch[64]; /* what libsndfile is shown in place of the first bytes from sound_at on */
    size_t patch_size;
    bool has_md5; /* of FLAC: over the decoded samples */
    uint8_t md5[16];
} td_probe;

/* Finds out what the file is and has the right judge look at it, then checks what every format must keep to. */
td_status td_probe_file(td_probe *p);

/* Notes the fault and says why. Returns TD_INPUT. */
td_status td_probe_refuse(td_probe *p, td_fault_code code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

td_status td_probe_lies(td_probe *p, const char *what);                          /* damaged */
td_status td_probe_wrong_length(td_probe *p, uint64_t promised, uint64_t there); /* damaged: in frames */

/* For the judges; p->sound_at is where the container begins. */
td_status td_probe_riff(td_probe *p);
td_status td_probe_w64(td_probe *p);
td_status td_probe_aiff(td_probe *p);
td_status td_probe_flac(td_probe *p);
td_status td_probe_ogg(td_probe *p);
td_status td_probe_mpeg(td_probe *p);

/* Sets info and pcm from a layout; TD_INPUT for sizes topdown does not read. */
td_status td_probe_layout(td_probe *p, td_layout layout);

/* Sets where the sound is and how many frames truly stand there. `promised` is what the header says; `open` that it
 * says nothing usable, because the file was streamed or its writer never finished: then the sound runs to the end. */
td_status td_probe_sound(td_probe *p, uint64_t at, uint64_t promised, bool open);

#define TD_HINT_EXPORT_AGAIN "export it again, or upload it again if it was cut on the way"

#endif
