import FoundationEssentials
import Glibc
import Jobs
import Logging
import Postgres
import Workflows

/// All settings: flag, then environment, then settings file, then default (`docs/SETTINGS.md`).
struct Settings {
    enum Backend: String {
        case aws, local
    }

    let backend: Backend
    let localRoot: String
    let queueURL: String?
    let dlqURL: String?
    let activityARN: String?
    let jobsTable: String
    let topicARN: String?
    let eventBus: String?
    let workDir: String
    let output: String?
    let pipelines: String
    let databaseURL: String?
    let databaseSecret: String?
    let concurrency: Int
    /// In bytes.
    let memory: Int
    let adminAddress: String?
    let logLevel: Logger.Level
    /// Whether a log level was set, rather than taken by default.
    let asksForLog: Bool
    let keepScratch: Bool
    /// How long scratch folders of undone jobs are kept.
    let keepFailed: Duration
    let lease: Duration
    let maxAttempts: Int
    let drain: Duration
    /// The whole environment, for the AWS client.
    let environment: [String: String]

    /// Variables of the project's own tests, which are no settings.
    private static let foreignVariables = ["LANDFALL_CONFIG", "LANDFALL_SHARED", "LANDFALL_BINARY", "LANDFALL_PYTHON"]
    private static let foreignPrefix = "LANDFALL_TEST_"
    private static let defaultFile = "config/landfall.yaml"

    /// `flags` win over everything; `defaultBackend` is what the command takes where nothing is said.
    init(
        flags: [SettingName: String] = [:], defaultBackend: Backend = .aws,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(Failure) {
        try Self.refuseUnknown(environment)
        let file = try Self.readFile(environment)
        func text(_ name: SettingName) -> String? {
            let value = flags[name] ?? environment[name.variable] ?? file[name]
            return value?.isEmpty == true ? nil : value
        }
        func number(_ name: SettingName, _ range: ClosedRange<Int>, _ standard: Int) throws(Failure) -> Int {
            guard let text = text(name) else { return standard }
            guard let value = Int(text), range.contains(value) else {
                throw Self.bad(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        self.environment = environment
        if let name = text(.backend) {
            guard let backend = Backend(rawValue: name) else { throw Self.bad(.backend, name, "aws or local") }
            self.backend = backend
        } else {
            backend = defaultBackend
        }
        localRoot = text(.localRoot) ?? "./landfall-data"
        queueURL = text(.queueURL)
        dlqURL = text(.dlqURL)
        activityARN = text(.activityARN)
        jobsTable = text(.jobsTable) ?? "landfall-jobs"
        topicARN = text(.topicARN)
        eventBus = text(.eventBus)
        workDir = text(.workDir) ?? (backend == .local ? localRoot + "/work" : "/data")
        output = text(.output)
        pipelines = text(.pipelines) ?? "config/pipelines"
        databaseURL = text(.databaseURL)
        databaseSecret = text(.databaseSecret)
        concurrency = try number(.concurrency, 1...1024, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        memory = try text(.memory).map { text throws(Failure) in try Self.bytes(text) } ?? MemoryLimit.seen / 2
        let address = text(.adminAddress) ?? "127.0.0.1:9464"
        adminAddress = address == "off" ? nil : address
        let level = text(.logLevel) ?? "info"
        asksForLog = environment[SettingName.logLevel.variable] != nil
        guard let logLevel = Logger.Level(rawValue: level) else {
            throw Self.bad(.logLevel, level, Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.logLevel = logLevel
        let keep = text(.keepScratch) ?? "false"
        guard let keepScratch = Bool(keep) else { throw Self.bad(.keepScratch, keep, "true or false") }
        self.keepScratch = keepScratch
        let keepFor = text(.keepFailed) ?? "7d"
        guard let keepFailed = Duration(text: keepFor) else {
            throw Self.bad(.keepFailed, keepFor, "a duration like 12h, 7d or 2w, up to ten years")
        }
        self.keepFailed = keepFailed
        lease = .seconds(try number(.leaseSeconds, 3...43_200, 30))
        maxAttempts = try number(.maxAttempts, 1...1000, 5)
        drain = .seconds(try number(.drainSeconds, 0...3600, 90))
    }

    private static func bad(_ name: SettingName, _ found: String, _ expected: String) -> Failure {
        Failure(.permanent, "settings.bad_value", "\(name.variable) must be \(expected), found \"\(found)\".")
    }

    private static func refuseUnknown(_ environment: [String: String]) throws(Failure) {
        let known = SettingName.allCases.map(\.variable)
        for variable in environment.keys.sorted() where variable.hasPrefix("LANDFALL_") {
            if known.contains(variable) || foreignVariables.contains(variable) || variable.hasPrefix(foreignPrefix) { continue }
            throw Failure(
                .permanent, "settings.unknown_key",
                "Unknown variable \(variable) in the environment\(Nearest.hint(for: variable, among: known)).")
        }
    }

    private static func readFile(_ environment: [String: String]) throws(Failure) -> [SettingName: String] {
        let path = environment["LANDFALL_CONFIG"] ?? defaultFile
        guard FileManager.default.fileExists(atPath: path) else {
            if environment["LANDFALL_CONFIG"] == nil { return [:] }
            throw Failure(.permanent, "settings.no_file", "The settings file \(path) (LANDFALL_CONFIG) is not there.")
        }
        guard let bytes = FileManager.default.contents(atPath: path), let text = String(validating: bytes, as: UTF8.self)
        else { throw Failure(.permanent, "settings.no_file", "The settings file \(path) cannot be read as UTF-8 text.") }
        let lines = text.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }
        if lines.allSatisfy({ $0.isEmpty || $0.hasPrefix("#") }) { return [:] }
        var mapping = try YAMLMapping(text: text, file: path)
        var values: [SettingName: String] = [:]
        for name in SettingName.allCases { values[name] = try mapping.string(name.rawValue) }
        try mapping.finish()
        return values
    }

    static func bytes(_ text: String) throws(Failure) -> Int {
        guard let bytes = ByteCount.parse(text) else { throw bad(.memory, text, "bytes, or like 512MiB or 2GiB") }
        return bytes
    }

    // MARK: What only some commands need

    func required(_ value: String?, _ name: SettingName) throws(Failure) -> String {
        guard let value else {
            throw Failure(.permanent, "settings.missing", "\(name.variable) is not set. The aws backend needs it.")
        }
        return value
    }
}
