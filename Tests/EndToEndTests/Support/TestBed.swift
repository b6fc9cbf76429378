import Foundation
import Glibc
import Testing

/// What these tests stand on: the release binary, PostgreSQL, moto in the place of AWS, and a Python with boto3, pyarrow
/// and DuckDB.
///
/// Each comes from a variable (`LANDFALL_BINARY`, `LANDFALL_TEST_POSTGRES`, `LANDFALL_TEST_MOTO`, `LANDFALL_PYTHON`), or
/// is looked for and started here, once a test process.
enum TestBed {
    private static let variables = ProcessInfo.processInfo.environment
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let top = tests.deletingLastPathComponent().path
    static let folder = tests.appendingPathComponent("TestBed").path

    /// What a user's shell would have, and nothing of ours.
    static let environment = ["PATH", "HOME", "TMPDIR", "LANG"].reduce(into: [String: String]()) { $0[$1] = variables[$1] }

    static let binary = variables["LANDFALL_BINARY"] ?? "\(top)/.build/release/landfall"
    static let hasBinary = FileManager.default.isExecutableFile(atPath: binary)
    static let needsBinary: Comment = "needs the release binary: swift build -c release, or LANDFALL_BINARY"

    static let python: String = {
        if let named = variables["LANDFALL_PYTHON"] { return named }
        let own = "\(top)/.build/testbed-venv/bin/python"
        return FileManager.default.isExecutableFile(atPath: own) ? own : "python3"
    }()

    // MARK: PostgreSQL

    /// The server's URL; nil where there is none.
    static let postgres: String? = {
        if let given = variables["LANDFALL_TEST_POSTGRES"], !given.isEmpty { return given }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("landfall-e2e-pg-\(getpid())").path
        var environment = Self.environment
        environment["LANDFALL_OWNER_PID"] = "\(getpid())"
        return firstLine(of: "/bin/bash", ["\(Self.folder)/postgres.sh", "start", folder], environment)
    }()

    static let hasPostgres = hasBinary && postgres != nil
    static let needsPostgres: Comment = "needs the release binary, and PostgreSQL: install it or set LANDFALL_TEST_POSTGRES"

    // MARK: AWS

    static let moto: String? = {
        if let given = variables["LANDFALL_TEST_MOTO"], !given.isEmpty { return given }
        // The shell waits on a pipe that only this process holds: when we are gone it stops the server.
        let script = #""$0" "$1" 0 & server=$!; read line; kill -KILL "$server""#
        return firstLine(of: "/bin/sh", ["-c", script, python, "\(folder)/motobed.py"], environment)
    }()

    static let hasAWS = hasPostgres && Python.shared != nil && moto != nil
    static let needsAWS: Comment = """
        needs the release binary, PostgreSQL and moto: set LANDFALL_TEST_MOTO, or LANDFALL_PYTHON to a Python that has \
        Tests/TestBed/requirements.txt
        """

    static let hasPython = hasBinary && Python.shared != nil
    static let needsPython: Comment = "needs the release binary, and LANDFALL_PYTHON: a Python with pyarrow, duckdb and boto3"

    /// Starts a program that goes on for as long as this process does, and reads its first line; nil where there is none.
    private static func firstLine(of program: String, _ arguments: [String], _ environment: [String: String]) -> String? {
        guard let (child, input, output) = try? piped(program, arguments, environment) else { return nil }
        servers.append((child, input))
        guard let line = readLine(output), !line.isEmpty else { return nil }
        return line
    }

    nonisolated(unsafe) private static var servers: [(ChildProcess, Int32)] = []

    static func startPython(_ script: String) throws -> (ChildProcess, input: Int32, output: Int32) {
        try piped(python, ["-c", script, folder], environment)
    }

    /// A child with pipes for its input and its output; its errors are ours.
    private static func piped(
        _ program: String, _ arguments: [String], _ environment: [String: String]
    ) throws -> (ChildProcess, input: Int32, output: Int32) {
        let (input, output) = (Pipe(), Pipe())
        defer {
            close(input.reading)
            close(output.writing)
        }
        let child = try ChildProcess(
            program, arguments, environment: environment, folder: "/", descriptors: (input.reading, output.writing, 2))
        return (child, input.writing, output.reading)
    }

    /// Reads up to the end of a line; nil at the end of the pipe.
    static func readLine(_ descriptor: Int32) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
