/// The profile that the shared config and credentials files hold for us, with what both say of it.
///
/// Source: AWS SDKs and Tools reference, "Shared config and credentials files".
package struct Profile: Sendable {
    /// Larger files are not ours to read.
    static let maxFileBytes = 1 << 20

    package let name: String
    /// The credentials file's settings take precedence over the config file's.
    private let credentials: [String: String]
    private let config: [String: String]
    /// The `services` section that the profile names.
    private let services: [String: String]
    private let files: (credentials: SettingsFile, config: SettingsFile)
    /// Whether either file holds the profile.
    package let exists: Bool

    package subscript(_ setting: String) -> String? { credentials.text(setting) ?? config.text(setting) }

    func endpointURL(of service: AWSService) -> String? {
        services.text("\(service.endpointID.lowercased()).endpoint_url")
    }

    /// The profile that `AWS_PROFILE` names (or `default`) in the files that the environment points to.
    package init(environment: [String: String]) throws(AWSError) {
        let home = environment.text("HOME")
        let credentialsPath = environment.text("AWS_SHARED_CREDENTIALS_FILE") ?? home.map { "\($0)/.aws/credentials" }
        let configPath = environment.text("AWS_CONFIG_FILE") ?? home.map { "\($0)/.aws/config" }
        self.init(
            name: environment.text("AWS_PROFILE") ?? "default",
            credentials: SettingsFile(text: try Self.read(credentialsPath)),
            config: SettingsFile(text: try Self.read(configPath)))
    }

    init(name: String, credentials: SettingsFile, config: SettingsFile) {
        self.name = name
        files = (credentials, config)
        let inCredentials = credentials.sections[name]
        let inConfig = config.sections["profile \(name)"] ?? (name == "default" ? config.sections[name] : nil)
        self.credentials = inCredentials ?? [:]
        self.config = inConfig ?? [:]
        services = inConfig?["services"].flatMap { config.sections["services \($0)"] } ?? [:]
        exists = inCredentials != nil || inConfig != nil
    }

    /// Another profile of the same files.
    func other(_ name: String) -> Profile {
        Profile(name: name, credentials: files.credentials, config: files.config)
    }

    private static func read(_ path: String?) throws(AWSError) -> String {
        guard let path else { return "" }
        switch LocalFile.read(path, maxBytes: maxFileBytes) {
        case .success(let bytes): return String(decoding: bytes ?? [], as: UTF8.self)
        case .failure(let failure): throw .settings("\(path) cannot be read: \(failure.reason).")
        }
    }
}

/// A file of `[sections]` with `name = value` lines; an indented line below `name =` is nested as `name.inner`.
struct SettingsFile: Sendable {
    private(set) var sections: [String: [String: String]] = [:]

    init(text: String) {
        var section: String?
        var parent: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let isIndented = line.first?.isWhitespace == true
            let content = trimmedSpaces(line)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if content.hasPrefix("[") {
                let words = content.dropFirst().prefix { $0 != "]" }.split(whereSeparator: \.isWhitespace)
                let name = words.joined(separator: " ")
                section = name
                parent = nil
                sections[name, default: [:]].merge([:]) { old, _ in old }
                continue
            }
            guard let section, let equals = content.firstIndex(of: "=") else { continue }
            let name = trimmedSpaces(content[..<equals]).lowercased()
            let value = trimmedSpaces(content[content.index(after: equals)...])
            if isIndented, let parent {
                sections[section]?["\(parent).\(name)"] = value
            } else {
                sections[section]?[name] = value
                parent = value.isEmpty ? name : nil
            }
        }
    }
}

func trimmedSpaces(_ text: some StringProtocol) -> String {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
}
