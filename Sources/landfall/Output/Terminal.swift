import FoundationEssentials
import Glibc
import Jobs

/// What commands say: results on stdout, everything else on stderr.
enum Terminal {
    /// Whether a person watches stderr.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// A result that cannot be written ends the command: nobody would know of it.
    static func say(_ line: String) {
        guard put(line + "\n", STDOUT_FILENO) else {
            complain("landfall: The result cannot be written to stdout: \(String(cString: strerror(errno))). [output.write_failed]")
            exit(cannotCreateOutput)
        }
    }

    /// EX_CANTCREAT of sysexits.h.
    private static let cannotCreateOutput: Int32 = 73

    /// One JSON document on one line, its keys as they are.
    static func say(json value: some Encodable) throws {
        say(try value.jsonText())
    }

    /// One JSON document on one line, `rowsRead` spelled `rows_read`. Not for dictionaries, whose keys are data.
    static func say(report: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        say(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    static func complain(_ line: String) {
        _ = put(line + "\n", STDERR_FILENO)
    }

    private static func put(_ text: String, _ descriptor: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            written += count
        }
        return true
    }

    /// Standard input up to its end, or up to a limit.
    static func readInput(maxBytes: Int) -> [UInt8] {
        var input: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while input.count < maxBytes {
            let count = block.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            input.append(contentsOf: block[..<count])
        }
        return input
    }

    /// Rows of text in columns that line up; the first row is the header.
    static func table(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            return line
        }.joined(separator: "\n")
    }
}
