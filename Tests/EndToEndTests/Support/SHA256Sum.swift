import Foundation

/// A file's SHA-256 as coreutils compute it.
enum SHA256Sum {
    static func of(_ path: String) throws -> String {
        let (process, output) = (Process(), Foundation.Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        // Without a name there is nothing to escape in the answer.
        process.standardInput = FileHandle(forReadingAtPath: path)
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(text.prefix(64))
    }
}
