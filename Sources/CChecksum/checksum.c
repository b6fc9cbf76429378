#include "checksum.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define FOLD_TARGET __attribute__((target("pclmul,sse2")))

typedef __m128i block;

FOLD_TARGET static inline block load(const void *bytes) { return _mm_loadu_si128((const __m128i *)bytes); }
FOLD_TARGET static inline void store(void *bytes, block value) { _mm_storeu_si128((__m128i *)bytes, value); }
FOLD_TARGET static inline block add(block one, block other) { return _mm_xor_si128(one, other); }
FOLD_TARGET static inline block first_half(uint64_t half) { return _mm_set_epi64x(0, (long long)half); }

FOLD_TARGET static inline block move(block value, block powers) {
    return add(_mm_clmulepi64_si128(value, powers, 0x00), _mm_clmulepi64_si128(value, powers, 0x11));
}

int checksum_can_fold(void) { return __builtin_cpu_supports("pclmul") != 0; }

#elif defined(__aarch64__) && defined(__ORDER_LITTLE_ENDIAN__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#define FOLD_TARGET __attribute__((target("aes")))

typedef uint64x2_t block;

FOLD_TARGET static inline block load(const void *bytes) { return vreinterpretq_u64_u8(vld1q_u8((const uint8_t *)bytes)); }
FOLD_TARGET static inline void store(void *bytes, block value) { vst1q_u8((uint8_t *)bytes, vreinterpretq_u8_u64(value)); }
FOLD_TARGET static inline block add(block one, block other) { return veorq_u64(one, other); }
FOLD_TARGET static inline block first_half(uint64_t half) { return vcombine_u64(vcreate_u64(half), vcreate_u64(0)); }

FOLD_TARGET static inline block move(block value, block powers) {
    const poly128_t first = vmull_p64((poly64_t)vgetq_lane_u64(value, 0), (poly64_t)vgetq_lane_u64(powers, 0));
    const poly128_t second = vmull_high_p64(vreinterpretq_p64_u64(value), vreinterpretq_p64_u64(powers));
    return add(vreinterpretq_u64_p128(first), vreinterpretq_u64_p128(second));
}

int checksum_can_fold(void) {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & (1 << 4)) != 0; /* HWCAP_PMULL */
#else
    return 1; /* every such machine of Apple's */
#endif
}

#else

#define FOLD_ABSENT

int checksum_can_fold(void) { return 0; }

#endif

#ifdef FOLD_ABSENT

void checksum_fold(const uint8_t *bytes, size_t count, uint64_t start, const checksum_fold_powers *powers,
                   uint8_t folded[16]) {
    (void)bytes, (void)count, (void)start, (void)powers;
    memset(folded, 0, 16);
}

#else

enum { blocks = checksum_fold_step / 16 };

FOLD_TARGET void checksum_fold(const uint8_t *bytes, size_t count, uint64_t start, const checksum_fold_powers *powers,
                               uint8_t folded[16]) {
    block sums[blocks];
    for (int i = 0; i < blocks; i++) sums[i] = load(bytes + 16 * i);
    sums[0] = add(sums[0], first_half(start));
    const block step = load(&powers->multipliers[2 * (blocks - 1)]);
    for (size_t place = checksum_fold_step; place + checksum_fold_step <= count; place += checksum_fold_step) {
        for (int i = 0; i < blocks; i++) sums[i] = add(move(sums[i], step), load(bytes + place + 16 * i));
    }
    block sum = sums[blocks - 1];
    for (int i = 0; i < blocks - 1; i++) {
        sum = add(sum, move(sums[i], load(&powers->multipliers[2 * (blocks - 2 - i)])));
    }
    store(folded, sum);
}

#endif
