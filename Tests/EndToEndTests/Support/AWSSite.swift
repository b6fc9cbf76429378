import Foundation
import Testing

/// A deployment on AWS: buckets, queue, dead-letter queue, table, topic and bus of the test's own in moto, and queues that
/// hear what is announced. All of it is read with boto3.
struct AWSSite {
    let folder: Folder
    let landfall: Landfall
    let endpoint: String
    private let python: Python
    private let made: JSON

    init(
        _ folder: Folder, _ database: Database, arrivals: String = "eventbridge", versioned: Bool = false,
        visibility: Int = 60, _ settings: [String: String] = [:]
    ) async throws {
        guard let moto = TestBed.moto else { throw ChildProcess.Failure(description: "there is no moto") }
        self.folder = folder
        endpoint = moto
        python = try Python.required()
        let prefix = "e2e-\(UUID().uuidString.lowercased().prefix(13))"
        let answer = try await python(
            "provision",
            [
                "endpoint": moto, "prefix": prefix, "arrivals": arrivals, "versioned": versioned, "max_receive": 20,
                "visibility": visibility,
            ])
        made = answer["made"]
        var own = [
            "LANDFALL_PIPELINES": try Pipelines.write(to: folder), "LANDFALL_DATABASE_URL": database.url,
            "LANDFALL_ADMIN_ADDRESS": "off", "LANDFALL_LEASE_SECONDS": "3", "LANDFALL_CONCURRENCY": "2",
            "LANDFALL_WORK_DIR": folder("work"),
        ]
        for name in answer["environment"].keys where !name.hasPrefix("TESTBED_") {
            own[name] = answer["environment"][name].text
        }
        own.merge(settings) { $1 }
        landfall = Landfall(folder, own)
    }

    var input: String { made["buckets"]["input"].text ?? "" }
    var output: String { made["buckets"]["output"].text ?? "" }
    var queue: String { made["queue"]["url"].text ?? "" }

    /// Uploads a file; the version's id, where the bucket has versions.
    @discardableResult
    func put(_ text: String, as key: String) async throws -> String? {
        let path = try folder.write(text, to: "upload")
        return try await call("put", ["bucket": input, "key": key, "path": path]).text
    }

    /// Uploads a file in parts, which is announced twice.
    func putInParts(_ text: String, as key: String) async throws {
        let path = try folder.write(text, to: "upload")
        _ = try await call("multipart", ["bucket": input, "key": key, "path": path])
    }

    func send(_ body: String) async throws {
        _ = try await call("send", ["url": queue, "body": body])
    }

    /// Sends announcements of one type on to the queue, as a rule of EventBridge.
    func route(_ detailType: String) async throws {
        _ = try await call(
            "route",
            [
                "bus": made["bus"].text ?? "", "rule": "\(made["bus"].text ?? "")-route", "detail_type": detailType,
                "arn": made["queue"]["arn"].text ?? "",
            ])
    }

    /// Puts a body into the dead-letter queue without a reason, as SQS's own redrive policy does.
    func bury(_ body: String) async throws {
        _ = try await call("send", ["url": made["dlq"]["url"].text ?? "", "body": body])
    }

    /// Moves all dead letters back to the queue with their attributes, as SQS's own redrive does.
    func moveDeadLetters() async throws {
        _ = try await call("move", ["source": made["dlq"]["url"].text ?? "", "target": queue])
    }

    /// The items of the jobs table.
    func items() async throws -> [JSON] {
        try await call("items", ["table": made["table"].text ?? ""]).list
    }

    /// The item of a key, once it is as `isReady` wants it.
    func item(_ key: String, _ what: String = "ends", where isReady: (JSON) -> Bool = Self.isEnded) async throws -> JSON {
        try await eventually("the job of \(key) \(what)", every: .milliseconds(50)) {
            try await items().first { $0["key"].text == key && isReady($0) }
        }
    }

    /// Whether the job has ended, and all that was to be said of it is said.
    static func isEnded(_ item: JSON) -> Bool { item["status"].text != "running" && item["announcements"].list.isEmpty }

    /// How many messages the queue holds: those that can be received, and those that somebody has.
    func depth() async throws -> (visible: Int, hidden: Int) {
        let depth = try await call("depth", ["url": queue])
        return (depth["visible"].int ?? -1, depth["hidden"].int ?? -1)
    }

    func awaitEmptyQueue() async throws {
        _ = try await eventually("the queue is empty") { try await depth() == (0, 0) ? true : nil }
    }

    /// Takes the dead letters out, once there are as many.
    func deadLetters(_ count: Int) async throws -> [JSON] {
        try await collect(made["dlq"]["url"].text ?? "", count)
    }

    /// What the topic's subscriber has got: SNS envelopes.
    func onTopic(_ count: Int) async throws -> [JSON] {
        try await collect(made["observers"]["topic"].text ?? "", count).map { try JSON($0["body"].text ?? "") }
    }

    /// What the bus's rule has sent on: events.
    func onBus(_ count: Int) async throws -> [JSON] {
        try await collect(made["observers"]["bus"].text ?? "", count).map { try JSON($0["body"].text ?? "") }
    }

    private func collect(_ url: String, _ count: Int) async throws -> [JSON] {
        var found: [JSON] = []
        return try await eventually("\(count) messages in \(url)") {
            found += try await call("drain", ["url": url]).list
            return found.count >= count ? found : nil
        }
    }

    func outputKeys() async throws -> [String] {
        try await call("keys", ["bucket": output]).texts
    }

    /// Fetches an object into the folder; its path.
    func fetch(_ uri: String) async throws -> String {
        let path = folder("fetched-\(UUID().uuidString.prefix(8))")
        _ = try await call("download", ["uri": uri, "path": path])
        return path
    }

    /// A Parquet object as pyarrow and DuckDB read it.
    func parquet(_ uri: String) async throws -> JSON {
        try await python("parquet", ["path": try await fetch(uri)])
    }

    /// Starts a state machine that asks for `input` and waits for the answer; the execution's ARN.
    func startTask(_ input: [String: Any]) async throws -> String {
        let name = "task-\(UUID().uuidString.prefix(8))"
        return try await call("start", ["name": name, "queue": queue, "input": input]).text ?? ""
    }

    /// How the execution ended, once it has.
    func ended(_ execution: String) async throws -> JSON {
        try await eventually("the execution ends") {
            let found = try await call("execution", ["arn": execution])
            return found["status"].text == "RUNNING" ? nil : found
        }
    }

    func call(_ function: String, _ arguments: [String: Any]) async throws -> JSON {
        try await python(function, arguments.merging(["endpoint": endpoint]) { $1 })
    }
}
