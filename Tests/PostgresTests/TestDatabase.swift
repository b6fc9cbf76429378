import Foundation
import Testing

@testable import Postgres

/// A PostgreSQL server for tests: the one of `LANDFALL_TEST_POSTGRES`, or a throw-away cluster that ends with the
/// process.
enum TestDatabase {
    /// The server's URL, or why there is none.
    static let server: Result<String, Unavailable> = {
        if let given = ProcessInfo.processInfo.environment["LANDFALL_TEST_POSTGRES"], !given.isEmpty {
            return .success(given)
        }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../TestBed/postgres.sh").path
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("landfall-test-\(UUID().uuidString)")
            .path
        do {
            let owner = ["LANDFALL_OWNER_PID": "\(ProcessInfo.processInfo.processIdentifier)"]
            let result = try run("/bin/bash", [script, "start", folder], environment: owner)
            guard result.status == 0 else { return .failure(Unavailable(reason: result.error)) }
            return .success(result.output.trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            return .failure(Unavailable(reason: "\(error)"))
        }
    }()

    struct Unavailable: Error {
        var reason: String
    }

    static var isAvailable: Bool { (try? server.get()) != nil }

    static let comment: Comment = "needs PostgreSQL: install the package postgresql or set LANDFALL_TEST_POSTGRES"

    /// The path of psql, nil where there is none.
    static let psql: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/psql" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Calls with the URL of an empty database, which is gone afterwards.
    static func with<R>(_ body: (DatabaseURL) async throws -> R) async throws -> R {
        let server = try server.get()
        let name = "landfall_test_\(UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased())"
        let admin = try await PostgresConnection.connect(to: DatabaseURL(server))
        _ = try await admin.execute("CREATE DATABASE \(name)")
        var url = try #require(URLComponents(string: server))
        url.path = "/\(name)"
        let result: Result<R, any Error>
        do {
            result = .success(try await body(DatabaseURL(try #require(url.string))))
        } catch {
            result = .failure(error)
        }
        _ = try await admin.execute("DROP DATABASE \(name) WITH (FORCE)")
        await admin.close()
        return try result.get()
    }

    /// A program's status and what it wrote.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String, error: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        let error = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = error
        try process.run()
        let written = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            process.terminationStatus, String(decoding: written, as: UTF8.self),
            String(decoding: complaints, as: UTF8.self)
        )
    }
}
