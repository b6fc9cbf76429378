/// A value of a DynamoDB attribute.
///
/// Source: DynamoDB API reference, `AttributeValue`.
package indirect enum AttributeValue: Hashable, Sendable {
    case s(String)
    /// A number in decimal digits, up to 38 of them.
    case n(String)
    case b([UInt8])
    case bool(Bool)
    case null
    case m([String: AttributeValue])
    case l([AttributeValue])
    /// Never empty in DynamoDB.
    case ss(Set<String>)
    case ns(Set<String>)
    case bs(Set<[UInt8]>)

    package static func number(_ value: some BinaryInteger) -> AttributeValue { .n(String(value)) }

    package var text: String? {
        if case .s(let text) = self { text } else { nil }
    }

    /// A number that is whole and fits.
    package var integer: Int64? {
        if case .n(let digits) = self { Int64(digits) } else { nil }
    }

    package var flag: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    package var map: [String: AttributeValue]? {
        if case .m(let map) = self { map } else { nil }
    }

    package var list: [AttributeValue]? {
        if case .l(let list) = self { list } else { nil }
    }
}

/// An item by the names of its attributes.
package typealias DynamoItem = [String: AttributeValue]

extension AttributeValue: Codable {
    private enum Kind: String, CodingKey {
        case s = "S"
        case n = "N"
        case b = "B"
        case bool = "BOOL"
        case null = "NULL"
        case m = "M"
        case l = "L"
        case ss = "SS"
        case ns = "NS"
        case bs = "BS"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Kind.self)
        guard container.allKeys.count == 1, let kind = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "an attribute value has exactly one known type")
            )
        }
        let bytes = { (text: String) throws in
            guard let bytes = JSONBody.bytes(base64: text) else {
                throw DecodingError.dataCorruptedError(forKey: kind, in: container, debugDescription: "not base64")
            }
            return bytes
        }
        switch kind {
        case .s: self = .s(try container.decode(String.self, forKey: kind))
        case .n: self = .n(try container.decode(String.self, forKey: kind))
        case .b: self = .b(try bytes(try container.decode(String.self, forKey: kind)))
        case .bool: self = .bool(try container.decode(Bool.self, forKey: kind))
        case .null: self = .null
        case .m: self = .m(try container.decode([String: AttributeValue].self, forKey: kind))
        case .l: self = .l(try container.decode([AttributeValue].self, forKey: kind))
        case .ss: self = .ss(Set(try container.decode([String].self, forKey: kind)))
        case .ns: self = .ns(Set(try container.decode([String].self, forKey: kind)))
        case .bs: self = .bs(Set(try container.decode([String].self, forKey: kind).map(bytes)))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        switch self {
        case .s(let text): try container.encode(text, forKey: .s)
        case .n(let digits): try container.encode(digits, forKey: .n)
        case .b(let bytes): try container.encode(JSONBody.base64(bytes), forKey: .b)
        case .bool(let flag): try container.encode(flag, forKey: .bool)
        case .null: try container.encode(true, forKey: .null)
        case .m(let map): try container.encode(map, forKey: .m)
        case .l(let list): try container.encode(list, forKey: .l)
        case .ss(let texts): try container.encode(texts.sorted(), forKey: .ss)
        case .ns(let numbers): try container.encode(numbers.sorted(), forKey: .ns)
        case .bs(let values): try container.encode(values.map(JSONBody.base64).sorted(), forKey: .bs)
        }
    }
}
