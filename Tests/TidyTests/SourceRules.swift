/// A Swift source file, as the rules see it.
struct SourceFile {
    /// Below the package's root: `Sources/Tabular/Reject.swift`.
    var path: String
    var text: String

    /// `Tabular` for `Sources/Tabular/CSV/Dialect.swift`.
    var module: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count, at == 0 || words[0].hasPrefix("@") else {
                return nil
            }
            return String(words[at + 1].prefix { $0 != "." })
        }
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// The rules of the house that a compiler does not check. Each gives a sentence for every breach.
struct SourceRules {
    /// All modules, in the order of Package.swift: an import may only point down.
    let layers: [String]

    /// Reads the layers from Package.swift: the names of its targets, in order, without the tests.
    init(manifest: String) {
        let target = /(?:module|system|\.target|\.executableTarget)\(\s*(?:name:\s*)?"(\w+)"/
        layers = manifest.matches(of: target).map { String($0.1) }
    }

    /// An import of one of our modules must point further down the list than the importing module stands.
    func upwardImports(_ files: [SourceFile]) -> [String] {
        files.flatMap { file in
            file.imports.compactMap { name in
                guard let from = layers.firstIndex(of: file.module), let to = layers.firstIndex(of: name), to <= from
                else { return nil }
                return "\(file.path) imports \(name), which does not stand below \(file.module) in Package.swift"
            }
        }
    }

    /// A C library is called from one Swift file.
    func scatteredC(_ files: [SourceFile]) -> [String] {
        layers.filter { $0.hasPrefix("C") && $0.dropFirst().first?.isUppercase == true }.compactMap { library in
            let users = files.filter { $0.imports.contains(library) }
            return users.count > 1 ? "\(library) is imported by \(users.map(\.path).joined(separator: " and "))" : nil
        }
    }

    /// The pure modules: they never log, sleep, read a clock or touch a network, so they can import nothing that does.
    static let pureModules = ["Columns", "Tabular", "Parquet", "SQL", "SigV4"]
    private static let impureImports = ["Foundation", "FoundationEssentials", "Dispatch", "Logging", "Telemetry"]

    func impureImports(_ files: [SourceFile]) -> [String] {
        files.filter { Self.pureModules.contains($0.module) }.flatMap { file in
            file.imports.filter(Self.impureImports.contains).map { "\(file.path) imports \($0)" }
        }
    }

    /// No crash by choice: `try!`, `as!`.
    func forcedWords(_ files: [SourceFile]) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().compactMap { number, line in
                let code = line.drop { $0 == " " }
                guard !code.hasPrefix("//"), code.contains("try!") || code.contains(" as! ") else { return nil }
                return "\(file.path):\(number + 1) forces: \(code)"
            }
        }
    }

    /// Folders are named by their subject.
    private static let emptyWords = ["Util", "Helper", "Manager", "Common", "Misc", "Impl"]
    /// Names that others gave.
    private static let givenNames = ["SecretsManager.swift"]

    func emptyNames(_ files: [SourceFile]) -> [String] {
        files.filter { file in
            file.path.split(separator: "/").map(String.init).contains { part in
                !Self.givenNames.contains(part)
                    && Self.emptyWords.contains { part.hasPrefix($0) || part.hasSuffix("\($0).swift") }
            }
        }
        .map { "\($0.path) is named by no subject" }
    }
}

extension SourceRules {
    /// What error codes begin with.
    private static let codeFamilies = [
        "input", "output", "csv", "json", "value", "schema", "rows", "message", "pipeline", "database", "aws", "http", "sql",
        "parquet", "compressed", "archive", "encoding", "fixed", "settings", "usage", "job", "work", "local", "records", "convert",
        "internal",
        "service",
    ]
    /// Dotted texts that look like codes and are none: attribute names and log keys.
    private static let noCodes = ["job.id", "aws.s3"]

    /// Every error code in the sources stands in `docs/ERRORS.md`.
    func undocumentedCodes(_ files: [SourceFile], documentation: String) -> [String] {
        let code = /"([a-z0-9]+)\.([a-z0-9_]+)"/
        return files.flatMap { file in
            file.text.matches(of: code).compactMap { match in
                let name = "\(match.1).\(match.2)"
                guard Self.codeFamilies.contains(String(match.1)), !Self.noCodes.contains(name),
                    !documentation.contains("`\(name)`")
                else { return nil }
                return "\(file.path): \(name) is not in docs/ERRORS.md"
            }
        }
    }
}
