import Glibc

/// Why no answer came, or none that could be kept. An answer with a bad status is not an error here.
package struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable and dotted: `http.connect_failed`, `http.timeout`, `http.stalled` …
    package let code: String
    /// What failed where, without the URL's query.
    package let message: String
    /// Whether the same request may well succeed later.
    package let isTransient: Bool
    /// Whether time ran out.
    package let isTimeout: Bool

    package init(code: String, message: String, isTransient: Bool, isTimeout: Bool = false) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
        self.isTimeout = isTimeout
    }

    package var description: String { "\(code): \(message)" }
    package var isCancellation: Bool { code == "http.cancelled" }
}

extension HTTPError {
    static func cancelled(_ place: String) -> HTTPError {
        HTTPError(code: "http.cancelled", message: "\(place) was cancelled.", isTransient: false)
    }

    static func closed(_ place: String) -> HTTPError {
        HTTPError(code: "http.closed", message: "\(place): the HTTP client has ended.", isTransient: false)
    }

    static func badRequest(_ place: String, _ reason: String) -> HTTPError {
        HTTPError(code: "http.bad_request", message: "\(place) cannot be sent: \(reason).", isTransient: false)
    }

    static func tooLarge(_ place: String, maxBytes: Int64) -> HTTPError {
        HTTPError(
            code: "http.too_large",
            message: "\(place): the answer is larger than the \(maxBytes) bytes expected at most.",
            isTransient: false)
    }

    static func fileRead(_ path: String, _ reason: String) -> HTTPError {
        HTTPError(code: "http.file_read", message: "\(path) cannot be sent: \(reason).", isTransient: false)
    }

    /// A full disk is somebody else's to empty: the next attempt may find room.
    static func fileWrite(_ place: String, errno: Int32) -> HTTPError {
        HTTPError(
            code: "http.file_write",
            message: "\(place): the answer cannot be written to its file: \(errorText(errno)).",
            isTransient: errno == ENOSPC || errno == EDQUOT)
    }

    static func badAnswer(_ place: String, _ reason: String) -> HTTPError {
        HTTPError(code: "http.bad_answer", message: "\(place): \(reason).", isTransient: true)
    }

    static func firstByteTimeout(_ place: String, _ limit: Duration) -> HTTPError {
        HTTPError(
            code: "http.first_byte_timeout", message: "\(place): no answer began within \(limit).", isTransient: true,
            isTimeout: true)
    }

    static func stalled(_ place: String, bytes: Int, window: Duration) -> HTTPError {
        HTTPError(
            code: "http.stalled", message: "\(place): only \(bytes) bytes moved within \(window).", isTransient: true,
            isTimeout: true)
    }
}
