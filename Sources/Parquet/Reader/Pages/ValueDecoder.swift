import Columns

/// The decoder of a page's values, by its encoding (Encodings.md).
enum ValueDecoder {
    case plain(PlainDecoder)
    /// Indices into the chunk's dictionary.
    case dictionary(RunLengthDecoder)
    case truthRuns(RunLengthDecoder)
    case deltaBinaryPacked(DeltaBinaryPackedDecoder)
    case deltaLength(DeltaLengthByteArrayDecoder)
    case deltaBytes(DeltaByteArrayDecoder)
    case byteStreamSplit(ByteStreamSplitDecoder)
    /// A page without any bytes: all of its values are null.
    case empty

    /// - Parameter width: bytes of a value of fixed length, 0 where it varies.
    init(
        _ encoding: Int32, _ type: PhysicalType, width: Int, _ start: UnsafeRawPointer, _ end: UnsafeRawPointer
    ) throws {
        guard let known = PageEncoding(rawValue: encoding) else { throw Self.unsupported("\(encoding)", type) }
        guard start < end else {
            self = .empty
            return
        }
        let isBytes = type == .byteArray || type == .fixedLengthByteArray
        switch known {
        case .plain: self = .plain(PlainDecoder(start, end: end))
        case .plainDictionary, .runLengthDictionary:
            let bitWidth = Int(start.load(as: UInt8.self))
            self = .dictionary(try RunLengthDecoder(start + 1, end: end, bitWidth: bitWidth))
        case .runLength where type == .boolean:
            guard end - start >= 4 else { throw ParquetError.truncated("a page of truth values") }
            let size = Int(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
            guard size <= end - start - 4 else { throw ParquetError.truncated("a page of truth values") }
            self = .truthRuns(try RunLengthDecoder(start + 4, end: start + 4 + size, bitWidth: 1))
        case .deltaBinaryPacked where type == .int32 || type == .int64:
            self = .deltaBinaryPacked(try DeltaBinaryPackedDecoder(start, end: end))
        case .deltaLengthByteArray where type == .byteArray:
            self = .deltaLength(try DeltaLengthByteArrayDecoder(start, end: end))
        case .deltaByteArray where isBytes:
            self = .deltaBytes(try DeltaByteArrayDecoder(start, end: end))
        case .byteStreamSplit where type != .boolean && type != .byteArray && type != .int96:
            self = .byteStreamSplit(try ByteStreamSplitDecoder(start, end: end, width: width))
        default: throw Self.unsupported(known.name, type)
        }
    }

    private static func unsupported(_ encoding: String, _ type: PhysicalType) -> ParquetError {
        ParquetError(
            code: "parquet.unsupported_encoding", message: "The encoding \(encoding) of \(type.name) is not supported.")
    }

    private static let none = ParquetError.truncated("a page without values that should have some")

    /// The most bytes that a value can have; nil where the page itself bounds all of them together.
    var maxValueBytes: Int? {
        if case .deltaBytes(let decoder) = self { decoder.maxValueBytes } else { nil }
    }

    /// Numbers as 64-bit words: integers, or the bits of a Double. Not for dictionaries.
    mutating func decodeWords(_ count: Int, _ type: PhysicalType, into out: UnsafeMutablePointer<Int64>) throws {
        guard count > 0 else { return }
        switch self {
        case .plain(var decoder):
            try decoder.decodeWords(count, type, into: out)
            self = .plain(decoder)
        case .deltaBinaryPacked(var decoder):
            try decoder.decode(count, into: out)
            self = .deltaBinaryPacked(decoder)
            if type == .int32 { for i in 0..<count { out[i] = Int64(Int32(truncatingIfNeeded: out[i])) } }
        case .truthRuns(var decoder):
            try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { room in
                guard let base = room.baseAddress else { return }
                try decoder.decode(count, into: base)
                for i in 0..<count { out[i] = Int64(base[i]) }
            }
            self = .truthRuns(decoder)
        case .byteStreamSplit(var decoder):
            let width = type.width ?? 8
            try withUnsafeTemporaryAllocation(byteCount: count * width, alignment: 8) { room in
                guard let base = room.baseAddress else { return }
                try decoder.decode(count, into: base)
                var plain = PlainDecoder(base, end: base + count * width)
                try plain.decodeWords(count, type, into: out)
            }
            self = .byteStreamSplit(decoder)
        case .empty: throw Self.none
        case .dictionary, .deltaLength, .deltaBytes: preconditionFailure("no words")
        }
    }

    /// Byte strings; those of fixed length have `width` bytes, else `width` is 0. Not for dictionaries.
    mutating func decodeBytes(_ count: Int, width: Int, into out: inout ByteValues) throws {
        guard count > 0 else { return }
        let first = out.count
        switch self {
        case .plain(var decoder):
            if width > 0 {
                try decoder.decodeFixed(count, width: width, into: &out)
            } else {
                try decoder.decodeBytes(count, into: &out)
            }
            self = .plain(decoder)
        case .deltaLength(var decoder):
            try decoder.decode(count, into: &out)
            self = .deltaLength(decoder)
        case .deltaBytes(var decoder):
            try decoder.decode(count, into: &out)
            self = .deltaBytes(decoder)
            if width > 0 {
                for row in first..<out.count where Int(out.offsets[row + 1] - out.offsets[row]) != width {
                    throw ParquetError.page("a value of another length than \(width) bytes")
                }
            }
        case .byteStreamSplit(var decoder):
            var failure: (any Error)?
            out.grow(values: count, bytes: count * width) { offsets, bytes, start in
                do { try decoder.decode(count, into: bytes) } catch { failure = error }
                for i in 0..<count { offsets[i] = UInt32(truncatingIfNeeded: start + (i + 1) * width) }
            }
            if let failure { throw failure }
            self = .byteStreamSplit(decoder)
        case .empty: throw Self.none
        case .dictionary, .truthRuns, .deltaBinaryPacked: preconditionFailure("no bytes")
        }
    }
}
