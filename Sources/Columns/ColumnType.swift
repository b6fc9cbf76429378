/// The type of a column: what a value means, apart from how any format or database spells it.
///
/// The names are the contract of pipeline files (`docs/PIPELINES.md`). How a type is held in memory is its
/// ``storage``.
package enum ColumnType: Hashable, Sendable {
    case bool
    case int16
    case int32
    case int64
    case float32
    case float64
    /// Exact decimal numbers; `precision` 1...38 digits in all, `scale` 0...precision of them after the point.
    case decimal(precision: Int, scale: Int)
    /// A calendar day, proleptic Gregorian; days since 1970-01-01.
    case date
    /// A time of day without zone; microseconds since midnight, 0..<86_400_000_000.
    case time
    /// A date and time without zone; microseconds since 1970-01-01T00:00:00.
    case timestamp
    /// An instant; microseconds since 1970-01-01T00:00:00Z.
    case timestamptz
    /// UTF-8 text.
    case text
    case bytes
    /// 16 bytes in network order (RFC 9562).
    case uuid
    /// UTF-8 text that is one JSON value.
    case json

    /// The largest precision of a decimal that is held in 64 bits.
    package static let maxNarrowPrecision = 18
    /// The largest precision of a decimal: what 128 bits, Parquet and Redshift have in common.
    package static let maxPrecision = 38

    /// How values of a type lie in memory (see ``ColumnValues``).
    package enum Storage: Hashable, Sendable {
        case int64, int128, float64, bytes
    }

    package var storage: Storage {
        switch self {
        case .bool, .int16, .int32, .int64, .date, .time, .timestamp, .timestamptz: .int64
        case .decimal(let precision, _): precision <= Self.maxNarrowPrecision ? .int64 : .int128
        case .float32, .float64: .float64
        case .text, .bytes, .uuid, .json: .bytes
        }
    }

    package var isText: Bool { self == .text || self == .json }
}

extension ColumnType: CustomStringConvertible, LosslessStringConvertible, Codable {
    /// The type's name as pipeline files spell it: `int64`, `decimal(12,2)`.
    package var description: String {
        switch self {
        case .bool: "bool"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .float32: "float32"
        case .float64: "float64"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestamptz: "timestamptz"
        case .text: "text"
        case .bytes: "bytes"
        case .uuid: "uuid"
        case .json: "json"
        }
    }

    private static let plain: [String: ColumnType] = Dictionary(
        uniqueKeysWithValues: [
            ColumnType.bool, .int16, .int32, .int64, .float32, .float64, .date, .time, .timestamp, .timestamptz,
            .text, .bytes, .uuid, .json,
        ].map { ($0.description, $0) })

    /// Reads a type's name; nil where it is none of ours or a decimal's numbers are out of range.
    package init?(_ description: String) {
        let name = description.filter { !$0.isWhitespace }.lowercased()
        if let type = Self.plain[name] {
            self = type
            return
        }
        guard name.hasPrefix("decimal("), name.hasSuffix(")") else { return nil }
        let numbers = name.dropFirst(8).dropLast().split(separator: ",", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), let precision = Int(numbers[0]),
            let scale = numbers.count == 2 ? Int(numbers[1]) : 0,
            (1...Self.maxPrecision).contains(precision), (0...precision).contains(scale)
        else { return nil }
        self = .decimal(precision: precision, scale: scale)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let type = ColumnType(name) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such column type: \(name)")
        }
        self = type
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
