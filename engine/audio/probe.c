#include "engine/audio/probe.h"

#include <stdio.h>

/* No stem lasts longer; a file that says so (a few bytes of FLAC can stand for hours of silence) would keep a worker
 * busy all night. */
#define LONGEST_S (6 * 3600ull)

td_status td_probe_refuse(td_probe *p, td_fault_code code, const char *hint, const char *fmt, ...)
{
    char what[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    p->faults |= 1u << code;
    return td_fail(p->err, TD_INPUT, p->where, hint, "%s", what);
}

td_status td_probe_lies(td_probe *p, const char *what)
{
    return td_probe_refuse(p, TD_FAULT_DAMAGED, TD_HINT_EXPORT_AGAIN, "%s", what);
}

td_status td_probe_wrong_length(td_probe *p, uint64_t promised, uint64_t there)
{
    char says[16], holds[16];
    double rate = p->info->rate_hz ? p->info->rate_hz : 1;
    p->info->frames = there;
    if ((double)promised / rate > LONGEST_S) return td_probe_lies(p, "promises more sound than any song has");
    return td_probe_refuse(p, TD_FAULT_DAMAGED, TD_HINT_EXPORT_AGAIN,
                           there < promised ? "is cut off: its header promises %s of sound, %s are there"
                                            : "goes on where its header says it ends: %s promised, %s there",
                           td_clock((double)promised / rate, says), td_clock((double)there / rate, holds));
}

/* ---- what people upload instead of sound ------------------------------------------------------------------------ */

typedef struct foreign {
    size_t at;
    const char *magic, *format, *what, *hint;
} foreign;

#define EXPORT_WAV "export it as WAV, AIFF or FLAC"

static const foreign foreigners[] = {
    { 0, "PK\3\4", "archive", "a zip archive", "unpack it and send the audio files" },
    { 0, "Rar!", "archive", "a RAR archive", "unpack it and send the audio files" },
    { 0, "7z\xbc\xaf", "archive", "a 7-Zip archive", "unpack it and send the audio files" },
    { 0, "\x1f\x8b", "archive", "a gzip archive", "unpack it and send the audio files" },
    { 4, "ftyp", "mp4", "an MP4 or M4A file", EXPORT_WAV },
    { 0, "caff", "caf", "a CAF file", EXPORT_WAV },
    { 0, "wvpk", "wavpack", "a WavPack file", EXPORT_WAV },
    { 0, "MAC ", "ape", "a Monkey's Audio file", EXPORT_WAV },
    { 0, "DSD ", "dsf", "a DSD file", EXPORT_WAV },
    { 0, "FRM8", "dsdiff", "a DSDIFF file", EXPORT_WAV },
    { 0, ".snd", "au", "an AU file", EXPORT_WAV },
    { 0, "RIFX", "rifx", "a big-endian RIFX file", EXPORT_WAV },
    { 0, "\x30\x26\xb2\x75", "wma", "a Windows Media file", EXPORT_WAV },
    { 0, "\x1a\x45\xdf\xa3", "matroska", "a Matroska or WebM file", EXPORT_WAV },
    { 0, "MThd", "midi", "a MIDI file: notes, not sound", "export it as audio" },
    { 0, "%PDF", "pdf", "a PDF document", NULL },
    { 0, "\x89PNG", "picture", "a picture", NULL },
    { 0, "\xff\xd8\xff", "picture", "a picture", NULL },
    { 0, "GIF8", "picture", "a picture", NULL },
    { 0, "SQLite format 3", "database", "a database", NULL },
    { 1, "ELF", "program", "a program", NULL },
    { 0, "MZ", "program", "a program", NULL },
};

static bool begins_like(td_input *in, const foreign *f)
{
    const uint8_t *b = td_input_peek(in, f->at, strlen(f->magic));
    return b && td_is(b, f->magic);
}

/* A page of words: no controls but white space in what the first 512 bytes hold. */
static bool is_text(td_input *in)
{
    size_t n = in->size < 512 ? (size_t)in->size : 512;
    const uint8_t *b = td_input_peek(in, 0, n);
    for (size_t i = 0; b && i < n; i++)
        if ((b[i] < 0x20 && b[i] != '\t' && b[i] != '\n' && b[i] != '\r') || b[i] == 0x7f) return false;
    return b;
}

static bool is_markup(td_input *in)
{
    const uint8_t *b = td_input_peek(in, 0, 5);
    return b && (td_is(b, "<!DOC") || td_is(b, "<!doc") || td_is(b, "<html") || td_is(b, "<HTML") || td_is(b, "<?xml"));
}

static bool is_blank(td_input *in)
{
    size_t n = in->size < 4096 ? (size_t)in->size : 4096;
    const uint8_t *b = td_input_peek(in, 0, n);
    for (size_t i = 0; b && i < n; i++)
        if (b[i]) return false;
    return b;
}

static td_status refuse_stranger(td_probe *p, const char *format, const char *what, const char *hint)
{
    snprintf(p->info->format, sizeof p->info->format, "%s", format);
    return td_probe_refuse(p, TD_FAULT_UNREADABLE, hint, "is %s, not a sound file", what);
}

static td_status name_the_stranger(td_probe *p)
{
    for (size_t i = 0; i < sizeof foreigners / sizeof *foreigners; i++) {
        const foreign *f = &foreigners[i];
        if (begins_like(p->in, f)) return refuse_stranger(p, f->format, f->what, f->hint);
    }
    if (is_blank(p->in))
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "upload it again", "holds only zeros where sound should begin");
    if (is_markup(p->in))
        return refuse_stranger(p, "web page", "a web page, such as a server's error message",
                               "download the audio file itself");
    if (is_text(p->in)) return refuse_stranger(p, "text", "a text", NULL);
    return td_probe_refuse(p, TD_FAULT_UNREADABLE, EXPORT_WAV, "is not an audio file topdown reads");
}

/* ---- dispatch --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *magic;
    td_status (*judge)(td_probe *p);
} containers[] = {
    { "RIFF", td_probe_riff }, { "RF64", td_probe_riff }, { "BW64", td_probe_riff }, { "riff", td_probe_w64 },
    { "FORM", td_probe_aiff }, { "fLaC", td_probe_flac }, { "OggS", td_probe_ogg },
};

/* ID3v2 tags stand before MP3 and, against the rules, before FLAC. */
static uint64_t after_id3(td_input *in)
{
    uint64_t at = 0;
    const uint8_t *b;
    for (unsigned i = 0; i < 8 && (b = td_input_peek(in, at, 10)) && td_is(b, "ID3"); i++) {
        if ((b[6] | b[7] | b[8] | b[9]) & 0x80) break;
        at += 10 + ((uint64_t)b[6] << 21 | b[7] << 14 | b[8] << 7 | b[9]) + (b[5] & 0x10 ? 10 : 0);
    }
    return at;
}

static td_status judge(td_probe *p)
{
    p->sound_at = after_id3(p->in);
    const uint8_t *b = td_input_peek(p->in, p->sound_at, 4);
    for (size_t i = 0; b && i < sizeof containers / sizeof *containers; i++)
        if (td_is(b, containers[i].magic)) return containers[i].judge(p);
    td_status st = td_probe_mpeg(p);
    return st == TD_INPUT && !p->faults ? name_the_stranger(p) : st;
}

static td_status check_facts(td_probe *p)
{
    const td_audio_info *i = p->info;
    if (i->rate_hz < 8000 || i->rate_hz > 384000)
        return td_probe_refuse(p, TD_FAULT_RATE, "export it at the session's rate, 44.1 to 96 kHz",
                               "says its sample rate is %u Hz; 8000 to 384000 are read", i->rate_hz);
    if (i->channels == 0) return td_probe_refuse(p, TD_FAULT_DAMAGED, TD_HINT_EXPORT_AGAIN, "says it has no channels");
    if (i->channels > 2)
        return td_probe_refuse(p, TD_FAULT_CHANNELS, "export it as stereo, or as separate mono files",
                               "has %u channels; stems are mono or stereo", i->channels);
    if (i->frames == 0) return td_probe_refuse(p, TD_FAULT_EMPTY, "export it again", "holds no sound at all");
    if (i->frames / i->rate_hz > LONGEST_S)
        return td_probe_refuse(p, TD_FAULT_HOSTILE, "cut it into songs", "lasts %llu hours; at most %llu are mixed",
                               (unsigned long long)(i->frames / i->rate_hz / 3600), LONGEST_S / 3600);
    return TD_OK;
}

td_status td_probe_file(td_probe *p)
{
    if (p->in->size == 0) return td_probe_refuse(p, TD_FAULT_EMPTY, TD_HINT_EXPORT_AGAIN, "is empty: 0 bytes");
    td_status st = judge(p);
    if (!st) st = check_facts(p);
    if (p->in->error) return td_fail(p->err, TD_DISK, p->where, NULL, "cannot be read: %s", strerror(p->in->error));
    return st;
}

/* ---- PCM, as every container of it has it ----------------------------------------------------------------------- */

td_status td_probe_layout(td_probe *p, td_layout layout)
{
    const char *name;
    p->pcm = td_pcm_find(layout, &name);
    if (!p->pcm)
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as 24 bit or 32-bit float", "has %u-bit %s samples",
                               layout.bytes * 8, layout.is_float ? "float" : "integer");
    p->info->bits = layout.bytes * 8;
    p->info->is_float = layout.is_float;
    snprintf(p->info->encoding, sizeof p->info->encoding, "%s", name);
    return TD_OK;
}

td_status td_probe_sound(td_probe *p, uint64_t at, uint64_t promised, bool open)
{
    td_audio_info *i = p->info;
    unsigned frame = i->channels * i->bits / 8;
    uint64_t there = at < p->in->size ? p->in->size - at : 0;
    if (frame == 0) return TD_OK; /* no channels: check_facts says so */
    if (!open && promised > there) return td_probe_wrong_length(p, promised / frame, there / frame);
    uint64_t bytes = open ? there : promised;
    if ((open && bytes) || bytes % frame) p->faults |= TD_FAULT_BIT(TRUNCATED);
    i->frames = bytes / frame;
    p->sound_at = at;
    p->sound_bytes = i->frames * frame;
    return TD_OK;
}
