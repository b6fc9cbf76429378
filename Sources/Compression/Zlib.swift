import CZlib

/// zlib's inflate with its state, used again and again. This file is the only one that calls zlib.
final class Inflater: StreamDecoder {
    private let stream: UnsafeMutablePointer<z_stream>
    /// zlib counts in 32 bits.
    private static let maxCall = 1 << 30

    /// - Parameter isRaw: without a header, as zip archives have it; else a gzip or a zlib header is expected.
    init(isRaw: Bool = false) throws(CompressionError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15: any window; negative: no header; + 32: a gzip or a zlib header, whichever is there.
        let result = inflateInit2_(stream, isRaw ? -15 : 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw .noMemory("zlib")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func reset() {
        inflateReset(stream)
    }

    func step(from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> CodecStep {
        let given = min(input.count, Self.maxCall)
        let room = min(output.count, Self.maxCall)
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let result = inflate(stream, Z_NO_FLUSH)
        var step = CodecStep(
            consumed: given - Int(stream.pointee.avail_in), produced: room - Int(stream.pointee.avail_out),
            ended: result == Z_STREAM_END)
        switch result {
        case Z_OK, Z_STREAM_END, Z_BUF_ERROR: break
        case Z_NEED_DICT: step.failure = "it needs a preset dictionary"
        default: step.failure = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(result)"
        }
        return step
    }
}

/// zlib's deflate with its state, writing gzip members (RFC 1952).
final class Deflater: StreamEncoder {
    private let stream: UnsafeMutablePointer<z_stream>
    private static let maxCall = 1 << 30

    init(level: Int) throws(CompressionError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 + 16: the largest window, with a gzip header; 8: zlib's default memory level.
        let result = deflateInit2_(
            stream, Int32(max(1, min(9, level))), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw .noMemory("zlib")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func reset() {
        deflateReset(stream)
    }

    /// The most bytes that a member of `count` bytes can take.
    func bound(_ count: Int) -> Int {
        Int(deflateBound(stream, UInt(count)))
    }

    func step(
        from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, finishing: Bool
    ) -> CodecStep {
        let given = min(input.count, Self.maxCall)
        let room = min(output.count, Self.maxCall)
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let result = deflate(stream, finishing && given == input.count ? Z_FINISH : Z_NO_FLUSH)
        return CodecStep(
            consumed: given - Int(stream.pointee.avail_in), produced: room - Int(stream.pointee.avail_out),
            ended: result == Z_STREAM_END,
            failure: result == Z_STREAM_ERROR ? "zlib error \(result)" : nil)
    }
}

/// A running CRC-32 as gzip and zip have it (RFC 1952 section 8).
struct CRC32 {
    private var value: UInt = 0

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = crc32_z(value, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    var checksum: UInt32 { UInt32(truncatingIfNeeded: value) }
}

/// The CRC-32 of some bytes, as Parquet's pages have it too.
package func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var running = CRC32()
    running.update(bytes)
    return running.checksum
}
