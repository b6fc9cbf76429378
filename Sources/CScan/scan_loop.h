/* The loop of csv_scan, for the block operations that are defined where it is included. */

TARGET static csv_scan_result SCAN(const uint8_t *text, size_t length, uint8_t delimiter, int quote, uint8_t newline,
                                   uint32_t *positions) {
    csv_scan_result result = {0};
    uint32_t *out = positions;
    uint64_t inside_before = 0;   /* all ones while the block begins inside quotes */
    uint64_t boundary_before = 1; /* bit 0: the byte before the block may stand before an opening quote */
    uint64_t closing_before = 0;  /* bit 0: the byte before the block was a closing quote */
    uint64_t return_before = 0;   /* bit 0: the byte before the block was a carriage return behind a closing quote */
    uint64_t irregular = 0, any_high = 0;
    size_t character_end = 0;
    for (size_t at = 0; at < length; at += 64) {
        block v = load(text + at);
        uint64_t valid = length - at >= 64 ? ~0ull : (1ull << (length - at)) - 1;
        uint64_t delimiters = equal(v, delimiter) & valid;
        uint64_t newlines = equal(v, newline) & valid;
        uint64_t beyond = high(v) & valid;
        if (beyond) {
            any_high = 1;
            if (!result.not_utf8) result.not_utf8 = !is_utf8(text, length, at, beyond, &character_end);
        }
        uint64_t separators = delimiters | newlines;
        if (quote >= 0) {
            uint64_t quotes = equal(v, (uint8_t)quote) & valid;
            if (quotes | inside_before | closing_before | return_before) {
                uint64_t inside = PARITY(quotes) ^ inside_before;
                uint64_t opening = quotes & inside, closing = quotes & ~inside;
                uint64_t boundary = separators | quotes;
                irregular |= opening & ~(boundary << 1 | boundary_before);
                /* A carriage return may follow, where the newline follows it. */
                uint64_t behind = (closing << 1 | closing_before) & ~boundary & valid;
                uint64_t returns = behind & equal(v, '\r');
                irregular |= behind & ~returns;
                irregular |= (returns << 1 | return_before) & ~newlines & valid;
                return_before = returns >> 63;
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
        /* Four at a time, whether there are so many or not: how many cannot be foreseen, what is too much is overwritten. */
        uint32_t *end = out + __builtin_popcountll(separators);
        while (separators) {
            for (int i = 0; i < 4; i++) {
                out[i] = (uint32_t)(at + (size_t)TRAILING(separators));
                separators &= separators - 1;
            }
            out += 4;
        }
        out = end;
    }
    result.count = (size_t)(out - positions);
    result.irregular = irregular != 0;
    result.inside_quotes = inside_before != 0;
    result.non_ascii = any_high != 0;
    return result;
}
