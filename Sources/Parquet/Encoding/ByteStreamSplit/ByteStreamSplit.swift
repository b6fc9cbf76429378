/// Values taken apart into streams: all first bytes, then all second bytes and so on
/// (Encodings.md, "Byte Stream Split (BYTE_STREAM_SPLIT = 9)").
struct ByteStreamSplitDecoder {
    private let base: UnsafeRawPointer
    /// Values in all, by the size of the page.
    private let total: Int
    private let width: Int
    private var at = 0

    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer, width: Int) throws {
        guard width > 0, (end - start) % width == 0 else {
            throw ParquetError.page("\(end - start) bytes are no streams of values of \(width) bytes")
        }
        base = start
        total = (end - start) / width
        self.width = width
    }

    /// Puts the next values together, `width` bytes each.
    mutating func decode(_ count: Int, into out: UnsafeMutableRawPointer) throws {
        guard count <= total - at else { throw ParquetError.truncated("a page's values") }
        for stream in 0..<width {
            let source = base + stream * total + at
            var target = stream
            for i in 0..<count {
                out.storeBytes(of: source.load(fromByteOffset: i, as: UInt8.self), toByteOffset: target, as: UInt8.self)
                target &+= width
            }
        }
        at += count
    }
}

enum ByteStreamSplitEncoder {
    /// Appends values of `width` bytes each.
    static func append(_ values: UnsafeRawPointer, count: Int, width: Int, to out: ByteBuffer) {
        let target = out.reserve(count * width)
        for stream in 0..<width {
            let part = target + stream * count
            var source = stream
            for i in 0..<count {
                part.storeBytes(of: values.load(fromByteOffset: source, as: UInt8.self), toByteOffset: i, as: UInt8.self)
                source &+= width
            }
        }
        out.advance(count * width)
    }
}
