/// A pattern over object keys: `*` stands for any characters but `/`, `**` for any at all (`a/**/b` also takes `a/b`),
/// `?` for one character but `/`, `{csv,txt}` for one of several; everything else for itself.
package struct KeyPattern: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let alternatives: [[Part]]

    private enum Part: Hashable {
        case literal(Character)
        case one, segment, anything
        /// `**/`: nothing, or whole folders.
        case folders
    }

    /// The most alternatives that braces may multiply to.
    private static let maxAlternatives = 256

    /// Nil where a brace is not closed or stands in another, or braces give too many alternatives.
    package init?(_ text: String) {
        guard let expanded = Self.expandBraces(Array(text)), expanded.count <= Self.maxAlternatives else { return nil }
        description = text
        alternatives = expanded.map(Self.parts)
    }

    package func matches(_ key: String) -> Bool {
        let key = Array(key)
        return alternatives.contains { Self.matches($0, key) }
    }

    private static func expandBraces(_ text: [Character]) -> [[Character]]? {
        guard let open = text.firstIndex(of: "{") else { return text.contains("}") ? nil : [text] }
        guard let close = text[open...].firstIndex(of: "}"), let rest = expandBraces(Array(text[(close + 1)...])) else {
            return nil
        }
        let inside = text[(open + 1)..<close]
        guard !inside.contains("{") else { return nil }
        let choices = inside.split(separator: ",", omittingEmptySubsequences: false)
        return choices.flatMap { choice in rest.map { text[..<open] + choice + $0 } }
    }

    private static func parts(_ text: [Character]) -> [Part] {
        var parts: [Part] = []
        var at = 0
        while at < text.count {
            let rest = text[at...]
            if rest.starts(with: "**/") {
                parts.append(.folders)
                at += 3
            } else if rest.starts(with: "**") {
                parts.append(.anything)
                at += 2
            } else {
                parts.append(text[at] == "*" ? .segment : text[at] == "?" ? .one : .literal(text[at]))
                at += 1
            }
        }
        return parts
    }

    /// Marks, part by part, at which places of the key the pattern so far can end: no backtracking.
    private static func matches(_ parts: [Part], _ key: [Character]) -> Bool {
        var ends = [Bool](repeating: false, count: key.count + 1)
        ends[0] = true
        for part in parts {
            var next = [Bool](repeating: false, count: key.count + 1)
            switch part {
            case .literal(let character):
                for at in key.indices where ends[at] && key[at] == character { next[at + 1] = true }
            case .one:
                for at in key.indices where ends[at] && key[at] != "/" { next[at + 1] = true }
            case .segment:
                for at in 0...key.count {
                    next[at] = ends[at] || (at > 0 && next[at - 1] && key[at - 1] != "/")
                }
            case .anything:
                for at in 0...key.count { next[at] = ends[at] || (at > 0 && next[at - 1]) }
            case .folders:
                var reached = false
                for at in 0...key.count {
                    next[at] = ends[at] || (reached && key[at - 1] == "/")
                    reached = reached || ends[at]
                }
            }
            ends = next
        }
        return ends[key.count]
    }
}
