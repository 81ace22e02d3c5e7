#include "engine/audio/writer.h"
#include "folder.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

static const td_tags tags = { .title = "Nacht\xc3\xbc"
                                       "berfahrt & Co",
                              .artist = "Example",
                              .album = "Demo",
                              .isrc = "DEXXX2500001",
                              .comment = "Pop Rock, revision 2",
                              .recipe = "pop-rock@2",
                              .software = "topdown",
                              .description = "Master of a test",
                              .reference = "0123456789abcdef0123456789abcdef",
                              .coding_history = "A=PCM,F=48000,W=24,M=stereo,T=topdown\r\n",
                              .track_name = "Master <loud>",
                              .has_loudness = true,
                              .loudness_lufs = -14.02,
                              .range_lu = 5.5,
                              .true_peak_dbtp = -1,
                              .max_momentary_lufs = -9.25,
                              .max_short_lufs = -10.5 };

static td_file_spec spec_of(td_codec codec, unsigned bits, unsigned rate_hz)
{
    return (td_file_spec){ .codec = codec, .bits = bits, .rate_hz = rate_hz, .channels = 2, .dither_seed = 7 };
}

static const struct {
    td_codec codec;
    unsigned bits;
    const char *name;
} lossless[] = {
    { TD_CODEC_WAV, 16, "16.wav" },   { TD_CODEC_WAV, 24, "24.wav" },   { TD_CODEC_WAV, 32, "32.wav" },
    { TD_CODEC_AIFF, 16, "16.aiff" }, { TD_CODEC_AIFF, 24, "24.aiff" }, { TD_CODEC_AIFF, 32, "32.aiff" },
    { TD_CODEC_FLAC, 16, "16.flac" }, { TD_CODEC_FLAC, 24, "24.flac" },
};
#define LOSSLESS (sizeof lossless / sizeof *lossless)

static const td_codec lossy[] = { TD_CODEC_MP3, TD_CODEC_OGG, TD_CODEC_OPUS };

static unsigned files_in_folder(void)
{
    unsigned n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static int clean(void **state)
{
    char command[300];
    (void)state;
    snprintf(command, sizeof command, "rm -f '%s'/*", folder);
    return system(command);
}

/* ---- what is written is what is read ---------------------------------------------------------------------------- */

static double largest_error(const sound *a, const sound *b)
{
    double worst = 0;
    assert_int_equal(a->frames, b->frames);
    for (unsigned c = 0; c < a->channels; c++)
        for (size_t i = 0; i < a->frames; i++) worst = fmax(worst, fabs((double)a->ch[c][i] - (double)b->ch[c][i]));
    return worst;
}

/* Dither reaches one step to either side, rounding half a one. */
static double tolerance(unsigned bits)
{
    return bits == 32 ? 0 : 1.5 / (double)(1u << (bits - 1)) + 1e-9;
}

static void lossless_files_come_back(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 2; channels++) {
        sound s = tone(48000, channels, 9999, 997, 0.9);
        for (size_t i = 0; i < LOSSLESS; i++) {
            td_file_spec spec = spec_of(lossless[i].codec, lossless[i].bits, 48000);
            spec.channels = channels;
            const char *path = in_folder(lossless[i].name);
            write_sound(path, &spec, &tags, &s, 1000);
            sound r = read_source(path, NULL, 48000, 4096);
            assert_true(largest_error(&s, &r) <= tolerance(lossless[i].bits));
            sound_free(&r);
        }
        sound_free(&s);
    }
}

/* ffmpeg reads the same samples; flac also finds its sums right. */
static void other_programs_read_the_same(void **state)
{
    (void)state;
    sound s = tone(48000, 2, 5000, 997, 0.9);
    for (size_t i = 0; i < LOSSLESS; i++) {
        td_file_spec spec = spec_of(lossless[i].codec, lossless[i].bits, 48000);
        const char *path = in_folder(lossless[i].name);
        char command[700];
        static float heard[2 * 5001];
        write_sound(path, &spec, &tags, &s, 5000);
        sound r = read_source(path, NULL, 48000, 4096);
        snprintf(command, sizeof command, "ffmpeg -v error -i '%s' -map 0:a -f f32le -c:a pcm_f32le -", path);
        assert_int_equal(run(command, heard, sizeof heard), 5000 * 8);
        for (size_t k = 0; k < 10000; k++) assert_true(heard[k] == r.ch[k % 2][k / 2]);
        if (spec.codec == TD_CODEC_FLAC) {
            snprintf(command, sizeof command, "flac -s -t '%s' 2>&1", path);
            run(command, heard, sizeof heard);
        }
        sound_free(&r);
    }
    sound_free(&s);
}

/* Encoder delay and padding are told, so players start and end at the right sample. */
static void lossy_files_keep_time_and_length(void **state)
{
    (void)state;
    sound s = tone(48000, 2, 30001, 997, 0.5);
    for (size_t i = 0; i < 3; i++) {
        td_file_spec spec = spec_of(lossy[i], 0, 48000);
        const char *path = in_folder(td_codec_name(lossy[i]));
        char command[700];
        static float heard[2 * 40000];
        write_sound(path, &spec, &tags, &s, 4096);
        sound r = read_source(path, NULL, 48000, 4096);
        assert_int_equal(r.frames, 30001);
        for (unsigned c = 0; c < 2; c++) assert_true(difference_db(s.ch[c], r.ch[c], 5000, 25000) < -35);
        snprintf(command, sizeof command, "ffmpeg -v error -i '%s' -map 0:a -f f32le -c:a pcm_f32le -", path);
        size_t n = run(command, heard, sizeof heard); /* ffmpeg leaves Vorbis' last block whole */
        assert_in_range(n, 30001 * 8, lossy[i] == TD_CODEC_OGG ? 31025 * 8 : 30001 * 8);
        for (size_t k = 10000; k < 50000; k++) assert_near(heard[k], r.ch[k % 2][k / 2], 1e-3);
        sound_free(&r);
    }
    sound_free(&s);
}

static void rates_are_converted_at_the_end(void **state)
{
    (void)state;
    sound s = tone(96000, 2, 96000, 997, 0.5), want = tone(44100, 2, 44100, 997, 0.5);
    td_file_spec spec = spec_of(TD_CODEC_WAV, 32, 96000);
    spec.out_rate_hz = 44100;
    write_sound(in_folder("44.wav"), &spec, NULL, &s, 999);
    sound r = read_source(in_folder("44.wav"), NULL, 44100, 4096);
    assert_int_equal(r.frames, 44100);
    for (unsigned c = 0; c < 2; c++) assert_true(difference_db(r.ch[c], want.ch[c], 2000, 42000) < -145);
    static const struct {
        td_codec codec;
        unsigned asked, written;
    } rates[] = { { TD_CODEC_OPUS, 44100, 48000 }, { TD_CODEC_MP3, 96000, 48000 }, { TD_CODEC_MP3, 40000, 44100 } };
    for (size_t i = 0; i < 3; i++) {
        td_audio_info info;
        td_reader *reader;
        unsigned faults;
        spec = spec_of(rates[i].codec, 0, 96000);
        spec.out_rate_hz = rates[i].asked;
        write_sound(in_folder("lossy"), &spec, NULL, &s, 4096);
        assert_ok(td_reader_open(in_folder("lossy"), &reader, &info, &faults, err));
        assert_int_equal(info.rate_hz, rates[i].written);
        assert_int_equal(info.frames, rates[i].written);
        td_reader_close(reader);
    }
    sound_free(&s);
    sound_free(&want);
    sound_free(&r);
}

/* ---- dither ----------------------------------------------------------------------------------------------------- */

static sound quantised(const sound *s, unsigned bits, uint64_t seed)
{
    td_file_spec spec = spec_of(TD_CODEC_WAV, bits, s->rate_hz);
    spec.dither_seed = seed;
    write_sound(in_folder("dither.wav"), &spec, NULL, s, 4096);
    return read_source(in_folder("dither.wav"), NULL, s->rate_hz, 4096);
}

/* Triangular dither of two steps with rounding: rms of half a step whatever the signal, no mean, no likeness of the
 * channels (Lipshitz, Wannamaker, Vanderkooy 1992). Half a step is -144.5 dBFS at 24 bit and -96.3 at 16. */
static void the_error_is_noise_of_half_a_step(void **state)
{
    (void)state;
    const double levels[] = { 0, 1e-6, 3e-5, 0.5 };
    for (size_t l = 0; l < 4; l++)
        for (unsigned bits = 16; bits <= 24; bits += 8) {
            sound s = tone(48000, 2, 100000, 997, levels[l]);
            sound r = quantised(&s, bits, l);
            double step = 1 / (double)(1u << (bits - 1)), mean[2] = { 0 }, power[2] = { 0 }, both = 0;
            for (size_t i = 0; i < s.frames; i++) {
                double e[2];
                for (unsigned c = 0; c < 2; c++) {
                    e[c] = ((double)r.ch[c][i] - (double)s.ch[c][i]) / step;
                    mean[c] += e[c] / (double)s.frames;
                    power[c] += e[c] * e[c] / (double)s.frames;
                }
                both += e[0] * e[1] / (double)s.frames;
            }
            for (unsigned c = 0; c < 2; c++) {
                assert_near(mean[c], 0, 0.01);
                assert_near(10 * log10(power[c]) + 20 * log10(step), bits == 24 ? -144.5 : -96.3, 0.1);
            }
            assert_near(both / sqrt(power[0] * power[1]), 0, 0.02);
            sound_free(&s);
            sound_free(&r);
        }
}

static double bin_power(const float *x, size_t n, double cycles)
{
    double complex sum = 0, turn = cexp(-2 * M_PI * I * cycles / (double)n), at = 1;
    for (size_t i = 0; i < n; i++, at *= turn) sum += at * (double)x[i];
    return creal(sum * conj(sum)) / (double)n / (double)n * 4;
}

/* 1 kHz at -120 dBFS is a few steps at 24 bit: undithered, its harmonics would stand far above the noise. */
static void a_faint_sine_has_no_harmonics(void **state)
{
    (void)state;
    enum { N = 96000 };
    sound s = tone(48000, 2, N, 1000, 1e-6);
    sound r = quantised(&s, 24, 3);
    double step = 1.0 / (1 << 23), noise = step * step / 4 * 4 / N;
    assert_near(10 * log10(bin_power(r.ch[0], N, 2000)), -120, 0.2);
    for (unsigned k = 2; k <= 9; k++) assert_true(bin_power(r.ch[0], N, 2000.0 * k) < 12 * noise);
    sound_free(&s);
    sound_free(&r);
}

static void full_scale_is_the_end(void **state)
{
    (void)state;
    sound s = sound_new(48000, 2, 100);
    for (size_t i = 0; i < 100; i++) {
        s.ch[0][i] = 1.7f;
        s.ch[1][i] = -1.7f;
    }
    sound r = quantised(&s, 16, 1);
    for (size_t i = 0; i < 100; i++) assert_true(r.ch[0][i] == 32767 / 32768.0f && r.ch[1][i] == -1);
    sound_free(&s);
    sound_free(&r);
}

/* ---- the same bytes --------------------------------------------------------------------------------------------- */

static void hash_of(const char *name, char hash[TD_SHA256_HEX])
{
    uint64_t bytes;
    assert_ok(td_sha256_file(in_folder(name), hash, &bytes, err));
}

static void the_same_sound_gives_the_same_bytes(void **state)
{
    (void)state;
    sound s = tone(48000, 2, 20000, 997, 0.5);
    for (unsigned codec = 0; codec < TD_CODEC_COUNT; codec++) {
        td_file_spec spec = spec_of(codec, 16, 48000);
        spec.out_rate_hz = 44100;
        char a[TD_SHA256_HEX], b[TD_SHA256_HEX], c[TD_SHA256_HEX];
        write_sound(in_folder("a"), &spec, &tags, &s, 4096);
        write_sound(in_folder("b"), &spec, &tags, &s, 577);
        spec.dither_seed++;
        write_sound(in_folder("c"), &spec, &tags, &s, 4096);
        hash_of("a", a);
        hash_of("b", b);
        hash_of("c", c);
        if (strcmp(a, b)) fail_msg("%s: other blocks, other bytes", td_codec_name(codec));
        if (codec != TD_CODEC_MP3) assert_string_not_equal(a, c); /* MP3 has neither dither nor a serial number */
    }
    sound_free(&s);
}

/* ---- whole or not at all ---------------------------------------------------------------------------------------- */

static void nothing_stands_there_before_commit(void **state)
{
    (void)state;
    td_writer *w;
    td_error why = { 0 };
    td_file_spec spec = spec_of(TD_CODEC_WAV, 24, 48000);
    clean(NULL);
    assert_ok(td_writer_open(in_folder("x.wav"), &spec, NULL, &w, err));
    assert_false(td_is_file(in_folder("x.wav")));
    td_writer_abort(w);
    assert_int_equal(files_in_folder(), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(td_writer_open(in_folder("x.wav"), &spec, NULL, &w, err));
        assert_int_equal(td_writer_commit(w, false, &why), i ? TD_ARG : TD_OK);
    }
    assert_int_equal(files_in_folder(), 1);
}

static void a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    struct rlimit before, small = { 20000, 0 };
    sound s = sound_new(48000, 2, 96000);
    td_random noise;
    td_random_seed(&noise, 1);
    for (size_t i = 0; i < 2 * s.frames; i++) s.ch[i % 2][i / 2] = (float)td_random_uniform(&noise);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    clean(NULL);
    for (unsigned codec = 0; codec < TD_CODEC_COUNT; codec++) {
        td_file_spec spec = spec_of(codec, 24, 48000);
        td_error why = { 0 };
        td_writer *w;
        assert_ok(td_writer_open(in_folder("x"), &spec, NULL, &w, err));
        setrlimit(RLIMIT_FSIZE, &small);
        td_status st = td_writer_write(w, (const float *const *)s.ch, s.frames, &why);
        td_status end = td_writer_commit(w, true, &why);
        setrlimit(RLIMIT_FSIZE, &before);
        if ((st ? st : end) != TD_DISK)
            fail_msg("%s: %s %s", td_codec_name(codec), td_status_name(st), td_status_name(end));
        assert_int_equal(end, TD_DISK);
        assert_non_null(strstr(why.what, "cannot be written"));
        assert_int_equal(files_in_folder(), 0);
    }
    sound_free(&s);
}

static void no_number_is_no_sound(void **state)
{
    (void)state;
    const float bad[1] = { NAN }, *ch[2] = { bad, bad };
    for (unsigned bits = 24; bits <= 32; bits += 8) {
        td_file_spec spec = spec_of(TD_CODEC_WAV, bits, 48000);
        td_error why = { 0 };
        td_writer *w;
        assert_ok(td_writer_open(in_folder("nan.wav"), &spec, NULL, &w, err));
        assert_int_equal(td_writer_write(w, ch, 1, &why), TD_FAILED);
        td_writer_abort(w);
    }
}

static void what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    const td_file_spec bad[] = {
        { .codec = TD_CODEC_WAV, .bits = 20, .rate_hz = 48000, .channels = 2 },
        { .codec = TD_CODEC_FLAC, .bits = 32, .rate_hz = 48000, .channels = 2 },
        { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = 48000, .channels = 3 },
        { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = 0, .channels = 2 },
        { .codec = TD_CODEC_COUNT, .bits = 24, .rate_hz = 48000, .channels = 2 },
        { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = 48000, .out_rate_hz = 4000000000, .channels = 2 },
        { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = 48000, .out_rate_hz = 4000, .channels = 2 },
    };
    clean(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        td_error why = { 0 };
        td_writer *w;
        assert_int_equal(td_writer_open(in_folder("x"), &bad[i], NULL, &w, &why), TD_ARG);
        assert_null(w);
        assert_true(why.what[0]);
    }
    assert_int_equal(files_in_folder(), 0);
}

/* ---- large files ------------------------------------------------------------------------------------------------ */

/* Beyond 4 GiB, without writing them: the encoder's sink skips ahead, and the hole reads as silence. */
static td_status write_with_hole(const td_encoder *encoder, const char *path, uint64_t hole, td_error *err)
{
    static td_block block;
    FILE *f = fopen(path, "w+b");
    assert_non_null(f);
    td_sink sink = { .fd = fileno(f) };
    td_encoding e = { .sink = &sink, .spec = spec_of(TD_CODEC_WAV, 24, 48000), .tags = &(td_tags){ 0 }, .err = err };
    e.spec.out_rate_hz = 48000;
    void *state = calloc(1, encoder->state_size);
    assert_non_null(state);
    assert_int_equal(encoder->open(state, &e), TD_OK);
    sink.at += hole;
    td_status st = encoder->write(state, &e, &block, 1000);
    if (!st) st = encoder->finish(state, &e);
    assert_int_equal(sink.error, 0);
    free(state);
    fclose(f);
    return st;
}

static void a_wav_beyond_4_gib_is_rf64(void **state)
{
    (void)state;
    td_reader *r;
    td_audio_info info;
    unsigned faults;
    char said[64], command[600];
    uint64_t hole = 6ull * 800000000;
    assert_ok(write_with_hole(&td_encode_wav, in_folder("large.wav"), hole, err));
    assert_ok(td_reader_open(in_folder("large.wav"), &r, &info, &faults, err));
    assert_string_equal(info.format, "rf64");
    assert_int_equal(info.frames, hole / 6 + 1000);
    assert_int_equal(faults, 0);
    td_reader_close(r);
    snprintf(command, sizeof command, "ffprobe -v error -show_entries stream=duration_ts -of csv=p=0 '%s'",
             in_folder("large.wav"));
    run(command, said, sizeof said);
    assert_int_equal(strtoull(said, NULL, 10), hole / 6 + 1000);
    assert_ok(write_with_hole(&td_encode_wav, in_folder("large.wav"), 6000, err));
    assert_ok(td_reader_open(in_folder("large.wav"), &r, &info, &faults, err));
    assert_string_equal(info.format, "wav");
    td_reader_close(r);
}

static void an_aiff_beyond_4_gib_is_refused(void **state)
{
    (void)state;
    td_error why = { 0 };
    assert_int_equal(write_with_hole(&td_encode_aiff, in_folder("large.aiff"), 6ull * 800000000, &why), TD_FAILED);
    assert_string_equal(why.hint, "write it as WAV");
    clean(NULL);
}

/* ---- tags ------------------------------------------------------------------------------------------------------- */

static const char *const said_of[TD_CODEC_COUNT] = {
    [TD_CODEC_WAV] = "title artist album comment",
    [TD_CODEC_AIFF] = "title artist album comment TSRC RECIPE REPLAYGAIN_TRACK_GAIN cover",
    [TD_CODEC_FLAC] = "title artist album comment ISRC RECIPE REPLAYGAIN_TRACK_GAIN REPLAYGAIN_TRACK_PEAK cover",
    [TD_CODEC_MP3] = "title artist album comment TSRC RECIPE REPLAYGAIN_TRACK_GAIN REPLAYGAIN_TRACK_PEAK cover",
    [TD_CODEC_OGG] = "title artist album comment ISRC RECIPE REPLAYGAIN_TRACK_GAIN REPLAYGAIN_TRACK_PEAK cover",
    [TD_CODEC_OPUS] = "title artist album comment ISRC RECIPE R128_TRACK_GAIN cover",
};

static const struct {
    const char *name, *line;
} lines[] = {
    { "title", "title=Nacht\xc3\xbc"
               "berfahrt & Co\n" },
    { "artist", "artist=Example\n" },
    { "album", "album=Demo\n" },
    { "comment", "comment=Pop Rock, revision 2\n" },
    { "ISRC", "ISRC=DEXXX2500001\n" },
    { "TSRC", "TSRC=DEXXX2500001\n" },
    { "RECIPE", "RECIPE=pop-rock@2\n" },
    { "REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_TRACK_GAIN=-3.98 dB\n" }, /* -18 - -14.02 */
    { "REPLAYGAIN_TRACK_PEAK", "REPLAYGAIN_TRACK_PEAK=0.891251\n" }, /* -1 dBTP */
    { "R128_TRACK_GAIN", "R128_TRACK_GAIN=-2299\n" },                /* (-23 - -14.02) * 256 */
    { "cover", "codec_name=mjpeg\n" },
};

static void others_read_the_tags(void **state)
{
    (void)state;
    char command[900], said[8192], cover[512];
    sound s = tone(48000, 2, 20000, 997, 0.5);
    td_tags t = tags;
    snprintf(cover, sizeof cover, "%s", in_folder("cover.jpg"));
    t.cover_path = cover;
    snprintf(command, sizeof command, "ffmpeg -v error -f lavfi -i testsrc=size=64x48:d=1 -frames:v 1 '%s'",
             t.cover_path);
    run(command, said, sizeof said);
    for (unsigned codec = 0; codec < TD_CODEC_COUNT; codec++) {
        td_file_spec spec = spec_of(codec, 24, 48000);
        const char *path = in_folder("tagged");
        write_sound(path, &spec, &t, &s, 4096);
        snprintf(command, sizeof command,
                 "ffprobe -v error -show_entries stream=codec_name:format_tags:stream_tags '%s' | sed 's/^TAG://; "
                 "s/^TITLE/title/; s/^ARTIST/artist/; s/^ALBUM/album/; s/^COMMENT/comment/'",
                 path);
        run(command, said, sizeof said);
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            if (strstr(said_of[codec], lines[i].name) && !strstr(said, lines[i].line))
                fail_msg("%s does not say %s, but:\n%s", td_codec_name(codec), lines[i].line, said);
    }
    sound_free(&s);
}

static int16_t s16(const uint8_t *p)
{
    return (int16_t)(p[0] | p[1] << 8);
}

/* Byte by byte against EBU Tech 3285 v2. */
static void the_broadcast_chunk_keeps_to_its_standard(void **state)
{
    (void)state;
    static uint8_t file[65536];
    sound s = tone(48000, 2, 100, 997, 0.5);
    td_file_spec spec = spec_of(TD_CODEC_WAV, 24, 48000);
    td_audio_info info;
    td_reader *r;
    unsigned faults;
    write_sound(in_folder("bext.wav"), &spec, &tags, &s, 100);
    FILE *f = fopen(in_folder("bext.wav"), "rb");
    size_t n = fread(file, 1, sizeof file, f);
    fclose(f);
    const uint8_t *chunk = memmem(file, n, "bext", 4), *b = chunk + 8;
    assert_non_null(chunk);
    assert_int_equal(chunk[4] | chunk[5] << 8, 602 + strlen(tags.coding_history));
    assert_string_equal((const char *)b, tags.description);
    assert_string_equal((const char *)b + 256, "topdown");
    assert_memory_equal(b + 288, tags.reference, 32);
    assert_int_equal(s16(b + 346), 2);
    const int16_t loudness[] = { -1402, 550, -100, -925, -1050 };
    for (unsigned i = 0; i < 5; i++) assert_int_equal(s16(b + 412 + 2 * i), loudness[i]);
    assert_memory_equal(b + 602, tags.coding_history, strlen(tags.coding_history));
    assert_non_null(memmem(file, n, "<dc:identifier>ISRC:DEXXX2500001<", 33));
    assert_ok(td_reader_open(in_folder("bext.wav"), &r, &info, &faults, err));
    assert_string_equal(info.track_name, "Master <loud>"); /* of iXML */
    td_reader_close(r);
    sound_free(&s);
}

static void a_bad_cover_is_refused(void **state)
{
    (void)state;
    char covers[2][512];
    snprintf(covers[0], sizeof covers[0], "%s", in_folder("missing.jpg"));
    snprintf(covers[1], sizeof covers[1], "%s", in_folder("text.jpg"));
    FILE *f = fopen(covers[1], "wb");
    fputs("\xff\xd8 this is no picture, though it begins like one", f);
    fclose(f);
    for (unsigned codec = TD_CODEC_AIFF; codec < TD_CODEC_COUNT; codec++)
        for (unsigned i = 0; i < 2; i++) {
            td_file_spec spec = spec_of(codec, 16, 48000);
            td_tags t = { .cover_path = covers[i] };
            td_error why = { 0 };
            td_writer *w;
            assert_int_equal(td_writer_open(in_folder("x"), &spec, &t, &w, &why), TD_ARG);
            assert_string_equal(why.where, covers[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_files_come_back),
        cmocka_unit_test(other_programs_read_the_same),
        cmocka_unit_test(lossy_files_keep_time_and_length),
        cmocka_unit_test(rates_are_converted_at_the_end),
        cmocka_unit_test(the_error_is_noise_of_half_a_step),
        cmocka_unit_test(a_faint_sine_has_no_harmonics),
        cmocka_unit_test(full_scale_is_the_end),
        cmocka_unit_test(the_same_sound_gives_the_same_bytes),
        cmocka_unit_test(nothing_stands_there_before_commit),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(no_number_is_no_sound),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(a_wav_beyond_4_gib_is_rf64),
        cmocka_unit_test(an_aiff_beyond_4_gib_is_refused),
        cmocka_unit_test(others_read_the_tags),
        cmocka_unit_test(the_broadcast_chunk_keeps_to_its_standard),
        cmocka_unit_test(a_bad_cover_is_refused),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
