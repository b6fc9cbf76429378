/// Makes the names of a source's fields fit to be columns: none empty, none twice.
enum ColumnNames {
    /// An empty name becomes `column_3` (its place, from 1); the second of two equal ones `name_2`. Names that differ only in
    /// Unicode normalisation are equal: they look alike, and some databases take them for one.
    static func unique(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.enumerated().map { index, name in
            let base = name.isEmpty ? "column_\(index + 1)" : name
            var unique = base
            var number = 2
            while !taken.insert(unique).inserted {
                unique = "\(base)_\(number)"
                number += 1
            }
            return unique
        }
    }
}
