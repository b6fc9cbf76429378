import FoundationEssentials

/// JSON bodies to and from Codable values; the only place that knows of Foundation.
enum JSONBody {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return Array(try encoder.encode(value))
    }

    /// An empty body counts as an empty object, because some actions answer with nothing.
    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        let bytes = bytes.isEmpty ? Array("{}".utf8) : bytes
        return try JSONDecoder().decode(type, from: Data(bytes))
    }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static func bytes(base64 text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }
}
