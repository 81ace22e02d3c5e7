/* Every row of tests/golden/audio/expected.tsv: the file is made, opened and read to its end, and topdown has to say of
 * it what the table says. `test_corpus FOLDER` leaves the files there, as seeds for fuzzing. */
#include "engine/audio/audio.h"
#include "engine/audio/ogg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TABLE "tests/golden/audio/expected.tsv"
#define GOOD  "tests/golden/audio/good/"

enum { NAME, FROM, EDITS, VERDICT, CODES, FACTS, COLUMNS };

static char folder[4096];

/* ---- making a file ---------------------------------------------------------------------------------------------- */

typedef struct bytes {
    uint8_t *data;
    size_t n;
} bytes;

/* Puts k bytes in place of `gone` ones. */
static void splice(bytes *b, size_t at, size_t gone, const uint8_t *with, size_t k)
{
    assert_true(at <= b->n && gone <= b->n - at);
    uint8_t *fresh = malloc(b->n - gone + k + 1);
    assert_non_null(fresh);
    if (at) memcpy(fresh, b->data, at);
    if (k) memcpy(fresh + at, with, k);
    if (b->n > at + gone) memcpy(fresh + at + k, b->data + at + gone, b->n - at - gone);
    free(b->data);
    *b = (bytes){ fresh, b->n - gone + k };
}

static void add_file(bytes *b, const char *name)
{
    char path[512];
    static uint8_t buffer[1 << 20];
    snprintf(path, sizeof path, GOOD "%s", name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is not there", path);
    size_t n = fread(buffer, 1, sizeof buffer, f);
    fclose(f);
    splice(b, b->n, 0, buffer, n);
}

static size_t find(const bytes *b, const char *word, size_t k, bool last)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i + k <= b->n && (last || found == SIZE_MAX); i++)
        if (memcmp(b->data + i, word, k) == 0) found = i;
    if (found == SIZE_MAX) fail_msg("'%.*s' does not stand in the file", (int)k, word);
    return found;
}

static size_t place(const bytes *b, const char *text)
{
    if (*text == '-') return b->n - strtoul(text + 1, NULL, 10);
    if (*text != '@') return strtoul(text, NULL, 10);
    bool last = text[1] == '@';
    const char *word = text + 1 + last;
    size_t k = strcspn(word, "+-");
    return find(b, word, k, last) + (size_t)strtol(word + k, NULL, 10);
}

static size_t parse_bytes(const char *text, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (char quoted = 0; *text; text++) {
        assert_true(n < size);
        unsigned v;
        if (*text == '\'')
            quoted = !quoted;
        else if (quoted)
            out[n++] = (uint8_t)*text;
        else if (*text != '_' && sscanf(text++, "%2x", &v) == 1)
            out[n++] = (uint8_t)v;
    }
    return n;
}

static void mend_sums(bytes *b)
{
    for (size_t at = 0; at + TD_OGG_HEAD <= b->n && memcmp(b->data + at, "OggS", 4) == 0;) {
        uint8_t *page = b->data + at;
        size_t size = TD_OGG_HEAD + page[26];
        for (unsigned i = 0; i < page[26]; i++) size += page[TD_OGG_HEAD + i];
        assert_true(size <= b->n - at);
        uint32_t sum = td_ogg_sum(page, size);
        for (unsigned i = 0; i < 4; i++) page[22 + i] = (uint8_t)(sum >> 8 * i);
        at += size;
    }
}

/* The words of one edit; quoted text may hold blanks. */
static size_t split(char *edit, char *word[4])
{
    size_t n = 0;
    while (*edit == ' ') edit++;
    for (bool quoted = false; *edit && n < 4; n++) {
        word[n] = edit;
        while (*edit && (quoted || *edit != ' ')) quoted ^= *edit++ == '\'';
        while (*edit == ' ') *edit++ = 0;
    }
    return n;
}

static void apply(bytes *b, char *edit)
{
    static uint8_t with[4096];
    char *word[4] = { "", "", "", "" };
    size_t n = split(edit, word), at = n > 1 ? place(b, word[1]) : 0;
    const char *verb = word[0];
    size_t k = n > 2 ? parse_bytes(word[n - 1], with, sizeof with) : 0;
    if (strcmp(verb, "keep") == 0)
        splice(b, at, b->n - at, NULL, 0);
    else if (strcmp(verb, "drop") == 0)
        splice(b, b->n - at, at, NULL, 0);
    else if (strcmp(verb, "set") == 0)
        splice(b, at, k, with, k);
    else if (strcmp(verb, "insert") == 0)
        splice(b, at, 0, with, k);
    else if (strcmp(verb, "delete") == 0)
        splice(b, at, strtoul(word[2], NULL, 10), NULL, 0);
    else if (strcmp(verb, "append") == 0)
        splice(b, b->n, 0, with, parse_bytes(word[1], with, sizeof with));
    else if (strcmp(verb, "add") == 0)
        add_file(b, word[1]);
    else if (strcmp(verb, "sums") == 0)
        mend_sums(b);
    else if (strcmp(verb, "repeat") == 0) {
        size_t times = strtoul(word[2], NULL, 10);
        uint8_t *many = malloc(times * k);
        assert_non_null(many);
        for (size_t i = 0; i < times; i++) memcpy(many + i * k, with, k);
        splice(b, at, 0, many, times * k);
        free(many);
    } else
        fail_msg("no edit is called '%s'", verb);
}

/* Edits are parted by ";" outside quotes. */
static void apply_all(bytes *b, char *edits)
{
    if (strcmp(edits, "-") == 0) return;
    while (edits) {
        char *end = edits;
        for (bool quoted = false; *end && (quoted || *end != ';'); end++) quoted ^= *end == '\'';
        char *next = *end ? end + 1 : NULL;
        *end = 0;
        apply(b, edits);
        edits = next;
    }
}

static void make(char *column[COLUMNS], char *path, size_t size)
{
    bytes b = { 0 };
    snprintf(path, size, "%s/%s", folder, column[NAME]);
    if (strcmp(column[FROM], "-") != 0) add_file(&b, column[FROM]);
    apply_all(&b, column[EDITS]);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (b.n) assert_int_equal(fwrite(b.data, 1, b.n, f), b.n);
    assert_int_equal(fclose(f), 0);
    free(b.data);
}

/* ---- judging it ------------------------------------------------------------------------------------------------- */

typedef struct heard {
    td_audio_info info;
    unsigned faults;
    uint64_t frames;
    double rms[2];
    td_error err;
} heard;

static void read_all(td_reader *r, heard *h)
{
    float left[700], right[700];
    float *ch[2] = { left, right };
    td_status st;
    size_t got;
    while ((st = td_reader_read(r, ch, 700, &got, &h->err)) == TD_OK && got) {
        h->frames += got;
        for (unsigned c = 0; c < h->info.channels; c++)
            for (size_t i = 0; i < got; i++) {
                assert_true(isfinite(ch[c][i]));
                h->rms[c] += (double)ch[c][i] * (double)ch[c][i];
            }
    }
    if (st) {
        assert_int_equal(st, TD_INPUT);
        h->faults |= TD_FAULT_BIT(DAMAGED);
    } else {
        assert_int_equal(h->frames, h->info.frames);
    }
    if (td_reader_nonfinite(r)) h->faults |= TD_FAULT_BIT(NONFINITE);
    for (unsigned c = 0; c < 2; c++) h->rms[c] = sqrt(h->rms[c] / (h->frames ? (double)h->frames : 1));
}

static void judge(const char *path, heard *h)
{
    td_reader *r;
    *h = (heard){ 0 };
    td_status st = td_reader_open(path, &r, &h->info, &h->faults, &h->err);
    if (st) {
        assert_int_equal(st, TD_INPUT);
        assert_null(r);
        assert_int_equal(td_faults_verdict(h->faults), TD_REJECT);
    } else {
        read_all(r, h);
        td_reader_close(r);
    }
    if (td_faults_verdict(h->faults) == TD_REJECT) assert_true(h->err.what[0] && h->err.where[0]);
}

static const char *codes_of(unsigned faults, char *out, size_t size)
{
    size_t n = 0;
    snprintf(out, size, "-");
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if (faults & 1u << i) n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "," : "", td_fault_name(i));
    return out;
}

/* The tone of the good files: 0.5 on the left, 0.25 on the right; lossy codecs miss some of it at the ends.
 */
static bool is_the_tone(const heard *h)
{
    double off = h->info.lossy ? 0.12 : 0.01;
    for (unsigned c = 0; c < h->info.channels; c++) {
        double want = (c ? 0.25 : 0.5) / sqrt(2);
        if (fabs(h->rms[c] / want - 1) > off) return false;
    }
    return true;
}

static bool agrees(char *column[COLUMNS], const heard *h)
{
    static const char *const verdicts[] = { "accept", "warn", "reject" };
    char codes[256], facts[128], text[1400];
    const td_audio_info *i = &h->info;
    codes_of(h->faults, codes, sizeof codes);
    snprintf(facts, sizeof facts, "%s/%s/%u/%u/%llu", i->format, i->encoding, i->rate_hz, i->channels,
             (unsigned long long)i->frames);
    bool looked = strcmp(column[FACTS], "-") != 0;
    bool good = strcmp(column[VERDICT], verdicts[td_faults_verdict(h->faults)]) == 0 &&
                strcmp(column[CODES], codes) == 0 && (!looked || strcmp(column[FACTS], facts) == 0) &&
                (!looked || is_the_tone(h));
    if (!good)
        print_error("%s: %s %s %s, not %s %s; rms %.4f %.4f; %s\n", column[NAME],
                    verdicts[td_faults_verdict(h->faults)], codes, facts, column[CODES], column[FACTS], h->rms[0],
                    h->rms[1], td_error_text(&h->err, text, sizeof text));
    return good;
}

static void every_file_is_judged_as_the_table_says(void **state)
{
    (void)state;
    char line[2048], path[5000];
    unsigned rows = 0, wrong = 0;
    FILE *table = fopen(TABLE, "r");
    assert_non_null(table);
    while (fgets(line, sizeof line, table)) {
        char *column[COLUMNS] = { 0 }, *rest = line;
        line[strcspn(line, "\n")] = 0;
        if (!*line || *line == '#') continue;
        for (unsigned c = 0; c < COLUMNS; c++) column[c] = strsep(&rest, "\t");
        if (!column[FACTS]) fail_msg("a row is short: %s", line);
        make(column, path, sizeof path);
        heard h;
        judge(path, &h);
        wrong += !agrees(column, &h);
        rows++;
    }
    fclose(table);
    if (wrong) fail_msg("%u of %u files", wrong, rows);
    assert_true(rows > 150);
}

static int make_folder(void **state)
{
    (void)state;
    if (*folder) return 0;
    snprintf(folder, sizeof folder, "%s/td-corpus-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[5000];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_file_is_judged_as_the_table_says) };
    if (argc > 1) snprintf(folder, sizeof folder, "%s", argv[1]);
    return cmocka_run_group_tests(tests, make_folder, argc > 1 ? NULL : remove_folder);
}
