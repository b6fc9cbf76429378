/// Sends requests over one curl thread that all of them share; connections are kept and used again.
///
/// Make one for the process. Redirects are never followed. TLS is verified and at least 1.2.
package final class HTTPClient: Sendable {
    private let loop: CurlLoop

    package init(_ settings: HTTPClientSettings = HTTPClientSettings()) {
        loop = CurlLoop(settings)
        loop.start()
    }

    deinit {
        loop.stop()
    }

    /// Sends a request and collects the answer's body in memory, up to `limits.maxBodyBytes`.
    ///
    /// Cancelling the task ends it at once with `http.cancelled`.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await run(Transfer(request, sink: .memory))
    }

    /// Sends a request and writes the body of a 2xx answer to an open file; any other body is collected in memory.
    ///
    /// - Parameters:
    ///   - descriptor: open for writing; it stays the caller's and must stay open until this returns.
    ///   - offset: where in the file the body begins, in bytes.
    ///   - maxBytes: a longer body ends with `http.too_large`.
    ///   - watch: is shown each piece of the body that was written, in order and before the next one comes.
    package func download(
        _ request: HTTPRequest, to descriptor: Int32, at offset: Int64 = 0, maxBytes: Int64, watch: BodyWatch? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        try await run(
            Transfer(request, sink: .file(descriptor: descriptor, offset: offset, maxBytes: maxBytes), watch: watch))
    }

    /// Called by the curl thread, which waits for it, with the answer's headers, a piece of its body, and where in the
    /// body the piece begins: 0 for the first.
    package typealias BodyWatch = @Sendable (HTTPHeaders, UnsafeRawBufferPointer, Int64) -> Void

    private func run(_ transfer: Transfer) async throws(HTTPError) -> HTTPResponse {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                loop.add(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try result.get()
    }
}

/// What holds for all requests of a client.
package struct HTTPClientSettings: Sendable {
    /// A PEM file of the authorities to trust instead of the system's.
    package var caBundlePath: String?
    package var userAgent: String
    package var proxies: HTTPProxies
    /// The most idle connections kept for later.
    package var maxIdleConnections: Int

    package init(
        caBundlePath: String? = nil, userAgent: String = "landfall", proxies: HTTPProxies = .none, maxIdleConnections: Int = 64
    ) {
        self.caBundlePath = caBundlePath
        self.userAgent = userAgent
        self.proxies = proxies
        self.maxIdleConnections = maxIdleConnections
    }
}
