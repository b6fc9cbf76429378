import Columns
import Foundation

/// A value as pyarrow has read it, spelled in JSON: bytes, decimals and numbers that JSON lacks are objects with `$hex`,
/// `$dec` or `$float`; maps are lists of pairs.
indirect enum OracleValue: Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case large(UInt64)
    case double(Double)
    case text(String)
    case list([OracleValue])
    case object([String: OracleValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .large(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let values = try? container.decode([OracleValue].self) {
            self = .list(values)
        } else {
            self = .object(try container.decode([String: OracleValue].self))
        }
    }

    /// What stands at a path of members; null where something on the way is.
    func at(_ path: some Sequence<Substring>) -> OracleValue? {
        var value = self
        for name in path {
            switch value {
            case .null: return .null
            case .object(let members):
                guard let member = members[String(name)] else { return nil }
                value = member
            default: return nil
            }
        }
        return value
    }

    /// Whether a value of ours is the same.
    func equals(_ vector: ColumnVector, _ row: Int) -> Bool {
        guard vector.valid[row] else { if case .null = self { return true } else { return false } }
        let text = vector.text(row: row) ?? ""
        var float: Double?
        if case .float64(let values) = vector.values { float = values[row] }
        switch self {
        case .null: return false
        case .bool(let expected): return text == String(expected)
        case .integer(let expected): return float == nil ? text == String(expected) : float == Double(expected)
        case .large(let expected): return text == String(expected)
        case .double(let expected): return float == expected
        case .text(let expected):
            if vector.type.isText || vector.type == .uuid, text == expected { return true }
            return Self.plain(text) == Self.plain(expected)
        case .list: return vector.type == .json && equals(json: text)
        case .object(let tagged):
            if vector.type == .json { return equals(json: text) }
            if case .text(let hex)? = tagged["$hex"] {
                guard case .bytes(let values) = vector.values else { return false }
                return values[row].map { String(Int($0) + 256, radix: 16).suffix(2) }.joined() == hex
            }
            if case .text(let decimal)? = tagged["$dec"] { return Self.sameNumber(text, decimal) }
            guard case .text(let number)? = tagged["$float"] else { return false }
            let expected = Double(number)
            return float == expected || (float?.isNaN == true && expected?.isNaN == true)
        }
    }

    private func equals(json text: String) -> Bool {
        guard let value = try? JSONDecoder().decode(OracleValue.self, from: Data(text.utf8)) else { return false }
        return equals(value)
    }

    /// Whether what stands in JSON text of ours is the same.
    private func equals(_ ours: OracleValue) -> Bool {
        switch (self, ours) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.text(let a), .text(let b)): return a == b || Self.plain(a) == Self.plain(b)
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.list(let pairs), .object(let members)):
            // A key that stands twice is once in a decoded object.
            return pairs.allSatisfy { pair in
                guard case .list(let pair) = pair, pair.count == 2, let member = members[pair[0].key] else { return false }
                return pair[1].equals(member) || pairs.count > members.count
            }
        case (.object(let tagged), .text(let text)):
            if case .text(let hex)? = tagged["$hex"] {
                return text == "\\x" + hex || text.utf8.map { String(Int($0) + 256, radix: 16).suffix(2) }.joined() == hex
            }
            if case .text(let number)? = tagged["$float"] { return Double(number)?.description == Double(text)?.description }
            return false
        case (.object(let tagged), .object(let members)):
            return tagged.count == members.count && tagged.allSatisfy { name, value in members[name].map(value.equals) ?? false }
        default:
            guard let a = number, let b = ours.number else { return false }
            // Decimals come as floating point numbers out of the JSON decoder; a float32 has the shortest text that is it.
            return a == b || abs(a - b) <= 1e-12 * abs(a) || a == Double(Float(b))
        }
    }

    private var number: Double? {
        switch self {
        case .integer(let value): return Double(value)
        case .large(let value): return Double(value)
        case .double(let value): return value
        case .object(let tagged):
            if case .text(let decimal)? = tagged["$dec"] { return Double(decimal) }
            return nil
        default: return nil
        }
    }

    /// A map's key as the name of a member.
    private var key: String {
        switch self {
        case .text(let value): value
        case .integer(let value): String(value)
        case .large(let value): String(value)
        case .bool(let value): String(value)
        case .double(let value): value.description
        case .object(let tagged):
            if case .text(let hex)? = tagged["$hex"] { "\\x" + hex } else { "" }
        default: ""
        }
    }

    private static func sameNumber(_ a: String, _ b: String) -> Bool {
        a == b || Decimal(string: a) == Decimal(string: b)
    }

    /// A time without what may be spelled in two ways: the T, the zone, zeros at the end of a fraction.
    private static func plain(_ time: String) -> String {
        var time = time.replacingOccurrences(of: " ", with: "T").replacingOccurrences(of: "+00:00", with: "")
        if time.hasSuffix("Z") { time.removeLast() }
        if time.contains(".") {
            while time.hasSuffix("0") { time.removeLast() }
            if time.hasSuffix(".") { time.removeLast() }
        }
        return time
    }
}
