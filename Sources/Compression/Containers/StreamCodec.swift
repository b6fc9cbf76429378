/// What one call of a streaming codec did.
struct CodecStep {
    var consumed: Int
    var produced: Int
    /// The member or frame (or, compressing, the whole stream) is complete.
    var ended: Bool
    /// Why the stream is no valid one; nil while all is well.
    var failure: String?
    /// The failure is that a zstd frame's window is beyond the limit.
    var needsLargerWindow = false
}

/// Decompresses one member or frame after the other.
protocol StreamDecoder: AnyObject {
    func step(from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> CodecStep

    /// Makes ready for the next member.
    func reset()
}

/// Compresses to one member or frame.
protocol StreamEncoder: AnyObject {
    /// Compresses some input; with `finishing`, also ends the stream (`ended` tells when it is all out).
    func step(
        from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, finishing: Bool
    ) -> CodecStep
}

/// How bytes are compressed, as a stream of members or frames.
enum StreamFormat: String {
    case gzip, zlib, zstd, bzip2
    /// Without any frame around it, as zip archives have it.
    case deflate

    func decoder(_ limits: UnwrapLimits) throws(CompressionError) -> any StreamDecoder {
        switch self {
        case .gzip, .zlib: try Inflater()
        case .deflate: try Inflater(isRaw: true)
        case .zstd: try ZstdDecoder(maxWindowLog: Int32(limits.maxWindowLog))
        case .bzip2: try Bzip2Decoder()
        }
    }

    /// Whether another member or frame may begin with this byte, behind one that has ended.
    func continues(with byte: UInt8) -> Bool {
        switch self {
        case .gzip: byte == 0x1F
        case .zstd: byte == 0x28 || byte & 0xF0 == 0x50
        case .bzip2: byte == UInt8(ascii: "B")
        case .zlib, .deflate: false
        }
    }
}
