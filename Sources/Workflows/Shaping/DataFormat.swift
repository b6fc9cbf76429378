import Compression
import Glibc
import Jobs
import Tabular

/// A format of data files.
package enum DataFormat: String, Sendable, Codable, CaseIterable {
    case csv, json, jsonl, parquet

    /// The format and compression that an output's name ends in; nil parts where it does not say.
    package static func named(by path: String) -> (format: DataFormat?, compression: Container) {
        var name = path.lowercased()[...]
        var compression = Container.none
        for (ending, container) in [(".gz", Container.gzip), (".gzip", .gzip), (".zst", .zstd), (".zstd", .zstd)]
        where name.hasSuffix(ending) {
            name = name.dropLast(ending.count)
            compression = container
        }
        for (ending, format) in endings where name.hasSuffix(ending) { return (format, compression) }
        return (nil, compression)
    }

    private static let endings: [(String, DataFormat)] = [
        (".csv", .csv), (".tsv", .csv), (".psv", .csv), (".txt", .csv), (".dat", .csv), (".jsonl", .jsonl), (".ndjson", .jsonl),
        (".json", .json), (".geojson", .json), (".parquet", .parquet), (".pq", .parquet),
    ]

    /// The last part of a path without the endings that name format and compression.
    package static func stem(of path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        for ending in [".gz", ".gzip", ".zst", ".zstd", ".bz2", ".z", ".zip", ".tgz", ".tar"] + endings.map(\.0)
        where name.lowercased().hasSuffix(ending) && name.count > ending.count {
            name = String(name.dropLast(ending.count))
        }
        return name
    }

    package var contentType: String {
        switch self {
        case .csv: "text/csv; charset=utf-8"
        case .json: "application/json"
        case .jsonl: "application/x-ndjson"
        case .parquet: "application/vnd.apache.parquet"
        }
    }

    /// JSON lines, and JSON otherwise laid out.
    package var isJSON: Bool { self == .json || self == .jsonl }

    /// Finds a file's format by its first bytes: Parquet's magic number, an object's brace, else CSV. Text that could be either
    /// is JSON where its name says so.
    static func detected(_ file: PackedFile) throws -> DataFormat {
        var start = try head(of: try file.reader().open(), count: 4096)[...]
        if start.starts(with: "PAR1".utf8) {
            guard file.layers.isEmpty else {
                throw TabularError(
                    "input.unsupported_container",
                    "\(file.path) is Parquet within \(file.description). Parquet is compressed inside: unwrap the file first.")
            }
            return .parquet
        }
        if let (_, name) = foreignContainers.first(where: { start.starts(with: $0.0) }) {
            throw TabularError(
                "input.unsupported_container", "\(file.path) is a \(name) file; gzip, zstd, bzip2, zip and tar are read.")
        }
        if start.starts(with: [0xEF, 0xBB, 0xBF]) { start = start.dropFirst(3) }
        let name = file.members?.first?.name ?? file.path
        return looksLikeJSON(start) || named(by: name).format?.isJSON == true ? .jsonl : .csv
    }

    /// What can be read only once, or waits for whoever writes; a folder is refused by whoever opens it.
    package static func isPipeOrDevice(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && ![S_IFREG, S_IFDIR].contains(facts.st_mode & S_IFMT)
    }

    /// What other containers begin with.
    private static let foreignContainers: [([UInt8], String)] = [
        ([0xFD] + Array("7zXZ".utf8), "xz"),
        ([0x1F, 0x9D], "compress (.Z)"), (Array("7z".utf8) + [0xBC, 0xAF], "7z"), (Array("Rar!".utf8), "rar"),
    ]

    /// An object, or an array whose beginning is no CSV header in brackets (`[name],[city]`).
    private static func looksLikeJSON(_ start: ArraySlice<UInt8>) -> Bool {
        func isBlank(_ byte: UInt8) -> Bool { [32, 9, 10, 13].contains(byte) }
        let text = start.drop(while: isBlank)
        if text.first == UInt8(ascii: "{") { return true }
        guard text.first == UInt8(ascii: "[") else { return false }
        let rest = text.dropFirst()
        if rest.first.map({ $0 == 10 || $0 == 13 }) ?? true { return true }
        guard let next = rest.first(where: { !isBlank($0) }) else { return true }
        return "{[\"]-0123456789".utf8.contains(next)
    }

    private static func head(of source: any ByteSource, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let read = try bytes.withUnsafeMutableBytes {
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if read == 0 { break }
            filled += read
        }
        return Array(bytes.prefix(filled))
    }
}
