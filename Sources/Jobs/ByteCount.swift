/// A number of bytes as people write it.
package enum ByteCount {
    /// `1048576`, `512KiB`, `64MiB`, `2GiB` (also KB, MB, GB, in powers of 1000); nil for anything else, and for nothing.
    package static func parse(_ text: String) -> Int? {
        let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000]
        for (unit, factor) in units where text.hasSuffix(unit) {
            if let number = Int(text.dropLast(unit.count)), number > 0, number <= Int.max / factor { return number * factor }
        }
        guard let bytes = Int(text), bytes > 0 else { return nil }
        return bytes
    }
}
