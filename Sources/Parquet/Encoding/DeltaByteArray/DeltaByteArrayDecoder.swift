import Columns

/// Reads byte strings that share a front part with the one before
/// (Encodings.md, "Delta Strings (DELTA_BYTE_ARRAY = 7)").
struct DeltaByteArrayDecoder {
    private var prefixes: DeltaBinaryPackedDecoder
    private var suffixes: DeltaLengthByteArrayDecoder
    /// The last value, for the next call.
    private var previous: [UInt8] = []
    /// No value can be longer than all suffixes together.
    let maxValueBytes: Int

    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer) throws {
        prefixes = try DeltaBinaryPackedDecoder(start, end: end)
        suffixes = try DeltaLengthByteArrayDecoder(try prefixes.endOfValues(), end: end)
        maxValueBytes = suffixes.bytesLeft
    }

    mutating func decode(_ count: Int, into out: inout ByteValues) throws {
        guard count > 0 else { return }
        // One byte more, so that there is an address.
        let last = previous + [0]
        let lastCount = previous.count
        try withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { room in
            guard let shared = room.baseAddress else { return }
            try prefixes.decode(count, into: shared)
            try suffixes.next(count) { sizes, bytes in
                let total = try Self.totalBytes(shared, sizes, after: lastCount)
                last.withUnsafeBytes { last in
                    guard let last = last.baseAddress, let lengths = sizes.baseAddress else { return }
                    out.grow(values: count, bytes: total) { offsets, target, start in
                        var before = last
                        var suffix = bytes.baseAddress ?? last
                        var at = target
                        for i in 0..<count {
                            let front = Int(shared[i])
                            let rest = Int(lengths[i])
                            at.copyMemory(from: before, byteCount: front)
                            (at + front).copyMemory(from: suffix, byteCount: rest)
                            before = UnsafeRawPointer(at)
                            suffix += rest
                            at += front &+ rest
                            offsets[i] = UInt32(truncatingIfNeeded: start &+ (at - target))
                        }
                    }
                }
            }
        }
        previous = Array(out[out.count - 1])
    }

    /// The bytes of the next values together; each may begin with no more than the one before it has.
    private static func totalBytes(
        _ shared: UnsafePointer<Int64>, _ sizes: UnsafeMutableBufferPointer<Int64>, after lastCount: Int
    ) throws -> Int {
        var total = 0
        var before = lastCount
        for i in 0..<sizes.count {
            guard shared[i] >= 0, shared[i] <= before else {
                throw ParquetError.page("a byte string begins with \(shared[i]) bytes of one of \(before)")
            }
            before = Int(shared[i]) + Int(sizes[i])
            total += before
        }
        return total
    }
}
