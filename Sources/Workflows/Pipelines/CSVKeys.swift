import Jobs
import Tabular

/// The keys of a pipeline's `input` that say how CSV and fixed-width text is spelled.
enum CSVKeys {
    static func read(_ section: inout YAMLMapping, into options: inout InputOptions) throws(Failure) {
        options.hints.header = try section.bool("header")
        if let delimiter = try bytes("delimiter", &section) { options.hints.setDelimiter(delimiter) }
        options.hints.quote = try byte("quote", &section)
        options.hints.escape = try byte("escape", &section)
        options.hints.comment = try byte("comment", &section)
        if let rowEnd = try bytes("row_end", &section), !options.hints.setRowEnd(rowEnd) {
            throw section.failure("row_end", "must end in \\n.")
        }
        options.hints.skipLines = try section.integer("skip_lines", in: 0...DialectHints.maxSkipLines) ?? 0
        options.hints.usesWholeFile = try section.choice("detect", ["sample", "file"]) == "file"
        options.hints.nullMarkers = try section.strings("null") ?? []
        if let text = try section.string("encoding") {
            options.encoding = try known(section, "encoding") { () throws(TabularError) in try TextEncoding(named: text) }
        }
        options.replacesInvalid = try section.choice("encoding_errors", ["fail", "replace"]) == "replace"
        if let text = try section.string("fixed_width") {
            options.setLayout(try known(section, "fixed_width") { () throws(TabularError) in try FixedWidthLayout(text) })
        }
    }

    private static func known<Value>(
        _ section: YAMLMapping, _ key: String, _ read: () throws(TabularError) -> Value
    ) throws(Failure) -> Value {
        do {
            return try read()
        } catch {
            throw section.failure(key, "is wrong: \(error.message)")
        }
    }

    private static func byte(_ key: String, _ section: inout YAMLMapping) throws(Failure) -> UInt8? {
        guard let text = try section.string(key) else { return nil }
        guard let byte = InputOptions.byte(named: text) else {
            throw section.failure(key, "must be one ASCII character, or \\t; \"\(text)\" is not.")
        }
        return byte
    }

    private static func bytes(_ key: String, _ section: inout YAMLMapping) throws(Failure) -> [UInt8]? {
        guard let text = try section.string(key) else { return nil }
        guard let bytes = InputOptions.bytes(named: text) else {
            throw section.failure(key, "must be one to \(InputOptions.maxDelimiterBytes) ASCII characters, or \\t; \"\(text)\" is not.")
        }
        return bytes
    }
}
