import Columns

extension PendingValues {
    /// Appends the dictionary's values at some indices (Encodings.md, "Dictionary Encoding").
    mutating func append(from dictionary: PendingValues, at indices: UnsafeBufferPointer<UInt32>) throws {
        switch type.storage {
        case .int64: try Self.gather(dictionary.words, indices, into: &words)
        case .int128: try Self.gather(dictionary.wides, indices, into: &wides)
        case .float64: try Self.gather(dictionary.doubles, indices, into: &doubles)
        case .bytes: try Self.gather(dictionary.bytes, indices, into: &bytes)
        }
    }

    @inline(__always)
    private static func gather<Number: Numeric>(
        _ dictionary: [Number], _ indices: UnsafeBufferPointer<UInt32>, into out: inout [Number]
    ) throws {
        try check(indices, dictionary.count)
        let first = out.count
        out.append(contentsOf: repeatElement(0, count: indices.count))
        out.withUnsafeMutableBufferPointer { out in
            dictionary.withUnsafeBufferPointer { dictionary in
                guard let out = out.baseAddress, let dictionary = dictionary.baseAddress else { return }
                for i in 0..<indices.count { out[first &+ i] = dictionary[Int(indices[i])] }
            }
        }
    }

    private static func gather(
        _ dictionary: ByteValues, _ indices: UnsafeBufferPointer<UInt32>, into out: inout ByteValues
    ) throws {
        try check(indices, dictionary.count)
        dictionary.offsets.withUnsafeBufferPointer { from in
            dictionary.bytes.withUnsafeBytes { source in
                var size = 0
                for index in indices { size &+= Int(from[Int(index) &+ 1] &- from[Int(index)]) }
                out.grow(values: indices.count, bytes: size) { offsets, bytes, start in
                    var offset = start
                    var target = bytes
                    for i in 0..<indices.count {
                        let index = Int(indices[i])
                        let valueStart = Int(from[index])
                        let count = Int(from[index &+ 1]) &- valueStart
                        if let source = source.baseAddress { target.copyMemory(from: source + valueStart, byteCount: count) }
                        target += count
                        offset &+= count
                        offsets[i] = UInt32(truncatingIfNeeded: offset)
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func check(_ indices: UnsafeBufferPointer<UInt32>, _ count: Int) throws {
        var largest: UInt32 = 0
        for index in indices { largest = max(largest, index) }
        guard Int(largest) < count else {
            throw ParquetError.page("an index of \(largest) into a dictionary of \(count) values")
        }
    }
}
