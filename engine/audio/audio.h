/* engine/audio/audio.h - sound in from files, sound out to files, and scratch sound on disk.
 *
 * What comes from outside is hostile until proven: headers are checked by our own reader before libsndfile sees them,
 * for common readers pass many damaged files silently. Samples leave this room as planar float, full scale 1.0, at the
 * session's rate, with NaN and infinities turned to 0 and counted. Opening libsndfile files is serialised inside (its
 * error text is process-wide); everything else is per handle, one thread at a time. Lengths are frames. */
#ifndef TD_AUDIO_H
#define TD_AUDIO_H

#include "engine/base/base.h"

/* ---- verdicts --------------------------------------------------------------------------------------------------- */

typedef enum td_verdict { TD_ACCEPT, TD_WARN, TD_REJECT } td_verdict;

/* What can be wrong with a stem: code, verdict, what it means. The intake gate (mix/intake.c) adds what is heard; here
 * stand those a file shows. One list for `check`, reports and messages. */
#define TD_FAULT_MAP(X)                                                                                               \
    X(UNREADABLE, "unreadable", TD_REJECT, "not an audio file topdown reads")                                         \
    X(DAMAGED, "damaged", TD_REJECT, "frames are missing or the header lies about them")                              \
    X(EMPTY, "empty", TD_REJECT, "holds no sound at all")                                                             \
    X(CHANNELS, "channels", TD_REJECT, "more than two channels")                                                      \
    X(RATE, "rate", TD_REJECT, "sample rate outside 8 to 384 kHz")                                                    \
    X(HOSTILE, "hostile", TD_REJECT, "built to break a reader")                                                       \
    X(SILENT, "silent", TD_WARN, "never louder than -80 dBFS; left out")                                              \
    X(CLIPPED, "clipped", TD_WARN, "runs of samples at full scale")                                                   \
    X(DC, "dc", TD_WARN, "a constant offset")                                                                         \
    X(STARTS_LATE, "starts_late", TD_WARN, "shorter than the others and sounding at once: silence in front missing?") \
    X(LENGTH_DIFFERS, "length_differs", TD_WARN, "shorter or longer than the others; padded at the end")              \
    X(RATE_DIFFERS, "rate_differs", TD_WARN, "another sample rate than the session's; converted")                     \
    X(LOW_RATE, "low_rate", TD_WARN, "sample rate below 44.1 kHz: the top octave is missing")                         \
    X(LOSSY_FILE, "lossy_file", TD_WARN, "an MP3, Ogg or Opus file, whatever its name ends in")                       \
    X(LOSSY_SOURCE, "lossy_source", TD_WARN, "went through a lossy codec")                                            \
    X(MONO_AS_STEREO, "mono_as_stereo", TD_WARN, "stereo file with two equal sides")                                  \
    X(ONE_SIDED, "one_sided", TD_WARN, "one side is silent")                                                          \
    X(POLARITY_FLIPPED, "polarity_flipped", TD_WARN, "one side is upside down")                                       \
    X(DUPLICATE, "duplicate", TD_WARN, "the same sound as another stem")                                              \
    X(INVERTED, "inverted", TD_WARN, "another stem upside down: together they cancel")                                \
    X(HUM, "hum", TD_WARN, "mains hum")                                                                               \
    X(NOISE, "noise", TD_WARN, "a high noise floor")                                                                  \
    X(NONFINITE, "nonfinite", TD_WARN, "samples that are no numbers, or absurdly loud; set to zero")                  \
    X(TRUNCATED, "truncated", TD_WARN, "ends early; all that is there is sound")                                      \
    X(UNKNOWN_ROLE, "unknown_role", TD_WARN, "no role found; mixed on bus 'other'")                                   \
    X(DOUBLE_ROLE, "double_role", TD_WARN, "the name fits more than one bus")                                         \
    X(SET_ASIDE, "set_aside", TD_WARN, "its folder reads like other takes or old versions; mixed all the same")       \
    X(VOICES_ALONE, "voices_alone", TD_WARN, "a mix to compare with; without it there are only voices")

typedef enum td_fault_code {
#define X(code, name, verdict, help) TD_FAULT_##code,
    TD_FAULT_MAP(X)
#undef X
        TD_FAULT_COUNT
} td_fault_code;

#define TD_FAULT_BIT(code) (1u << TD_FAULT_##code)
#define TD_SILENT_DBFS     (-80.0)

/* What has no higher peak; NaN is none. */
static inline bool td_is_silent(double peak_dbfs)
{
    return !(peak_dbfs >= TD_SILENT_DBFS);
}

const char *td_fault_name(td_fault_code code);
const char *td_fault_help(td_fault_code code);
td_verdict td_fault_verdict(td_fault_code code);
td_verdict td_faults_verdict(unsigned faults); /* the worst of a set of TD_FAULT_BIT */

/* ---- reading ---------------------------------------------------------------------------------------------------- */

typedef struct td_audio_info {
    char format[16];   /* "wav", "rf64", "w64", "aiff", "flac", "ogg", "opus", "mp3"; of refused ones "text", ... */
    char encoding[16]; /* "16 bit", "24 bit", "float", "vorbis", "mp3" ... */
    unsigned rate_hz, channels;
    unsigned bits; /* 8, 16, 24, 32, 64; 0 where the codec has none */
    bool is_float, lossy;
    uint64_t frames;      /* as found, not as the header says */
    char track_name[128]; /* iXML or bext, UTF-8; empty when there is none */
} td_audio_info;

typedef struct td_reader td_reader;

/* Opens and judges a file by its content (never its name). *faults receives the file's TD_FAULT_BITs, also on failure.
 * TD_INPUT: rejected; the message says what, and what to export instead. TD_ARG: no such file, or no regular one.
 * TD_DISK: cannot be read. On failure *out is NULL, yet *info holds what was found. */
td_status td_reader_open(const char *path, td_reader **out, td_audio_info *info, unsigned *faults, td_error *err);
void td_reader_close(td_reader *r);
/* Up to `frames` frames into ch[0..channels); fewer only at the end, *got 0 then. TD_INPUT: damaged after all. */
td_status td_reader_read(td_reader *r, float *const *ch, size_t frames, size_t *got, td_error *err);
/* Goes to a frame where that costs nothing: plain PCM. False: it stands where it stood. */
bool td_reader_seek(td_reader *r, uint64_t frame);
/* What it reads was read to its end before, and is the same file: the sum FLAC keeps of its sound is not made again.
 * Before the first read. */
void td_reader_trust(td_reader *r);
uint64_t td_reader_nonfinite(const td_reader *r); /* samples set to zero so far */

/* One stem: a file, or an L and an R file, at the session's rate (converted where it differs). channels is 1 or 2. */
typedef struct td_source td_source;
td_status td_source_open(const char *path, const char *path_right, unsigned rate_hz, td_source **out, td_error *err);
void td_source_close(td_source *s);
unsigned td_source_channels(const td_source *s);
/* Frames the source will give: the length converted, rounded up. */
uint64_t td_source_frames(const td_source *s);
td_status td_source_read(td_source *s, float *const *ch, size_t frames, size_t *got, td_error *err);
/* As td_reader_seek, for one file at the session's rate. */
bool td_source_seek(td_source *s, uint64_t frame);
void td_source_trust(td_source *s); /* as td_reader_trust */
uint64_t td_source_nonfinite(const td_source *s);

/* ---- scratch ---------------------------------------------------------------------------------------------------- */

/* Sound (or any floats) on disk, unnamed and gone with the handle or the process: written once, read anywhere, from
 * any number of threads. Planes are kept apart: a stereo scratch has two. The last 32 KiB of each wait in memory;
 * TD_DISK says when the disk is full. */
typedef struct td_scratch td_scratch;
td_status td_scratch_new(const char *folder, unsigned planes, td_scratch **out, td_error *err);
void td_scratch_free(td_scratch *s);
void td_scratch_clear(td_scratch *s); /* empty again: what is appended next takes the same room on disk */
td_status td_scratch_append(td_scratch *s, const float *const *plane, size_t n, td_error *err); /* one thread */
/* n parts, one at least, of as many planes, one behind the other, as one that is only read; it owns them from then
 * on. */
td_status td_scratch_join(td_scratch *const *part, size_t n, td_scratch **out, td_error *err);
/* Beyond the end (and before the start, for negative `at`) there are zeros. Not before the last append returned. */
td_status td_scratch_read(const td_scratch *s, int64_t at, float *const *plane, size_t n, td_error *err);
uint64_t td_scratch_length(const td_scratch *s);
unsigned td_scratch_planes(const td_scratch *s);

/* ---- writing ---------------------------------------------------------------------------------------------------- */

typedef enum td_codec {
    TD_CODEC_WAV,
    TD_CODEC_AIFF,
    TD_CODEC_FLAC,
    TD_CODEC_MP3,
    TD_CODEC_OGG,
    TD_CODEC_OPUS,
    TD_CODEC_COUNT
} td_codec;

const char *td_codec_name(td_codec c);      /* "wav" */
const char *td_codec_extension(td_codec c); /* "wav", "mp3" */
bool td_codec_lossy(td_codec c);
unsigned td_codec_rate(td_codec c, unsigned rate_hz); /* the rate it takes that comes next to what is asked for */

typedef struct td_file_spec {
    td_codec codec;
    unsigned bits;         /* 16, 24 or 32 (float; WAV and AIFF only); lossless codecs */
    unsigned bitrate_kbps; /* lossy codecs; 0 takes 192 */
    unsigned rate_hz;      /* of the samples handed in */
    unsigned out_rate_hz;  /* of the file; 0: the same. Opus is always 48000 */
    unsigned channels;
    uint64_t dither_seed; /* TPDF of two LSB at 16 and 24 bit, seeded, so that bytes repeat */
} td_file_spec;

/* What a file says about itself; NULL or empty members are left out. */
typedef struct td_tags {
    const char *title, *artist, *album, *isrc, *comment, *recipe, *software;
    const char *description;    /* bext */
    const char *reference;      /* bext OriginatorReference, 32 characters: from session and plan */
    const char *coding_history; /* bext */
    const char *track_name;     /* iXML */
    const char *cover_path;     /* JPEG or PNG */
    bool has_loudness;
    double loudness_lufs, range_lu, true_peak_dbtp, max_momentary_lufs, max_short_lufs;
} td_tags;

typedef struct td_writer td_writer;

/* Writes to a temporary file beside path; nothing stands under the final name before td_writer_commit. */
td_status td_writer_open(const char *path, const td_file_spec *spec, const td_tags *tags, td_writer **out,
                         td_error *err);
td_status td_writer_write(td_writer *w, const float *const *ch, size_t frames, td_error *err);
/* Ends the file, checks that every byte was taken, and leaves it under a temporary name beside its own, which is copied
 * to temp, for td_file_commit or unlink. Frees w either way. */
td_status td_writer_close(td_writer *w, char *temp, size_t size, td_error *err);
/* The same, and puts it under its name. */
td_status td_writer_commit(td_writer *w, bool replace, td_error *err);
void td_writer_abort(td_writer *w); /* leaves nothing behind; NULL is welcome */

#endif
