import Glibc

/// A path as the file system knows it: bytes, which need not be UTF-8.
struct LocalPath: Hashable, Sendable, CustomStringConvertible {
    /// Without a zero byte.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// For messages and keys: bytes that are not UTF-8 are shown as U+FFFD.
    var description: String { String(decoding: bytes, as: UTF8.self) }

    func appending(_ component: [UInt8]) -> LocalPath {
        LocalPath(bytes.last == UInt8(ascii: "/") ? bytes + component : bytes + [UInt8(ascii: "/")] + component)
    }

    func appending(_ component: String) -> LocalPath {
        appending(Array(component.utf8))
    }

    /// The folder that holds it.
    var parent: LocalPath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return LocalPath(".") }
        return LocalPath(slash == 0 ? [UInt8(ascii: "/")] : Array(bytes[..<slash]))
    }

    /// The part after the last slash.
    var name: [UInt8] {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes }
        return Array(bytes[(slash + 1)...])
    }

    /// Absolute: a relative path is one below the process's current folder.
    var absolute: LocalPath {
        guard bytes.first != UInt8(ascii: "/") else { return self }
        guard let folder = getcwd(nil, 0) else { return self }
        defer { free(folder) }
        return LocalPath(String(cString: folder)).appending(bytes)
    }

    func withCString<Value>(_ body: (UnsafePointer<CChar>) throws -> Value) rethrows -> Value {
        try (bytes + [0]).withUnsafeBytes { raw in
            try raw.withMemoryRebound(to: CChar.self) { buffer in
                guard let base = buffer.baseAddress else { preconditionFailure("never empty: it ends with a zero") }
                return try body(base)
            }
        }
    }
}
