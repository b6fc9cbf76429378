import Foundation

/// Runs scripts with pyarrow and DuckDB, the readers and writers that ours are held against.
///
/// `LANDFALL_PYTHON` names the interpreter; without it, `python3` is tried.
enum Python {
    static let interpreter = ProcessInfo.processInfo.environment["LANDFALL_PYTHON"] ?? "python3"
    /// Whether the packages are there; tests that need them are skipped else.
    static let isReady = (try? run("import pyarrow, duckdb")) != nil

    /// Whether some more packages are there.
    static func has(_ packages: String) -> Bool { (try? run("import \(packages)")) != nil }
    static let hasAllEngines = has("pyarrow, duckdb, polars, fastparquet")

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a script.
    ///
    /// - Returns: what it printed.
    @discardableResult
    static func run(_ script: String, _ arguments: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [interpreter, "-c", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.standardError
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "the script ended with \(process.terminationStatus)")
        }
        return String(decoding: printed, as: UTF8.self)
    }
}
