#pragma once
#include <stddef.h>
#include <stdint.h>

/* Folds bytes into 16 whose cyclic redundancy check is the same, with the processor's carry-less multiplication.
 *
 * How this works: a check is the remainder of a polynomial, and any piece of that polynomial may be replaced by another
 * one of the same remainder. Eight blocks of 16 bytes are each moved 128 bytes ahead (a multiplication of either half
 * by the remainder of a power of x) and added to the bytes that stand there. At the end the eight become one.
 * Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009.
 */

/* Bytes are folded in steps of this many. */
enum { checksum_fold_step = 128 };

/* Whether this machine's processor has the instruction. */
int checksum_can_fold(void);

/* The multipliers that move a block by 16, 32, 48, 64, 80, 96, 112 and 128 bytes: for its first half, then its second;
 * the remainders of x^(8n+63) and of x^(8n-1), reflected, x^0 in the highest bit. */
typedef struct {
    uint64_t multipliers[16];
} checksum_fold_powers;

/* Folds bytes[0..<count] into `folded`. `count` must be a positive multiple of checksum_fold_step. `start` is the
 * register that the bytes come after, reflected, and stands for its own width's first bytes.
 * Only where checksum_can_fold() says so. */
void checksum_fold(const uint8_t *bytes, size_t count, uint64_t start, const checksum_fold_powers *powers,
                   uint8_t folded[16]);
