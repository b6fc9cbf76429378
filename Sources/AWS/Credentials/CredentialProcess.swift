// The names of what is decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import Glibc
import SigV4

/// A program that writes credentials to its output, as a profile's `credential_process` names it.
///
/// How this works: the program is started without a shell. Its output is looked at every few milliseconds, so that no
/// thread waits for it, up to a limit of time and size; a program that goes on is killed.
/// Source: AWS SDKs and Tools reference, "Process credential provider".
struct CredentialProcess: Sendable {
    let command: String
    let source: String
    let timing: AWSTiming

    static let maxOutputBytes = 64 << 10
    static let pause = Duration.milliseconds(20)
    /// Together a minute.
    static let maxPauses = 3000

    private struct Output: Decodable {
        var Version: Int
        var AccessKeyId: String
        var SecretAccessKey: String
        var SessionToken: String?
        var Expiration: String?
    }

    func load() async throws(AWSError) -> AWSCredentials {
        guard let words = Self.words(of: command), !words.isEmpty else {
            throw failure("it is empty or has a quote without its end")
        }
        let (bytes, status) = try await run(words)
        guard status == 0 else { throw failure("it ended with status \(status)") }
        guard let output = try? JSONBody.decode(Output.self, bytes), output.Version == 1 else {
            throw failure("it wrote something that is not credentials of version 1")
        }
        return AWSCredentials(
            SigningCredentials(
                accessKeyID: output.AccessKeyId, secretAccessKey: output.SecretAccessKey,
                sessionToken: output.SessionToken),
            expiresAt: output.Expiration.flatMap(TimeText.iso8601), source: "process of \(source)")
    }

    private func failure(_ reason: String) -> AWSError {
        .credentials("The credential_process of \(source) gave no credentials: \(reason).")
    }

    /// What the program wrote, and how it ended.
    private func run(_ words: [String]) async throws(AWSError) -> ([UInt8], Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failure("no pipe could be made") }
        let (output, input) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(output) }
        let process = Self.start(words, output: input)
        close(input)
        guard let process else { throw failure("\(words[0]) cannot be started") }
        var hasEnded = false
        defer {
            if !hasEnded {
                kill(process, SIGKILL)
                waitpid(process, nil, 0)
            }
        }
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var isOpen = true
        for _ in 0..<Self.maxPauses {
            while isOpen {
                let count = read(output, &buffer, buffer.count)
                if count > 0 { bytes += buffer[..<count] }
                guard bytes.count <= Self.maxOutputBytes else { throw failure("it wrote too much") }
                if count == 0 { isOpen = false }
                if count < 0 { break }
            }
            var status: Int32 = 0
            if !isOpen, waitpid(process, &status, WNOHANG) == process {
                hasEnded = true
                return (bytes, status & 0x7f == 0 ? status >> 8 & 0xff : -1)
            }
            do {
                try await timing.sleep(Self.pause)
            } catch {
                throw .cancelled(.sts, "LoadCredentials")
            }
        }
        throw failure("it did not end in time")
    }

    private static func start(_ words: [String], output: Int32) -> pid_t? {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var process = pid_t()
        return posix_spawnp(&process, words[0], &actions, nil, &arguments, environ) == 0 ? process : nil
    }

    /// Splits at spaces outside of quotes; a backslash outside of single quotes keeps what follows it. Nil where a
    /// quote does not end.
    static func words(of command: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = command.makeIterator()
        while let character = characters.next() {
            if character == "\\", quote != "'" {
                word = (word ?? "") + (characters.next().map { String($0) } ?? "")
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if quote != nil { return nil }
        if let word { words.append(word) }
        return words
    }
}
