/// Makes the names of a source's fields fit to be columns: none empty, none twice.
enum ColumnNames {
    /// An empty name becomes `column_3` (its place, from 1); the second of two equal ones `name_2`. Names that differ only in
    /// Unicode normalisation are equal: they look alike, and some databases take them for one.
    static func unique(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        // The number that a name got last, so that a thousand equal names are not counted through a thousand times.
        var numbers: [String: Int] = [:]
        return names.enumerated().map { index, name in
            let base = name.isEmpty ? "column_\(index + 1)" : name
            var unique = base
            while !taken.insert(unique).inserted {
                let number = numbers[base, default: 1] + 1
                numbers[base] = number
                unique = "\(base)_\(number)"
            }
            return unique
        }
    }
}
