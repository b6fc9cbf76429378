import ArgumentParser
import Glibc
import Jobs

/// The `landfall` command.
@main
struct Landfall: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "landfall",
        abstract: "Takes files from where they land to where they are needed.",
        version: version,
        subcommands: [
            WorkerCommand.self, RunCommand.self, ConvertCommand.self, InspectCommand.self, JobsCommand.self,
            DLQCommand.self, RejectsCommand.self, ExplainMessageCommand.self, CheckCommand.self,
        ])

    static func main() async {
        // A reader that goes away is an error of a write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            exit(withError: code)
        } catch {
            guard exitCode(for: error) == .failure, !(error is CleanExit), !(error is ValidationError) else {
                exit(withError: error)
            }
            let failure = Failure(error)
            Terminal.complain("landfall: \(failure.message) [\(failure.code)]")
            exit(withError: ExitCode(failure.exitStatus))
        }
    }
}

extension Failure {
    /// The exit code as in sysexits.h.
    var exitStatus: Int32 {
        switch code {
        case "input.not_found", "input.version_gone", "input.not_a_file": 66
        case "input.no_permission", "aws.access_denied", "database.permission_denied", "database.authentication_failed",
            "local.access_denied", "aws.credentials":
            77
        case "database.unavailable", "aws.unavailable", "aws.connection", "aws.timeout", "aws.throttled",
            "service.unavailable":
            69
        case let code
        where code.hasPrefix("settings.") || code.hasPrefix("pipeline.") || code == "aws.settings" || code == "database.bad_url": 78
        case let code where code.hasPrefix("output."): 73
        case let code where code.hasPrefix("internal.") || code == "convert.not_proven": 70
        case let code where code.hasPrefix("usage."): 64
        default: kind == .badInput ? 65 : kind == .permanent ? 69 : 75
        }
    }
}
