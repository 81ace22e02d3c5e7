/* engine/base/lanes.h - left and right side by side in one SIMD register.
 *
 * Recursive filters cannot run ahead along time, but the two channels are independent: one register of two doubles
 * holds both, and every x86-64 machine has it. Four doubles hold two frames, or two sections of a filter a frame apart:
 * one register where a machine has AVX2, two where it has not. What each lane computes is the same either way, and so
 * is the result: no path contracts a product and a sum into one rounding. */
#ifndef TD_BASE_LANES_H
#define TD_BASE_LANES_H

#include <emmintrin.h>
#include <math.h>
#include <stddef.h>

typedef double td_v2 __attribute__((vector_size(16)));
typedef double td_v4 __attribute__((vector_size(32), aligned(16)));
typedef float td_f4 __attribute__((vector_size(16))); /* four signals, where single precision will do */
typedef float td_fu
    __attribute__((vector_size(16), aligned(4))); /* four or eight samples in a row, wherever they are */
typedef int td_mu __attribute__((vector_size(16), aligned(4)));
typedef float td_f8 __attribute__((vector_size(32), aligned(4)));
typedef long long td_m2 __attribute__((vector_size(16))); /* masks of comparisons: all ones or zero */

/* Before a static function: compiled three times, for AVX-512 (as many lanes, twice the registers), for AVX2 and for
 * every machine; which one runs is settled when the program starts. Clang 14 does so twice: its chooser does not know
 * levels of machines. It also lets the chooser out of its file, so no two may have one name. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TD_WIDE /* sanitizers are not ready when that is settled */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TD_WIDE
#endif
#endif
#ifndef TD_WIDE
/* td_v4 never crosses a function's border by value: who passes it how depends on the machine compiled for. */
#ifdef __clang__
#define TD_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TD_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#endif
#endif

#define TD_V4(low, high) __builtin_shufflevector(low, high, 0, 1, 2, 3)
#define TD_LOW(v)        __builtin_shufflevector(v, v, 0, 1)
#define TD_HIGH(v)       __builtin_shufflevector(v, v, 2, 3)
/* Four floats, a variable's, as doubles: one instruction with AVX. gcc 12 makes five of __builtin_convertvector. */
#define TD_DOUBLES(v) ((td_v4){ (double)(v)[0], (double)(v)[1], (double)(v)[2], (double)(v)[3] })

static inline td_v2 td_v2_set(double x)
{
    return (td_v2){ x, x };
}
static inline td_v2 td_v2_load(float *const *ch, size_t i)
{
    return (td_v2){ (double)ch[0][i], (double)ch[1][i] };
}
static inline void td_v2_store(float *const *ch, size_t i, td_v2 v)
{
    ch[0][i] = (float)v[0];
    ch[1][i] = (float)v[1];
}
/* Whole blocks of frames, from and to channels apart. */
static inline void td_v2_load_all(const float *const *ch, td_v2 *x, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        td_fu left = *(const td_fu *)(ch[0] + i), right = *(const td_fu *)(ch[1] + i);
        td_f4 low = __builtin_shufflevector(left, right, 0, 4, 1, 5);
        td_f4 high = __builtin_shufflevector(left, right, 2, 6, 3, 7);
        x[i] = (td_v2)_mm_cvtps_pd((__m128)low);
        x[i + 1] = (td_v2)_mm_cvtps_pd(_mm_movehl_ps((__m128)low, (__m128)low));
        x[i + 2] = (td_v2)_mm_cvtps_pd((__m128)high);
        x[i + 3] = (td_v2)_mm_cvtps_pd(_mm_movehl_ps((__m128)high, (__m128)high));
    }
    for (; i < n; i++) x[i] = (td_v2){ (double)ch[0][i], (double)ch[1][i] };
}
static inline void td_v2_store_all(float *const *ch, const td_v2 *x, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        td_f4 a = (td_f4)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)x[i]), _mm_cvtpd_ps((__m128d)x[i + 1]));
        td_f4 b = (td_f4)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)x[i + 2]), _mm_cvtpd_ps((__m128d)x[i + 3]));
        *(td_fu *)(ch[0] + i) = __builtin_shufflevector(a, b, 0, 2, 4, 6);
        *(td_fu *)(ch[1] + i) = __builtin_shufflevector(a, b, 1, 3, 5, 7);
    }
    for (; i < n; i++) td_v2_store(ch, i, x[i]);
}
static inline td_v2 td_v2_select(td_m2 mask, td_v2 a, td_v2 b) /* mask ? a : b */
{
    return (td_v2)((mask & (td_m2)a) | (~mask & (td_m2)b));
}
/* Four samples from each of four signals, as four frames. */
static inline void td_f4_frames(const float *const *x, size_t i, td_f4 frame[4])
{
    td_fu a = *(const td_fu *)(x[0] + i), b = *(const td_fu *)(x[1] + i), c = *(const td_fu *)(x[2] + i),
          d = *(const td_fu *)(x[3] + i);
    td_f4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    td_f4 ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    frame[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    frame[1] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    frame[2] = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
    frame[3] = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}
static inline td_v2 td_v2_abs(td_v2 a)
{
    return (td_v2)((td_m2)a & (td_m2){ 0x7fffffffffffffffLL, 0x7fffffffffffffffLL });
}
static inline td_v2 td_v2_max(td_v2 a, td_v2 b)
{
    return td_v2_select(a > b, a, b);
}
static inline td_v2 td_v2_min(td_v2 a, td_v2 b)
{
    return td_v2_select(a < b, a, b);
}

#endif
