#pragma once
#include <stddef.h>
#include <stdint.h>

/* Finds the separators (delimiters and record ends outside quotes) of CSV text, 64 bytes at a time.
 *
 * How this works: for each block of 64 bytes three masks say where quotes, delimiters and newlines are; the running
 * XOR of the quote mask says which bytes stand inside quotes. That parity is exact as long as every opening quote
 * begins a field and every closing quote ends one (doubled quotes close and open again at once). Where the text breaks
 * that rule, `irregular` is set and the caller reads the chunk again with the exact, slower reader. Characters beyond
 * ASCII are checked on the way, so that cells need not be.
 */

typedef struct {
    size_t count;        /* separators found */
    size_t newlines;     /* of these, record ends */
    size_t raw_newlines; /* newline bytes in all, those inside quotes too */
    int irregular;       /* the parity cannot be trusted */
    int inside_quotes;   /* the text ends inside quotes */
    int non_ascii;       /* some byte is 0x80 or above */
    int not_utf8;        /* the text is not UTF-8; a character that the text's end cuts off is not counted */
} csv_scan_result;

/* Entries of `positions` beyond `length` that may be written to. */
#define CSV_SCAN_SPARE_POSITIONS 8

/* Scans text[0..<length], which must begin at a record's start. `quote` is a byte, or -1 where nothing quotes.
 * `positions` must have room for `length + CSV_SCAN_SPARE_POSITIONS` entries. Reads up to 63 bytes beyond `length`,
 * which must be readable. */
csv_scan_result csv_scan(const uint8_t *text, size_t length, uint8_t delimiter, int quote, uint8_t newline,
                         uint32_t *positions);
