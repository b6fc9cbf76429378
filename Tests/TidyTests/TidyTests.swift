import Foundation
import Testing

@Suite("The house rules")
struct TidyTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let manifest = (try? String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)) ?? ""
    static let rules = SourceRules(manifest: manifest)

    static let sources: [SourceFile] = {
        let folder = root.appending(path: "Sources")
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            guard let text = try? String(contentsOf: folder.appending(path: path), encoding: .utf8) else { return nil }
            return SourceFile(path: "Sources/\(path)", text: text)
        }
    }()

    @Test("the sources and the layers are found")
    func found() {
        #expect(Self.sources.count > 100)
        #expect(Self.rules.layers.first == "landfall")
        #expect(Set(Self.sources.map(\.module)).subtracting(Self.rules.layers).isEmpty)
    }

    @Test("imports only point down")
    func arrows() {
        #expect(Self.rules.upwardImports(Self.sources) == [])
    }

    @Test("each C library is called from one Swift file")
    func libraries() {
        #expect(Self.rules.scatteredC(Self.sources) == [])
    }

    @Test("the pure modules import nothing that logs, sleeps or reads a clock")
    func purity() {
        #expect(Self.rules.impureImports(Self.sources) == [])
    }

    @Test("nothing forces a crash")
    func forced() {
        #expect(Self.rules.forcedWords(Self.sources) == [])
    }

    @Test("every error code is documented")
    func codes() throws {
        let errors = try String(contentsOf: Self.root.appending(path: "docs/ERRORS.md"), encoding: .utf8)
        #expect(Self.rules.undocumentedCodes(Self.sources, documentation: errors) == [])
    }

    @Test("files are named by their subject")
    func names() {
        #expect(Self.rules.emptyNames(Self.sources) == [])
    }
}

@Suite("The house rules can fail")
struct TidyRulesCanFail {
    private let rules = SourceRules(
        manifest: """
            .executableTarget(
                name: "landfall",
                dependencies: ["Worker"]),
            module("Worker", ["Jobs"]),
            module(
                "Jobs", ["Columns"]),
            module("Columns"),
            system("CCurl", pkgConfig: "libcurl", apt: "x"),
            """)

    private func file(_ path: String, _ text: String) -> [SourceFile] {
        [SourceFile(path: path, text: text)]
    }

    @Test(
        "an arrow that points up, or at itself, is found",
        arguments: ["import Worker", "@testable import Worker", "import Worker.Part", "import Jobs"])
    func upward(_ line: String) {
        #expect(rules.upwardImports(file("Sources/Jobs/Job.swift", "import Columns\n\(line)\n")).count == 1)
        #expect(rules.upwardImports(file("Sources/Jobs/Job.swift", "import Columns\n// import Worker\n")).isEmpty)
    }

    @Test("a C library in two files is found")
    func scattered() {
        let files = file("Sources/Jobs/A.swift", "import CCurl\n") + file("Sources/Jobs/B.swift", "import CCurl\n")
        #expect(rules.scatteredC(files).count == 1)
        #expect(rules.scatteredC(Array(files.prefix(1))).isEmpty)
    }

    @Test("a clock in a pure module is found")
    func impure() {
        #expect(rules.impureImports(file("Sources/Columns/A.swift", "import Foundation\n")).count == 1)
        #expect(rules.impureImports(file("Sources/Jobs/A.swift", "import Foundation\n")).isEmpty)
    }

    @Test("a forced try and a forced cast are found")
    func forced() {
        #expect(rules.forcedWords(file("Sources/Jobs/A.swift", "let a = try! b()\nlet c = d as! E\n// try! this\n")).count == 2)
    }

    @Test("an undocumented code is found")
    func code() {
        let files = file("Sources/Jobs/A.swift", #"throw E("csv.no_such", "x"); let f = "a.swift""#)
        #expect(rules.undocumentedCodes(files, documentation: "`csv.other`").count == 1)
        #expect(rules.undocumentedCodes(files, documentation: "`csv.no_such`").isEmpty)
    }

    @Test("an empty name is found")
    func emptyName() {
        #expect(rules.emptyNames(file("Sources/Jobs/JobHelper.swift", "")).count == 1)
        #expect(rules.emptyNames(file("Sources/Jobs/Job.swift", "")).isEmpty)
    }
}
