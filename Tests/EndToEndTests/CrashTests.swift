import Foundation
import Glibc
import Testing

/// Short forms of `make crash-test` and `make fault-matrix`: the real binary under kills, stops, cuts and faults, held against
/// what must be there (`Tests/CrashTest`).
@Suite(.serialized, .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
struct CrashTests {
    /// Beyond any of their own limits.
    private static let limit = Duration.seconds(600)

    /// Runs one of the programs of `Tests/CrashTest`; its report where it did not pass.
    private func failure(of program: String, _ arguments: String...) async throws -> String? {
        let folder = try Folder()
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let report = open(folder("report"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { for descriptor in [nothing, report] { close(descriptor) } }
        let path = "\(TestBed.folder)/../CrashTest/\(program)"
        let child = try ChildProcess(
            TestBed.python, ["-B", path] + arguments,
            environment: TestBed.environment.merging(["LANDFALL_BINARY": TestBed.binary]) { $1 }, folder: "/",
            descriptors: (nothing, report, report))
        return try await child.end(within: Self.limit) == .code(0) ? nil : try folder.text("report")
    }

    @Test("nothing is lost and nothing doubled while three workers are killed at their edges, stopped, cut off and starved of disk")
    func crashes() async throws {
        let report = try await failure(
            of: "crash_test.py", "--seed", "7", "--files", "36", "--kills", "40", "--large-rows", "8000", "--pause", "0.02", "0.25",
            "--seconds", "300")
        #expect(report == nil)
    }

    @Test("the crash test fails when a row is taken away behind its back")
    func canFail() async throws {
        let row = try await failure(
            of: "crash_test.py", "--seed", "1", "--files", "6", "--kills", "0", "--seconds", "120", "--break", "row")
        #expect(row?.contains("lost: ") == true)
        #expect(row?.contains("losses: 1  doubles: 0") == true)
    }

    @Test("nothing is lost and nothing doubled on the local backend while two workers are killed")
    func localCrashes() async throws {
        let report = try await failure(
            of: "local_crash_test.py", "--seed", "7", "--files", "30", "--kills", "24", "--pause", "0.02", "0.25", "--seconds", "300")
        #expect(report == nil)
    }

    @Test("a fault of each AWS action ends as docs/FAULTS.md says")
    func faults() async throws {
        #expect(try await failure(of: "fault_matrix.py", "--sample") == nil)
    }
}
