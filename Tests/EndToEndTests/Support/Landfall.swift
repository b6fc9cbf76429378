import Foundation
import Glibc

/// The real binary, run as a user runs it: its own environment, its own folder, its output in files.
struct Landfall {
    struct Result {
        var exit: ChildProcess.Exit
        var output: String
        var error: String

        var code: Int32? { if case .code(let code) = exit { code } else { nil } }
        func json() throws -> JSON { try JSON(output) }
    }

    let folder: Folder
    var environment: [String: String]

    /// The environment is a shell's, and `settings`; nothing of the test process reaches the binary.
    init(_ folder: Folder, _ settings: [String: String] = [:]) {
        self.folder = folder
        environment = TestBed.environment.merging(settings) { $1 }
    }

    /// Runs a command to its end.
    @discardableResult
    func callAsFunction(_ arguments: String..., input: String = "") async throws -> Result {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String = "", within limit: Duration = .seconds(60)) async throws -> Result {
        let (child, output) = try start(arguments, input: input)
        let exit = try await child.end(within: limit)
        return Result(
            exit: exit, output: try String(contentsOfFile: output + ".out", encoding: .utf8),
            error: try String(contentsOfFile: output + ".err", encoding: .utf8))
    }

    /// Starts `landfall worker`.
    func worker() throws -> RunningWorker {
        let (child, output) = try start(["worker"], input: "")
        return RunningWorker(child: child, log: output + ".err")
    }

    private func start(_ arguments: [String], input: String) throws -> (ChildProcess, output: String) {
        let name = folder(".run-\(UUID().uuidString.prefix(8))")
        try Data(input.utf8).write(to: URL(fileURLWithPath: name + ".in"))
        let mode: mode_t = 0o644
        let descriptors = (
            open(name + ".in", O_RDONLY | O_CLOEXEC), open(name + ".out", O_WRONLY | O_CREAT | O_CLOEXEC, mode),
            open(name + ".err", O_WRONLY | O_CREAT | O_CLOEXEC, mode)
        )
        defer { for descriptor in [descriptors.0, descriptors.1, descriptors.2] { close(descriptor) } }
        let child = try ChildProcess(
            TestBed.binary, arguments, environment: environment, folder: folder.path, descriptors: descriptors)
        return (child, name)
    }
}

/// A worker that runs.
struct RunningWorker {
    let child: ChildProcess
    /// The path of its log.
    let log: String

    /// The log's lines that say `message`.
    func said(_ message: String) throws -> [JSON] {
        try JSON.lines(try String(contentsOfFile: log, encoding: .utf8)).filter { $0["message"].text == message }
    }

    /// Ends it as ECS does, and waits.
    func terminate(within limit: Duration = .seconds(30)) async throws -> ChildProcess.Exit {
        child.send(SIGTERM)
        return try await child.end(within: limit)
    }

    func kill() async throws {
        child.send(SIGKILL)
        _ = try await child.end()
    }
}

/// Ports of 127.0.0.1 that nobody listens on now.
func freePort() -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            guard bind(descriptor, generic, length) == 0, getsockname(descriptor, generic, &length) == 0 else { return 0 }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }
}
