#include "jobs/ids.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t td_now_ms(const td_now *now)
{
    return now && now->ms ? now->ms(now->user) : read_clock(CLOCK_REALTIME);
}

int64_t td_steady_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void td_chance(void *out, size_t bytes)
{
    /* up to 256 bytes come whole or not at all, and the kernel's pool is ready long before any service starts */
    for (unsigned char *p = out; bytes;) {
        ssize_t n = getrandom(p, bytes < 256 ? bytes : 256, 0);
        if (n <= 0) continue;
        p += n;
        bytes -= (size_t)n;
    }
}

double td_jitter(void)
{
    int32_t x;
    td_chance(&x, sizeof x);
    return x * (1.0 / 2147483648.0);
}

const char *td_id_new(const char *prefix, int64_t now_ms, char out[TD_ID_SIZE])
{
    unsigned char bytes[16];
    td_chance(bytes, sizeof bytes);
    for (int i = 0; i < 6; i++) bytes[i] = (unsigned char)((uint64_t)now_ms >> (40 - 8 * i));
    char text[TD_ID_TEXT + 1];
    unsigned held = 0, bits = 2; /* 128 bits fill 26 digits of 5 with two zero bits in front */
    size_t next = 0;
    for (size_t i = 0; i < TD_ID_TEXT; i++) {
        while (bits < 5) {
            held = held << 8 | bytes[next++];
            bits += 8;
        }
        bits -= 5;
        text[i] = "0123456789abcdefghjkmnpqrstvwxyz"[held >> bits & 31];
    }
    text[TD_ID_TEXT] = 0;
    snprintf(out, TD_ID_SIZE, "%.13s%s", prefix, text);
    return out;
}

bool td_id_valid(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && n < TD_ID_SIZE && !id[n];
}

const char *td_rfc3339(int64_t ms, char out[32])
{
    time_t s = (time_t)(ms / 1000);
    struct tm t;
    gmtime_r(&s, &t);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
    return out;
}

int64_t td_rfc3339_read(const char *text)
{
    struct tm t = { 0 };
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    return end && !strcmp(end, "Z") ? (int64_t)timegm(&t) * 1000 : -1;
}

int64_t td_retry_after_s(const char *header, int64_t now_ms)
{
    enum { DAY = 86400 };
    char *end;
    long long s = strtoll(header, &end, 10);
    if (end == header || *end) {
        time_t date = curl_getdate(header, NULL);
        if (date < 0) return -1;
        s = (long long)date - now_ms / 1000;
        if (s < 0) s = 0;
    }
    return s < 0 ? -1 : s > DAY ? DAY : s;
}

int64_t td_next_clock_ms(unsigned minute, int64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm t;
    localtime_r(&now, &t);
    t.tm_hour = (int)minute / 60;
    t.tm_min = (int)minute % 60;
    t.tm_sec = 0;
    struct tm tomorrow = t;
    t.tm_isdst = tomorrow.tm_isdst = -1; /* mktime finds out */
    tomorrow.tm_mday++;
    time_t at = mktime(&t);
    return (int64_t)(at >= now ? at : mktime(&tomorrow)) * 1000;
}
