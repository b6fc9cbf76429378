import Compression

/// How places in a text are found in the file that it was made from.
enum OriginalOffsets: Equatable, Sendable {
    /// The text is the file's bytes, or what was unpacked from them.
    case same
    /// Every character has a number of bytes that follows from its UTF-8: `short` with up to three bytes, `long` with four;
    /// before the text stand `mark` bytes.
    case widths(short: Int64, long: Int64, mark: Int64)
    /// They are not known: in encodings whose characters differ, or which have states, and where the text was laid out anew.
    case unknown

    /// What is known of a source that has been read from.
    init(of source: any ByteSource) {
        if let transcoded = source as? TranscodedByteSource {
            self = transcoded.offsets
        } else {
            self = source is FixedWidthByteSource ? .unknown : .same
        }
    }

    /// The offset in the file of the text's first byte.
    var first: Int64 {
        if case .widths(_, _, let mark) = self { return mark }
        return 0
    }

    /// How many bytes of the file so much of the text takes; it must end with a character.
    func bytes(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64 {
        guard case .widths(let short, let long, _) = self else { return Int64(count) }
        var (characters, longs) = (0, 0)
        for at in 0..<count {
            if text[at] & 0xC0 != 0x80 { characters &+= 1 }
            if text[at] >= 0xF0 { longs &+= 1 }
        }
        return Int64(characters - longs) * short + Int64(longs) * long
    }
}
