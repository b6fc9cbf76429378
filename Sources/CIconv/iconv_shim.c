#include "iconv_shim.h"

#include <errno.h>
#include <iconv.h>

void *iconv_shim_open(const char *to, const char *from) {
    iconv_t conversion = iconv_open(to, from);
    return conversion == (iconv_t)-1 ? NULL : conversion;
}

void iconv_shim_close(void *conversion) { iconv_close(conversion); }

iconv_shim_result iconv_shim_convert(void *conversion, const uint8_t **in, size_t *in_left, uint8_t **out, size_t *out_left) {
    size_t done = iconv(conversion, (char **)in, in_left, (char **)out, out_left);
    if (done != (size_t)-1) return iconv_shim_done;
    if (errno == E2BIG) return iconv_shim_full;
    return errno == EINVAL ? iconv_shim_incomplete : iconv_shim_invalid;
}
