import Foundation

/// A JSON value, for reading what programs print.
struct JSON: @unchecked Sendable {
    // Made by JSONSerialization and never changed.
    let value: Any?

    init(value: Any?) { self.value = value }

    init(_ text: String) throws {
        value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    /// A document a line.
    static func lines(_ text: String) throws -> [JSON] {
        try text.split(separator: "\n").map { try JSON(String($0)) }
    }

    subscript(_ key: String) -> JSON { JSON(value: (value as? [String: Any])?[key]) }
    subscript(_ index: Int) -> JSON {
        let list = list
        return index < list.count ? list[index] : JSON(value: nil)
    }

    var isThere: Bool { value != nil && !(value is NSNull) }
    var text: String? { value as? String }
    var int: Int? { (value as? NSNumber)?.intValue }
    var double: Double? { (value as? NSNumber)?.doubleValue }
    var bool: Bool? { value as? Bool }
    var list: [JSON] { (value as? [Any])?.map { JSON(value: $0) } ?? [] }
    var texts: [String] { list.compactMap(\.text) }
    var keys: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
    /// A list of lists of texts and nulls.
    var rows: [[String?]] { list.map { $0.list.map(\.text) } }
}
