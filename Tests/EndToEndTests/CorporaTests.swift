import Foundation
import Glibc
import Testing

/// The corpora of `LANDFALL_SHARED`, file by file: what the binary reads against what the corpora and other readers say
/// (`Tests/Corpora/verdicts.tsv`).
@Suite("The corpora of CSV, JSON, tabular and compressed files", .enabled(if: TestBed.hasBinary, TestBed.needsBinary))
struct CorporaTests {
    private static let corpora = ProcessInfo.processInfo.environment["LANDFALL_SHARED"].map { "\($0)/corpora" }
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Corpora/check.py").path

    @Test("every file is read, or refused, as the table of verdicts says", .enabled(if: corpora != nil, "needs LANDFALL_SHARED"))
    func everyFile() async throws {
        let folder = try Folder()
        let report = try folder.write("", to: "report")
        let descriptors = (open("/dev/null", O_RDONLY | O_CLOEXEC), open(report, O_WRONLY | O_CLOEXEC))
        defer {
            close(descriptors.0)
            close(descriptors.1)
        }
        let check = try ChildProcess(
            TestBed.python, ["-B", Self.script, TestBed.binary, Self.corpora ?? ""], environment: TestBed.environment,
            folder: folder.path, descriptors: (descriptors.0, descriptors.1, descriptors.1))
        let exit = try await check.end(within: .seconds(600))
        let said = try folder.text("report")
        print(said)
        #expect(exit == .code(0), "\(said)")
    }
}
