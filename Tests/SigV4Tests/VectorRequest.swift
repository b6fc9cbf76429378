import FoundationEssentials
import SigV4
import Testing

/// A request as the vector suites write it: a request line, headers, a body.
struct VectorRequest {
    var method = ""
    var path = ""
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = ""

    init(_ text: String) throws {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
        let first = lines.removeFirst()
        let space = try #require(first.firstIndex(of: " "))
        method = String(first[..<space])
        var target = String(first[first.index(after: space)...])
        if target.hasSuffix(" HTTP/1.1") { target.removeLast(9) }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? String(halves[1]) : ""
            let name = try #require(PercentEncoding.decode(String(halves[0])))
            query.append((name: name, value: try #require(PercentEncoding.decode(value))))
        }
        while let line = lines.first, !line.isEmpty {
            lines.removeFirst()
            if line.hasPrefix(" "), var last = headers.popLast() {
                last.value += "\n" + line
                headers.append(last)
            } else {
                let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                headers.append((name: String(halves[0]), value: String(halves[1])))
            }
        }
        body = lines.dropFirst().joined(separator: "\n")
    }

    mutating func takeHeader(_ name: String) -> String? {
        defer { headers.removeAll { $0.name.lowercased() == name.lowercased() } }
        return headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// A folder of shared vectors, where this machine has them.
enum Vectors {
    static func folder(_ name: String) -> String? {
        guard let shared = ProcessInfo.processInfo.environment["LANDFALL_SHARED"] else { return nil }
        let path = "\(shared)/vectors/\(name)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// The folders of the cases below a folder: those that hold a file with this ending.
    static func cases(in folder: String?, ending: String) -> [String] {
        guard let folder, let names = try? FileManager.default.subpathsOfDirectory(atPath: folder) else { return [] }
        return names.filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }
}
