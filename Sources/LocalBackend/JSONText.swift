import FoundationEssentials
import Jobs

/// Small values as JSON text and back, for columns and messages; keys sorted, slashes plain.
enum JSONText {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// - Throws: `Failure` `local.database` where the text, which we wrote, is not what it should be.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from text: String, column: String
    ) throws(Failure) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw Failure(
                .permanent, "local.database",
                "column \(column) holds JSON that is not a \(type). Was the database changed by hand?")
        }
    }
}
