import Compression
import Jobs
import Tabular

/// A format of data files.
package enum DataFormat: String, Sendable, Codable, CaseIterable {
    case csv, jsonl, parquet

    /// The format and compression that a file's name ends in; nil parts where it does not say.
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
        (".json", .jsonl), (".parquet", .parquet), (".pq", .parquet),
    ]

    /// The last part of a path without the endings that name format and compression.
    package static func stem(of path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        for ending in [".gz", ".gzip", ".zst", ".zstd"] + endings.map(\.0)
        where name.lowercased().hasSuffix(ending) && name.count > ending.count {
            name = String(name.dropLast(ending.count))
        }
        return name
    }

    package var contentType: String {
        switch self {
        case .csv: "text/csv; charset=utf-8"
        case .jsonl: "application/x-ndjson"
        case .parquet: "application/vnd.apache.parquet"
        }
    }

    /// Finds a file's format by its first bytes: Parquet's magic number, an object's brace, else CSV.
    static func detected(path: String) throws -> (format: DataFormat, compression: Container) {
        let file = try FileByteSource(path: path)
        if try head(of: file, count: 4) == Array("PAR1".utf8) { return (.parquet, .none) }
        let (source, container) = try openByteSource(path: path)
        var start = try head(of: source, count: 4096)[...]
        if start.starts(with: [0xEF, 0xBB, 0xBF]) { start = start.dropFirst(3) }
        let first = start.first { ![32, 9, 10, 13].contains($0) }
        return (first == UInt8(ascii: "{") ? .jsonl : .csv, container)
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
