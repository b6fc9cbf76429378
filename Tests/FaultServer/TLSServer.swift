import FoundationEssentials
import Glibc

/// `openssl s_server` with a certificate of its own for `localhost`, which is its own authority.
package final class TLSServer {
    package let port: Int
    /// A PEM file.
    package let certificate: String
    private let folder: String
    private var process: pid_t = 0

    package var url: String { "https://localhost:\(port)/" }

    /// - Parameters:
    ///   - from, until: when the certificate is good: `20260101000000Z`.
    ///   - options: further ones of `openssl s_server`.
    package init?(validFrom from: String = "20200101000000Z", until: String = "20991231235959Z", options: [String] = []) {
        folder = FileManager.default.temporaryDirectory.path + "/landfall-tls-\(UInt64.random(in: 0 ..< .max))"
        certificate = "\(folder)/certificate.pem"
        port = Int(ScriptedServer { _ in [] }.port)
        guard (try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)) != nil,
            makeCertificate(from, until)
        else { return nil }
        let serve = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-key", "\(folder)/key.pem", "-cert", certificate,
            "-www",
        ]
        guard let process = spawn(serve + options) else { return nil }
        self.process = process
    }

    deinit {
        if process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func makeCertificate(_ from: String, _ until: String) -> Bool {
        let settings = """
            [ca]
            default_ca = own
            [own]
            database = \(folder)/index
            serial = \(folder)/serial
            new_certs_dir = \(folder)
            default_md = sha256
            policy = names
            x509_extensions = extensions
            [names]
            commonName = supplied
            [extensions]
            subjectAltName = DNS:localhost
            """
        for (name, text) in [("settings", settings), ("index", ""), ("serial", "01\n")] {
            guard (try? Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))) != nil else { return false }
        }
        return run([
            "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=localhost", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/request.pem",
        ])
            && run([
                "openssl", "ca", "-batch", "-selfsign", "-notext", "-config", "\(folder)/settings", "-keyfile",
                "\(folder)/key.pem", "-in", "\(folder)/request.pem", "-out", certificate, "-startdate", from, "-enddate",
                until,
            ])
    }

    private func run(_ arguments: [String]) -> Bool {
        var status: Int32 = 0
        guard let process = spawn(arguments) else { return false }
        return waitpid(process, &status, 0) == process && status == 0
    }

    private func spawn(_ arguments: [String]) -> pid_t? {
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for output: Int32 in [1, 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        var process = pid_t()
        return posix_spawnp(&process, arguments[0], &actions, nil, &words, environ) == 0 ? process : nil
    }
}
