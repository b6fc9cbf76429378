/// The types of Thrift's compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md).
enum ThriftType: UInt8 {
    case boolTrue = 1
    case boolFalse, int8, int16, int32, int64, double, binary, list, set, map, structure, uuid
}

/// The header of a field, or what stands for it at an element of a list.
struct ThriftField {
    var id: Int16
    var type: ThriftType
}

/// Reads Thrift's compact protocol from memory that must outlive the reader.
///
/// Nothing is trusted: each length is compared with what is left, nesting and lists are limited. What ends too early is
/// `parquet.truncated`, so that a caller can come again with more bytes; all else that is wrong is `parquet.thrift`.
struct ThriftReader {
    private let bytes: UnsafeRawBufferPointer
    /// How many bytes were read so far.
    private(set) var position = 0
    private var depth = 0
    /// Whether statistics of column chunks are kept, which take most of the memory of large metadata.
    var wantsStatistics = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads a structure; `body` is called for each field and must read or skip its value.
    mutating func structure(_ body: (inout ThriftReader, ThriftField) throws -> Void) throws {
        try enter()
        var id: Int16 = 0
        while true {
            let header = try byte()
            if header == 0 { break }
            guard let type = ThriftType(rawValue: header & 15) else { throw Self.malformed("type \(header & 15)") }
            if header >> 4 == 0 {
                id = Int16(truncatingIfNeeded: Self.unzigzag(try varint()))
            } else {
                id = id &+ Int16(header >> 4)
            }
            try body(&self, ThriftField(id: id, type: type))
        }
        depth -= 1
    }

    mutating func structure(_ field: ThriftField, _ body: (inout ThriftReader, ThriftField) throws -> Void) throws {
        guard field.type == .structure else { throw Self.unexpected(field) }
        try structure(body)
    }

    mutating func list<Element>(
        _ field: ThriftField, _ element: (inout ThriftReader, ThriftField) throws -> Element
    ) throws -> [Element] {
        guard field.type == .list || field.type == .set else { throw Self.unexpected(field) }
        try enter()
        let (count, type) = try listHeader()
        var elements: [Element] = []
        elements.reserveCapacity(min(count, 1024))
        for _ in 0..<count { elements.append(try element(&self, ThriftField(id: 0, type: type))) }
        depth -= 1
        return elements
    }

    mutating func bool(_ field: ThriftField) throws -> Bool {
        switch field.type {
        case .boolTrue: return true
        case .boolFalse: return false
        default: throw Self.unexpected(field)
        }
    }

    /// A truth value in a list, where it takes a byte: 1 is true; 0 is an old writer's false, 2 the specification's.
    mutating func boolElement(_ field: ThriftField) throws -> Bool {
        guard field.type == .boolTrue || field.type == .boolFalse else { throw Self.unexpected(field) }
        return try byte() == 1
    }

    mutating func int8(_ field: ThriftField) throws -> Int8 {
        guard field.type == .int8 else { throw Self.unexpected(field) }
        return Int8(bitPattern: try byte())
    }

    mutating func int32(_ field: ThriftField) throws -> Int32 {
        guard field.type == .int32 || field.type == .int16,
            let value = Int32(exactly: Self.unzigzag(try varint()))
        else { throw Self.unexpected(field) }
        return value
    }

    mutating func int64(_ field: ThriftField) throws -> Int64 {
        guard field.type == .int64 || field.type == .int32 else { throw Self.unexpected(field) }
        return Self.unzigzag(try varint())
    }

    mutating func binary(_ field: ThriftField) throws -> [UInt8] {
        guard field.type == .binary else { throw Self.unexpected(field) }
        let count = try length()
        defer { position += count }
        return [UInt8](bytes[position..<position + count])
    }

    /// Text; bytes that are no UTF-8 are replaced.
    mutating func string(_ field: ThriftField) throws -> String {
        String(decoding: try binary(field), as: UTF8.self)
    }

    /// Reads a value and forgets it.
    mutating func skip(_ field: ThriftField) throws {
        switch field.type {
        case .boolTrue, .boolFalse: break
        case .int8: _ = try byte()
        case .int16, .int32, .int64: _ = try varint()
        case .double: try advance(8)
        case .uuid: try advance(16)
        case .binary: try advance(try length())
        case .structure: try structure { reader, field in try reader.skip(field) }
        case .list, .set:
            try enter()
            let (count, type) = try listHeader()
            for _ in 0..<count { try skipElement(type) }
            depth -= 1
        case .map:
            try enter()
            let count = try length()
            if count > 0 {
                let types = try byte()
                guard let key = ThriftType(rawValue: types >> 4), let value = ThriftType(rawValue: types & 15) else {
                    throw Self.malformed("a map's types")
                }
                for _ in 0..<count {
                    try skipElement(key)
                    try skipElement(value)
                }
            }
            depth -= 1
        }
    }

    /// In lists and maps, unlike in fields, a truth value takes a byte.
    private mutating func skipElement(_ type: ThriftType) throws {
        switch type {
        case .boolTrue, .boolFalse: _ = try byte()
        default: try skip(ThriftField(id: 0, type: type))
        }
    }

    private mutating func enter() throws {
        guard depth < ParquetLimits.maxThriftDepth else {
            throw ParquetError.limit("nested structures", depth + 1, max: ParquetLimits.maxThriftDepth)
        }
        depth += 1
    }

    private mutating func listHeader() throws -> (count: Int, type: ThriftType) {
        let header = try byte()
        // Some writers give an empty list no type.
        guard let type = ThriftType(rawValue: header == 0 ? 1 : header & 15) else {
            throw Self.malformed("element type \(header & 15)")
        }
        // Every element takes a byte at least, so that no count beyond what is left can be true.
        let count = header >> 4 == 15 ? try length() : Int(header >> 4)
        guard count <= ParquetLimits.maxListElements else {
            throw ParquetError.limit("a list's elements", count, max: ParquetLimits.maxListElements)
        }
        return (count, type)
    }

    /// A length or count that what is left of the input can hold.
    private mutating func length() throws -> Int {
        let value = try varint()
        guard value <= UInt64(bytes.count - position) else { throw ParquetError.truncated("a Thrift value") }
        return Int(value)
    }

    private mutating func advance(_ count: Int) throws {
        guard count <= bytes.count - position else { throw ParquetError.truncated("a Thrift structure") }
        position += count
    }

    private mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw ParquetError.truncated("a Thrift structure") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let next = try byte()
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
        }
        throw Self.malformed("an integer of more than ten bytes")
    }

    private static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    private static func unexpected(_ field: ThriftField) -> ParquetError {
        malformed("field \(field.id) of type \(field.type)")
    }

    private static func malformed(_ what: String) -> ParquetError {
        ParquetError(code: "parquet.thrift", message: "The metadata is not in Thrift's compact protocol: \(what). The file is damaged.")
    }

    /// A field that a structure must have and has not.
    static func missing(_ what: String) -> ParquetError {
        ParquetError(code: "parquet.thrift", message: "The metadata lacks \(what). The file is damaged.")
    }
}
