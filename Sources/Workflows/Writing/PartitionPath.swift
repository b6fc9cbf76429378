import Columns
import Jobs
import Tabular

/// A column's value as a folder's name says it: `day=2026-01-31` (Hive's way, `FileUtils.makePartName`).
package typealias PartitionValue = OutputFile.Partition

/// Paths of partitions, as Hive, Spark and the engines after them write and read them.
enum PartitionPath {
    /// What stands for null.
    static let null = "__HIVE_DEFAULT_PARTITION__"
    /// The longest name of a folder that file systems take.
    static let maxNameBytes = 255

    /// `a=1/b=x%2Fy`; throws where a value cannot be told by a folder's name.
    static func path(_ values: [PartitionValue]) throws(TabularError) -> String {
        var names: [String] = []
        for value in values {
            guard value.value != null else {
                throw TabularError(
                    "output.partition_value",
                    "A value of column \"\(value.column)\" is \"\(null)\", which as a partition means null. Partition by another column.")
            }
            let name = escaped(value.column) + "=" + (value.value.map(escaped) ?? null)
            guard name.utf8.count <= maxNameBytes else {
                throw TabularError(
                    "output.partition_value",
                    "A value of column \"\(value.column)\" is too long to name a folder (\(name.utf8.count) bytes, at most "
                        + "\(maxNameBytes)): \(shown(name.utf8)). Partition by another column.")
            }
            names.append(name)
        }
        return names.joined(separator: "/")
    }

    /// The values that a path tells; nil where a part of it tells none.
    static func values(_ path: String) -> [PartitionValue]? {
        var values: [PartitionValue] = []
        for part in path.split(separator: "/") {
            guard let equals = part.firstIndex(of: "="), let column = unescaped(part[..<equals]),
                let value = unescaped(part[part.index(after: equals)...])
            else { return nil }
            values.append(PartitionValue(column: column, value: value == null ? nil : value))
        }
        return values
    }

    /// The characters that Hive's `FileUtils.charToEscape` has, besides control characters.
    private static let special = Set(##""#%'*/:=?\{[]^"##.utf8)

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || special.contains(byte) {
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func unescaped(_ text: Substring) -> String? {
        var out: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                out.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            out.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: out, as: UTF8.self)
    }
}

extension ColumnType {
    /// Whether values may name folders: those whose text reads back as the same value, and is not long by nature.
    var canPartition: Bool {
        switch self {
        case .bool, .int16, .int32, .int64, .decimal, .date, .time, .timestamp, .timestamptz, .text, .uuid: true
        case .float32, .float64, .bytes, .json: false
        }
    }
}
