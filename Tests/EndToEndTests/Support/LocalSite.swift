import Foundation
import Glibc
import Testing

/// A deployment on the local backend: folders, SQLite, pipelines, and a database.
struct LocalSite {
    let folder: Folder
    let landfall: Landfall

    init(_ folder: Folder, _ database: Database, _ settings: [String: String] = [:]) throws {
        self.folder = folder
        var own = [
            "LANDFALL_BACKEND": "local", "LANDFALL_LOCAL_ROOT": folder("local"), "LANDFALL_PIPELINES": try Pipelines.write(to: folder),
            "LANDFALL_DATABASE_URL": database.url, "LANDFALL_ADMIN_ADDRESS": "off", "LANDFALL_LEASE_SECONDS": "3",
            "LANDFALL_CONCURRENCY": "2",
        ]
        own.merge(settings) { $1 }
        landfall = Landfall(folder, own)
        for name in ["orders", "strict", "convert"] {
            try FileManager.default.createDirectory(atPath: folder("local/landing/\(name)"), withIntermediateDirectories: true)
        }
    }

    /// Puts a whole file into `landing/`: written elsewhere, then renamed.
    func drop(_ text: String, as key: String) throws {
        let whole = try folder.write(text, to: "whole")
        guard rename(whole, folder("local/landing/\(key)")) == 0 else {
            throw ChildProcess.Failure(description: "rename: \(String(cString: strerror(errno)))")
        }
    }

    func jobs() async throws -> [JSON] {
        let result = try await landfall("jobs", "list", "--json")
        #expect(result.code == 0)
        return try JSON.lines(result.output)
    }

    /// The job of a key, once it is as `isReady` wants it.
    func job(_ key: String, _ what: String = "ends", where isReady: (JSON) -> Bool = Self.isEnded) async throws -> JSON {
        try await eventually("the job of \(key) \(what)", every: .milliseconds(100)) {
            try await jobs().first { $0["key"].text == key && isReady($0) }
        }
    }

    static func isEnded(_ job: JSON) -> Bool { job["status"].text != "running" }

    /// What was announced, in order.
    func announced() throws -> [JSON] {
        let text = (try? folder.text("local/events.jsonl")) ?? ""
        // The last line may be on its way.
        return try JSON.lines(String(text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]))
    }

    /// The announcements of a job, once there are as many.
    func announced(of job: JSON, count: Int) async throws -> [JSON] {
        let id = job["job_id"].text
        return try await eventually("\(count) announcements") {
            let own = try announced().filter { $0["detail"]["job_id"].text == id }
            return own.count >= count ? own : nil
        }
    }

    func deadLetters() async throws -> [JSON] {
        try JSON.lines(try await landfall("dlq", "list", "--json").output)
    }
}
