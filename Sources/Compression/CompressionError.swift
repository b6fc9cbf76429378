/// What went wrong with a compressed stream, or with the file beneath it.
///
/// | code | means |
/// |---|---|
/// | `compressed.truncated` | the stream ends in the middle of a gzip member or zstd frame |
/// | `compressed.corrupt` | the stream is not what its first bytes promise, or a checksum differs |
/// | `compressed.trailing_bytes` | something else than padding follows the last member or frame |
/// | `compressed.bomb`, `compressed.too_large`, `compressed.too_many_layers` | unwrapping goes beyond ``UnwrapLimits`` |
/// | `compressed.window_too_large` | a zstd frame needs more memory than ``UnwrapLimits/maxWindowLog`` allows |
/// | `archive.truncated`, `archive.corrupt` | a zip's or tar's own structure is cut off or wrong, or a member is not as declared |
/// | `archive.encrypted`, `archive.unsupported` | a member is encrypted, or stored in a way that is not read |
/// | `archive.too_many_members`, `archive.duplicate_member`, `archive.nested`, `archive.no_member` | as they say |
/// | `compressed.no_memory` | a compression context could not be made |
/// | `input.not_found`, `input.no_permission`, `input.not_a_file`, `input.read_failed` | the file cannot be read |
/// | `output.not_creatable`, `output.no_space`, `output.write_failed` | the file cannot be written |
package struct CompressionError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: String
    /// One or two sentences for people.
    package let message: String
    /// True where the same call may succeed later: no space, input/output error, no memory.
    package let isTransient: Bool

    package init(code: String, message: String, isTransient: Bool = false) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }

    package var description: String { "\(code): \(message)" }
}

extension CompressionError {
    static func truncated(_ name: String, _ format: StreamFormat, at offset: Int64) -> CompressionError {
        CompressionError(
            code: "compressed.truncated",
            message: "\(name): the \(format.rawValue) stream ends in the middle of its data, after \(offset) compressed bytes. "
                + "Send the whole file again.")
    }

    static func corrupt(_ name: String, _ format: String, near offset: Int64, _ detail: String) -> CompressionError {
        CompressionError(
            code: "compressed.corrupt",
            message: "\(name): the \(format) stream is damaged near compressed byte \(offset): \(detail). "
                + "Send the file again.")
    }

    static func windowTooLarge(_ name: String, _ maxWindowLog: Int) -> CompressionError {
        CompressionError(
            code: "compressed.window_too_large",
            message: "\(name): a zstd frame needs a window of more than 2^\(maxWindowLog) bytes, which memory allows. "
                + "Give more memory, or compress the file with at most --long=\(maxWindowLog).")
    }

    static func noMemory(_ what: String) -> CompressionError {
        CompressionError(
            code: "compressed.no_memory", message: "No memory for a \(what) context. Give the process more memory.",
            isTransient: true)
    }

    /// An archive whose own structure is wrong.
    static func badArchive(_ name: String, _ kind: Container, _ detail: String) -> CompressionError {
        CompressionError(
            code: "archive.corrupt", message: "\(name): the \(kind.rawValue) archive is damaged: \(detail). Send it again.")
    }

    static func truncatedArchive(_ name: String, _ kind: Container, _ detail: String) -> CompressionError {
        CompressionError(
            code: "archive.truncated",
            message: "\(name): the \(kind.rawValue) archive is cut off: \(detail). Send the whole file again.")
    }

    static func unsupportedArchive(_ name: String, _ kind: Container, _ detail: String) -> CompressionError {
        CompressionError(
            code: "archive.unsupported", message: "\(name): the \(kind.rawValue) archive \(detail), which is not read. Pack it anew.")
    }
}
