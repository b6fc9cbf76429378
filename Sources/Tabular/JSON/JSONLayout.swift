import Compression

/// How records lie in a JSON text.
package enum JSONLayout: Hashable, Sendable {
    /// One value a line (or several objects); a line that is broken is a reject.
    case lines
    /// One value after the other, each on as many lines as it likes.
    case values
    /// The elements of one array; under a path of keys where it stands within objects.
    case array(path: [String])

    /// How much of a text is looked at to tell them apart.
    static let sampleBytes = 1 << 20

    /// The keys of a path like `data.items`, or `/data/items` where a key has a dot.
    package static func path(_ text: String) -> [String] {
        let separator: Character = text.hasPrefix("/") ? "/" : "."
        return text.drop { $0 == separator }.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    /// Tells by a text's beginning. `source` must stand at the first byte.
    package static func detect(_ source: any ByteSource) throws -> JSONLayout {
        let window = try JSONWindow(source: source)
        while window.end < sampleBytes, !window.isEnded { try window.more() }
        return layout(window.text, from: window.at, to: window.end, isWhole: window.isEnded)
    }

    private static func layout(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int, isWhole: Bool) -> JSONLayout {
        var scanner = JSONScanner(text, from: start, to: end, isLine: false)
        let first = scanner.peek()
        let begin = scanner.at
        let isArray = first == UInt8(ascii: "[")
        guard scanner.value() != nil else {
            // Broken, or longer than the sample: lines, unless it went on over a line's end in the way of one value.
            if isArray { return .array(path: []) }
            guard let newline = (begin..<max(begin, scanner.at)).first(where: { text[$0] == 10 }) else { return .lines }
            var next = JSONScanner(text, from: newline, to: end, isLine: false)
            return next.peek() == UInt8(ascii: "{") ? .lines : .values
        }
        let spansLines = scanner.bytes(from: begin).contains(10)
        var line = JSONScanner(text, from: scanner.at, to: end, isLine: true)
        let behind = line.peek()
        let goesOn = scanner.peek() != 0
        if isArray { return !spansLines && behind == 10 && goesOn ? .lines : .array(path: []) }
        if spansLines { return .values }
        return behind == UInt8(ascii: "{") && !line.bytes(from: scanner.at).contains(10) ? .values : .lines
    }
}
