#include "folder.h"

#include <pthread.h>

#define GOOD "tests/golden/audio/good/"

/* ---- what cannot be opened -------------------------------------------------------------------------------------- */

static void what_is_no_file_is_told(void **state)
{
    (void)state;
    const char *const paths[] = { in_folder("missing.wav"), folder, "/dev/zero" };
    for (size_t i = 0; i < 3; i++) {
        td_reader *r;
        td_audio_info info;
        td_error why = { 0 };
        unsigned faults;
        assert_int_equal(td_reader_open(paths[i], &r, &info, &faults, &why), TD_ARG);
        assert_null(r);
        assert_int_equal(faults, 0);
        assert_string_equal(why.where, paths[i]);
        assert_int_equal(td_reader_open(paths[i], &r, &info, &faults, NULL), TD_ARG);
    }
}

static void verdicts_are_the_worst_of_a_set(void **state)
{
    (void)state;
    assert_int_equal(td_faults_verdict(0), TD_ACCEPT);
    assert_int_equal(td_faults_verdict(TD_FAULT_BIT(CLIPPED)), TD_WARN);
    assert_int_equal(td_faults_verdict(TD_FAULT_BIT(CLIPPED) | TD_FAULT_BIT(EMPTY) | TD_FAULT_BIT(DC)), TD_REJECT);
    assert_string_equal(td_fault_name(TD_FAULT_STARTS_LATE), "starts_late");
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++) assert_true(*td_fault_help(i));
}

/* ---- names of tracks -------------------------------------------------------------------------------------------- */

static void put(FILE *f, const char *id, const void *body, uint32_t n)
{
    assert_int_equal(fwrite(id, 1, 4, f), 4);
    assert_int_equal(fwrite(&n, 1, 4, f), 4); /* little-endian, as this machine is */
    assert_int_equal(fwrite(body, 1, n, f), n);
    if (n & 1) fputc(0, f);
}

static const char *track_name_of(const char *bext, const char *ixml)
{
    static td_audio_info info;
    static const uint8_t format[16] = { 1, 0, 1, 0, 0x80, 0xbb, 0, 0, 0, 0x77, 1, 0, 2, 0, 16, 0 };
    char chunk[602] = "";
    td_reader *r;
    unsigned faults;
    FILE *f = fopen(in_folder("named.wav"), "wb");
    fwrite("RIFF\0\0\0\0WAVE", 1, 12, f);
    if (bext) strncpy(chunk, bext, 256);
    if (bext) put(f, "bext", chunk, sizeof chunk);
    put(f, "fmt ", format, 16);
    put(f, "data", "\1\0\2\0", 4);
    if (ixml) put(f, "iXML", ixml, (uint32_t)strlen(ixml));
    fclose(f);
    assert_ok(td_reader_open(in_folder("named.wav"), &r, &info, &faults, err));
    td_reader_close(r);
    return info.track_name;
}

static void tracks_have_names(void **state)
{
    (void)state;
    assert_string_equal(track_name_of(NULL, NULL), "");
    assert_string_equal(track_name_of("Kick In  \r\nsecond line", NULL), "Kick In");
    assert_string_equal(track_name_of("sSPEED=24\r\nsTRK1=Boom\r\nsTRK2=Lav", NULL), "Boom");
    assert_string_equal(track_name_of("Gesang M\xfcller", NULL), "Gesang M\xc3\xbcller");     /* Latin-1 */
    assert_string_equal(track_name_of("Gesang M\xc3\xbcller", NULL), "Gesang M\xc3\xbcller"); /* UTF-8 */
    const char *ixml = "<?xml version=\"1.0\"?><BWFXML><PROJECT>x</PROJECT><TRACK_LIST><TRACK_COUNT>2</TRACK_COUNT>"
                       "<TRACK><CHANNEL_INDEX>1</CHANNEL_INDEX><NAME>Vox &amp; FX</NAME></TRACK>"
                       "<TRACK><NAME>no</NAME></TRACK></TRACK_LIST></BWFXML>";
    assert_string_equal(track_name_of("of bext", ixml), "Vox & FX");
    assert_string_equal(track_name_of(NULL, "<TRACK_LIST><TRACK><NAME>cut"), "");
    assert_string_equal(track_name_of(NULL, "<NAME>elsewhere</NAME>"), "");
    char longer[400];
    memset(longer, 'a', 399);
    longer[399] = 0;
    assert_int_equal(strlen(track_name_of(longer, NULL)), 124); /* cut to where any character would still fit */
}

/* ---- sound ------------------------------------------------------------------------------------------------------ */

static void files_of_others_sound_as_they_hear_them(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned rate_hz, channels;
        double tolerance;
    } files[] = {
        { "pcm24.rf64", 44100, 2, 0 },    { "float.aifc", 44100, 2, 0 },  { "double.wav", 44100, 2, 0 },
        { "flac24.flac", 44100, 2, 0 },   { "pcm8.wav", 44100, 2, 0 },    { "none24.aifc", 44100, 2, 0 },
        { "cbr.mp3", 44100, 2, 1e-4 },    { "mono.mp3", 44100, 1, 1e-4 }, { "mpeg2.mp3", 22050, 2, 1e-4 },
        { "stereo.ogg", 44100, 2, 1e-4 }, { "mono.ogg", 44100, 1, 1e-4 }, { "stereo.opus", 48000, 2, 1e-4 },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char command[600];
        static float heard[2 * 24000];
        snprintf(command, sizeof command, "ffmpeg -v error -i '" GOOD "%s' -f f32le -c:a pcm_f32le -", files[i].name);
        size_t n = run(command, heard, sizeof heard) / 4 / files[i].channels;
        char path[300];
        snprintf(path, sizeof path, GOOD "%s", files[i].name);
        sound s = read_source(path, NULL, files[i].rate_hz, 1000);
        assert_int_equal(s.channels, files[i].channels);
        assert_true(n >= s.frames);
        for (size_t k = 0; k < s.frames; k++)
            for (unsigned c = 0; c < s.channels; c++)
                assert_near(s.ch[c][k], heard[k * s.channels + c], files[i].tolerance);
        sound_free(&s);
    }
}

/* Formats whose libraries keep state of their own, opened and read by many threads at once. */
static void *read_over_and_over(void *path)
{
    for (unsigned i = 0; i < 10; i++) {
        sound s = read_source(path, NULL, 48000, 4096);
        sound_free(&s);
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    static char paths[8][64] = { GOOD "cbr.mp3",     GOOD "stereo.ogg",  GOOD "stereo.opus", GOOD "flac24.flac",
                                 GOOD "flac16.flac", GOOD "stereo.opus", GOOD "vbr.mp3",     GOOD "plain24.wav" };
    pthread_t thread[8];
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_over_and_over, paths[i]), 0);
    for (unsigned i = 0; i < 8; i++) pthread_join(thread[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_file_is_told), cmocka_unit_test(verdicts_are_the_worst_of_a_set),
        cmocka_unit_test(tracks_have_names),       cmocka_unit_test(files_of_others_sound_as_they_hear_them),
        cmocka_unit_test(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
