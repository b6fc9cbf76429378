/// What went wrong with a compressed stream, or with the file beneath it.
///
/// | code | means |
/// |---|---|
/// | `compressed.truncated` | the stream ends in the middle of a gzip member or zstd frame |
/// | `compressed.corrupt` | the stream is not what its first bytes promise, or a checksum differs |
/// | `compressed.window_too_large` | a zstd frame needs more memory than ``ZstdByteSource/maxWindowLog`` allows |
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
    static func truncated(_ name: String, _ format: String, at offset: Int64) -> CompressionError {
        CompressionError(
            code: "compressed.truncated",
            message: "\(name): the \(format) stream ends in the middle of its data, after \(offset) compressed bytes. "
                + "Send the whole file again.")
    }

    static func corrupt(_ name: String, _ format: String, near offset: Int64, _ detail: String) -> CompressionError {
        CompressionError(
            code: "compressed.corrupt",
            message: "\(name): the \(format) stream is damaged near compressed byte \(offset): \(detail). "
                + "Send the file again.")
    }

    static func noMemory(_ what: String) -> CompressionError {
        CompressionError(
            code: "compressed.no_memory", message: "No memory for a \(what) context. Give the process more memory.",
            isTransient: true)
    }
}
