#pragma once
#include <stddef.h>
#include <stdint.h>

/* The C library's iconv, behind three functions with plain types: `iconv_t` is a pointer whose invalid value is -1, and
 * errors come by errno, which Swift should not have to read across a call. */

/* Opens a conversion; NULL where one of the names is not known. */
void *iconv_shim_open(const char *to, const char *from);
void iconv_shim_close(void *conversion);

typedef enum {
    iconv_shim_done,       /* all input was taken */
    iconv_shim_full,       /* the output has no room for more */
    iconv_shim_incomplete, /* the input ends within a character */
    iconv_shim_invalid     /* the next input bytes are no character */
} iconv_shim_result;

/* Converts from `*in` to `*out`, and moves both on. */
iconv_shim_result iconv_shim_convert(void *conversion, const uint8_t **in, size_t *in_left, uint8_t **out, size_t *out_left);
