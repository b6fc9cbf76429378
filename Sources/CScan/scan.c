#include "scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>

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

csv_scan_result csv_scan(const uint8_t *text, size_t length, uint8_t delimiter, int quote, uint8_t newline,
                         uint32_t *positions) {
    csv_scan_result result = {0};
    uint32_t *out = positions;
    uint64_t inside_before = 0;   /* all ones while the block begins inside quotes */
    uint64_t boundary_before = 1; /* bit 0: the byte before the block may stand before an opening quote */
    uint64_t closing_before = 0;  /* bit 0: the byte before the block was a closing quote */
    uint64_t irregular = 0, any_high = 0;
    for (size_t at = 0; at < length; at += 64) {
        block v = load(text + at);
        uint64_t valid = length - at >= 64 ? ~0ull : (1ull << (length - at)) - 1;
        uint64_t delimiters = equal(v, delimiter) & valid;
        uint64_t newlines = equal(v, newline) & valid;
        any_high |= high(v) & valid;
        uint64_t separators = delimiters | newlines;
        if (quote >= 0) {
            uint64_t quotes = equal(v, (uint8_t)quote) & valid;
            if (quotes | inside_before | closing_before) {
                uint64_t inside = running_xor(quotes) ^ inside_before;
                uint64_t opening = quotes & inside, closing = quotes & ~inside;
                uint64_t boundary = separators | quotes;
                irregular |= opening & ~(boundary << 1 | boundary_before);
                /* A carriage return may follow, before the newline; the cell's decoder looks at it again. */
                uint64_t returns = equal(v, '\r') & valid;
                irregular |= (closing << 1 | closing_before) & ~(boundary | returns) & valid;
                closing_before = closing >> 63;
                inside_before = (uint64_t)((int64_t)inside >> 63);
                separators &= ~inside;
                boundary_before = boundary >> 63;
            } else {
                boundary_before = separators >> 63;
            }
        }
        result.raw_newlines += (size_t)__builtin_popcountll(newlines);
        result.newlines += (size_t)__builtin_popcountll(newlines & separators);
        while (separators) {
            *out++ = (uint32_t)(at + (size_t)__builtin_ctzll(separators));
            separators &= separators - 1;
        }
    }
    result.count = (size_t)(out - positions);
    result.irregular = irregular != 0;
    result.inside_quotes = inside_before != 0;
    result.non_ascii = any_high != 0;
    return result;
}
