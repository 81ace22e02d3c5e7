/* Any bytes as an audio file: opened, and what opens is read to its end. Nothing may crash, hang or leave bounds, and
 * what cannot be read has to say why. Seeds: build/tests/engine/audio/test_corpus FOLDER.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_audio.c -o fuzz_audio; fuzz_audio -timeout=10 FOLDER
 */
#include "engine/audio/audio.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(td_reader *r, const td_audio_info *info)
{
    static float left[4096], right[4096];
    td_status st;
    size_t got;
    uint64_t frames = 0;
    while ((st = td_reader_read(r, (float *const[]){ left, right }, 4096, &got, NULL)) == TD_OK && got) frames += got;
    if (st != TD_OK && st != TD_INPUT) abort();
    if (st == TD_OK && frames != info->frames) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    td_reader *r;
    td_audio_info info;
    td_error err = { 0 };
    unsigned faults;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    td_status st = td_reader_open(path, &r, &info, &faults, &err);
    if (st == TD_OK) {
        if (info.channels < 1 || info.channels > 2 || info.rate_hz < 8000 || info.rate_hz > 384000) abort();
        read_all(r, &info);
        td_reader_close(r);
    } else if (st != TD_INPUT || !err.what[0] || td_faults_verdict(faults) != TD_REJECT) {
        abort();
    }
    close(fd);
    return 0;
}
