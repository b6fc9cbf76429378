import Foundation
import Glibc

/// A program that was started with an environment, files and a signal mask of its own, and its end.
///
/// Not Foundation's `Process`: its children inherit the signal mask of the thread that starts them, and with it deaf
/// ears for SIGTERM. A child that still runs when the test lets go of it is killed.
final class ChildProcess: @unchecked Sendable {
    enum Exit: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let pid: pid_t
    private let lock = NSLock()
    private var ended: Exit?

    /// `descriptors` become the child's 0, 1 and 2.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String,
        descriptors: (input: Int32, output: Int32, error: Int32)
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [descriptors.input, descriptors.output, descriptors.error].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // `env` changes into the folder and then becomes the program.
        var words = (["env", "-C", folder, program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let result = Pipe.spawning.withLock { posix_spawnp(&pid, "env", &actions, &attributes, &words, &variables) }
        guard result == 0 else {
            throw Failure(description: "\(program) cannot be started: \(String(cString: strerror(result)))")
        }
        self.pid = pid
    }

    deinit {
        guard exit() == nil else { return }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// How it ended; nil while it runs.
    func exit() -> Exit? {
        lock.withLock {
            if let ended { return ended }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            ended = status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F)
            return ended
        }
    }

    func send(_ signal: Int32) {
        if exit() == nil { kill(pid, signal) }
    }

    /// Waits for its end.
    func end(within limit: Duration = .seconds(60)) async throws -> Exit {
        try await eventually("process \(pid) ends", within: limit) { self.exit() }
    }
}

/// A pipe whose ends no child inherits by accident.
struct Pipe {
    let reading: Int32
    let writing: Int32
    /// No child is started between the making of a pipe and its marking.
    fileprivate static let spawning = NSLock()

    init() {
        var ends: [Int32] = [-1, -1]
        Self.spawning.withLock {
            pipe(&ends)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        (reading, writing) = (ends[0], ends[1])
    }
}

/// Asks again and again until there is an answer; fails after `limit`.
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(25),
    _ ask: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let answer = try await ask() { return answer }
        guard ContinuousClock.now < deadline else {
            throw ChildProcess.Failure(description: "this did not happen within \(limit): \(what)")
        }
        try await Task.sleep(for: pause)
    }
}
