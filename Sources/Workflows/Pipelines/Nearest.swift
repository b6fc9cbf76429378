/// Finds the known name that a mistyped one most likely meant.
package enum Nearest {
    /// The nearest of `names` by edit distance; nil where none is near (more than a third of the letters differ).
    package static func name(to text: String, among names: [String]) -> String? {
        let best = names.map { ($0, distance(Array(text.lowercased()), Array($0.lowercased()))) }.min { $0.1 < $1.1 }
        guard let (name, distance) = best, distance <= max(2, text.count / 3) else { return nil }
        return name
    }

    /// ` (did you mean "columns"?)`, or nothing where no name is near.
    package static func hint(for text: String, among names: [String]) -> String {
        name(to: text, among: names).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// Levenshtein's distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (character == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
