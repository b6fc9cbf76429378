import CBzip2

/// libbz2's decompressor with its state. This file is the only one that calls libbz2.
final class Bzip2Decoder: StreamDecoder {
    private let stream: UnsafeMutablePointer<bz_stream>
    /// libbz2 counts in 32 bits.
    private static let maxCall = 1 << 30

    init() throws(CompressionError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: bz_stream())
        guard BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else {
            stream.deallocate()
            throw .noMemory("bzip2")
        }
    }

    deinit {
        BZ2_bzDecompressEnd(stream)
        stream.deallocate()
    }

    /// libbz2 has no reset; a context that could not be made again fails at its next step.
    func reset() {
        BZ2_bzDecompressEnd(stream)
        stream.pointee = bz_stream()
        BZ2_bzDecompressInit(stream, 0, 0)
    }

    func step(from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> CodecStep {
        let given = min(input.count, Self.maxCall)
        let room = min(output.count, Self.maxCall)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: CChar.self))
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: CChar.self)
        stream.pointee.avail_out = UInt32(room)
        let result = BZ2_bzDecompress(stream)
        return CodecStep(
            consumed: given - Int(stream.pointee.avail_in), produced: room - Int(stream.pointee.avail_out),
            ended: result == BZ_STREAM_END, failure: Self.failure(result))
    }

    private static func failure(_ result: Int32) -> String? {
        switch result {
        case BZ_OK, BZ_STREAM_END: nil
        case BZ_DATA_ERROR: "a block's checksum differs"
        case BZ_DATA_ERROR_MAGIC: "it lacks bzip2's magic number"
        case BZ_MEM_ERROR: "no memory to decompress it"
        default: "bzip2 error \(result)"
        }
    }
}
