#include "scan.h"

#if defined(__SSE2__)
#include <immintrin.h>

typedef struct { __m128i a, b, c, d; } block;

static inline block load(const uint8_t *p) {
    block v = {_mm_loadu_si128((const __m128i *)p), _mm_loadu_si128((const __m128i *)(p + 16)),
               _mm_loadu_si128((const __m128i *)(p + 32)), _mm_loadu_si128((const __m128i *)(p + 48))};
    return v;
}

static inline uint64_t join(__m128i a, __m128i b, __m128i c, __m128i d) {
    return (uint64_t)(uint32_t)_mm_movemask_epi8(a) | (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 | (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48;
}

static inline uint64_t equal(block v, uint8_t byte) {
    __m128i x = _mm_set1_epi8((char)byte);
    return join(_mm_cmpeq_epi8(v.a, x), _mm_cmpeq_epi8(v.b, x), _mm_cmpeq_epi8(v.c, x), _mm_cmpeq_epi8(v.d, x));
}

static inline uint64_t high(block v) { return join(v.a, v.b, v.c, v.d); }

#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

typedef struct { uint8x16_t a, b, c, d; } block;

static inline block load(const uint8_t *p) {
    block v = {vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)};
    return v;
}

/* One bit for each of 64 bytes that are 0x00 or 0xFF: three pairwise additions of bit weights. */
static inline uint64_t join(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    const uint8x16_t weight = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, weight), vandq_u8(b, weight));
    uint8x16_t cd = vpaddq_u8(vandq_u8(c, weight), vandq_u8(d, weight));
    uint8x16_t all = vpaddq_u8(ab, cd);
    all = vpaddq_u8(all, all);
    return vgetq_lane_u64(vreinterpretq_u64_u8(all), 0);
}

static inline uint64_t equal(block v, uint8_t byte) {
    uint8x16_t x = vdupq_n_u8(byte);
    return join(vceqq_u8(v.a, x), vceqq_u8(v.b, x), vceqq_u8(v.c, x), vceqq_u8(v.d, x));
}

static inline uint64_t high(block v) {
    uint8x16_t x = vdupq_n_u8(0x80);
    return join(vcgeq_u8(v.a, x), vcgeq_u8(v.b, x), vcgeq_u8(v.c, x), vcgeq_u8(v.d, x));
}

#else

typedef struct { const uint8_t *p; } block;

static inline block load(const uint8_t *p) {
    block v = {p};
    return v;
}

static inline uint64_t equal(block v, uint8_t byte) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(v.p[i] == byte) << i;
    return mask;
}

static inline uint64_t high(block v) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(v.p[i] >> 7) << i;
    return mask;
}

#endif

/* Bit i of the result is the parity of bits 0...i. */
static inline uint64_t running_xor(uint64_t x) {
    x ^= x << 1;
    x ^= x << 2;
    x ^= x << 4;
    x ^= x << 8;
    x ^= x << 16;
    x ^= x << 32;
    return x;
}

/* The length of the UTF-8 sequence that begins with a byte of 0x80 or above (Unicode 15, table 3-7); 0 where it is none.
 * What the text's end cuts off may have gone on well. */
static inline size_t sequence(const uint8_t *p, size_t left) {
    uint8_t first = p[0], low = 0x80, high = 0xBF;
    size_t length;
    if (first < 0xC2 || first > 0xF4) return 0;
    if (first < 0xE0) {
        length = 2;
    } else if (first < 0xF0) {
        length = 3;
        if (first == 0xE0) low = 0xA0;
        if (first == 0xED) high = 0x9F;
    } else {
        length = 4;
        if (first == 0xF0) low = 0x90;
        if (first == 0xF4) high = 0x8F;
    }
    if (left > 1 && (p[1] < low || p[1] > high)) return 0;
    for (size_t i = 2; i < length && i < left; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return length;
}

/* Checks the characters that begin in the block at `at`, whose bytes beyond ASCII are `mask`. `next` is where the last
 * character before it ends, and afterwards where the last of this one does. Returns whether all are UTF-8. */
static int is_utf8(const uint8_t *text, size_t length, size_t at, uint64_t mask, size_t *next) {
    if (*next > at) mask &= ~0ull << (*next - at);
    while (mask) {
        size_t begin = at + (size_t)__builtin_ctzll(mask);
        size_t bytes = sequence(text + begin, length - begin);
        if (bytes == 0) return 0;
        *next = begin + bytes;
        if (*next >= at + 64) break;
        mask &= ~0ull << (*next - at);
    }
    return 1;
}

#define SCAN scan
#define TARGET
#define PARITY(mask) running_xor(mask)
#define TRAILING(mask) (mask ? __builtin_ctzll(mask) : 0)
#include "scan_loop.h"

#if defined(__SSE2__)
/* The same for processors with vectors of 32 bytes and instructions for counting bits. */
#define WIDE __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

typedef struct { __m256i a, b; } wide_block;

WIDE static inline wide_block wide_load(const uint8_t *p) {
    wide_block v = {_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))};
    return v;
}

WIDE static inline uint64_t wide_join(__m256i a, __m256i b) {
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

WIDE static inline uint64_t wide_equal(wide_block v, uint8_t byte) {
    __m256i x = _mm256_set1_epi8((char)byte);
    return wide_join(_mm256_cmpeq_epi8(v.a, x), _mm256_cmpeq_epi8(v.b, x));
}

WIDE static inline uint64_t wide_high(wide_block v) { return wide_join(v.a, v.b); }

/* A product without carries by all ones is the running XOR. */
WIDE static inline uint64_t wide_running_xor(uint64_t x) {
    __m128i ones = _mm_set1_epi8((char)0xFF);
    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x), ones, 0));
}

#undef SCAN
#undef TARGET
#undef PARITY
#undef TRAILING
#define SCAN wide_scan
#define TARGET WIDE
#define PARITY(mask) wide_running_xor(mask)
#define TRAILING(mask) _tzcnt_u64(mask)
#define block wide_block
#define load wide_load
#define equal wide_equal
#define high wide_high
#include "scan_loop.h"

static int is_wide(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}
#endif

csv_scan_result csv_scan(const uint8_t *text, size_t length, uint8_t delimiter, int quote, uint8_t newline,
                         uint32_t *positions) {
#if defined(__SSE2__)
    if (is_wide()) return wide_scan(text, length, delimiter, quote, newline, positions);
#endif
    return scan(text, length, delimiter, quote, newline, positions);
}
