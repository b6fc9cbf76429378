import CCurl
import Glibc
import Synchronization

/// The one thread that drives libcurl, and the only file that calls it.
///
/// How this works: callers put transfers (and cancellations) into an inbox and wake the thread. The thread takes them
/// out, lets curl work, tells the callers whose transfers ended, ends those that are overdue, and sleeps in
/// `curl_multi_poll` until a socket, a timer or the inbox has something for it. curl's handles are touched by no
/// other thread, except for `curl_multi_wakeup`, which is made for that.
final class CurlLoop: Sendable {
    private struct Inbox {
        var added: [Transfer] = []
        var cancelled: [Transfer] = []
        var isStopping = false
        /// The thread has ended and its handles are gone.
        var isClosed = false

        /// What has come in since the last time.
        mutating func take() -> Inbox {
            let news = self
            added = []
            cancelled = []
            return news
        }
    }

    private static let longestSleep = Duration.seconds(60)

    private let inbox = Mutex(Inbox())
    private let multi: MultiHandle
    private let settings: HTTPClientSettings

    init(_ settings: HTTPClientSettings) {
        self.settings = settings
        multi = MultiHandle(maxIdleConnections: settings.maxIdleConnections)
    }

    func start() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }
        guard pthread_create(&thread, nil, entry, context.toOpaque()) == 0 else {
            fatalError("the system refused a thread for HTTP")
        }
        pthread_detach(thread)
    }

    func stop() {
        inbox.withLock {
            $0.isStopping = true
            if !$0.isClosed { multi.wake() }
        }
    }

    func add(_ transfer: Transfer) {
        let isClosed = inbox.withLock {
            if $0.isClosed { return true }
            $0.added.append(transfer)
            multi.wake()
            return false
        }
        if isClosed { transfer.finish(.failure(.closed(transfer.request.place))) }
    }

    /// May come before, during or after the transfer's time on the thread.
    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        inbox.withLock {
            guard !$0.isClosed else { return }
            $0.cancelled.append(transfer)
            multi.wake()
        }
    }

    private func run() {
        var active: [ObjectIdentifier: EasyHandle] = [:]
        while true {
            let news = inbox.withLock { $0.take() }
            if news.isStopping {
                close(&active, notBegun: news.added)
                return
            }
            for transfer in news.added { admit(transfer, &active) }
            for transfer in news.cancelled {
                end(ObjectIdentifier(transfer), &active, .failure(.cancelled(transfer.request.place)))
            }
            multi.perform()
            while let (handle, code) = multi.nextEnded() {
                guard let transfer = Transfer.of(handle), let easy = active[ObjectIdentifier(transfer)] else {
                    continue
                }
                end(ObjectIdentifier(transfer), &active, easy.result(code))
            }
            let sleep = expire(&active)
            multi.poll(milliseconds: sleep)
        }
    }

    private func admit(_ transfer: Transfer, _ active: inout [ObjectIdentifier: EasyHandle]) {
        if transfer.isCancelled.load(ordering: .acquiring) {
            transfer.finish(.failure(.cancelled(transfer.request.place)))
            return
        }
        do {
            let easy = try EasyHandle(transfer, settings)
            active[ObjectIdentifier(transfer)] = easy
            multi.add(easy)
        } catch {
            transfer.finish(.failure(error))
        }
    }

    /// Ends transfers that take too long and says how long to sleep until the next may be, in milliseconds.
    private func expire(_ active: inout [ObjectIdentifier: EasyHandle]) -> Int32 {
        let now = ContinuousClock.now
        var next = now + Self.longestSleep
        for (key, easy) in active {
            if let error = easy.transfer.overdue(at: now) {
                end(key, &active, .failure(error))
            } else {
                next = min(next, easy.transfer.pace.deadline)
            }
        }
        return Int32((next - now).wholeMilliseconds)
    }

    private func end(
        _ key: ObjectIdentifier, _ active: inout [ObjectIdentifier: EasyHandle],
        _ result: Result<HTTPResponse, HTTPError>
    ) {
        guard let easy = active.removeValue(forKey: key) else { return }
        multi.remove(easy)
        easy.transfer.finish(result)
    }

    /// Ends everything: what is on its way, what had not begun, and what came in meanwhile.
    private func close(_ active: inout [ObjectIdentifier: EasyHandle], notBegun: [Transfer]) {
        let late = inbox.withLock {
            $0.isClosed = true
            return $0.take().added
        }
        for (key, easy) in active { end(key, &active, .failure(.closed(easy.transfer.request.place))) }
        for transfer in notBegun + late { transfer.finish(.failure(.closed(transfer.request.place))) }
        multi.close()
    }
}

/// curl's multi handle.
private struct MultiHandle: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    /// curl wants to be told once that a process begins.
    private static let isCurlReady = curl_global_init(landfall_curl_global_all) == CURLE_OK

    init(maxIdleConnections: Int) {
        guard Self.isCurlReady, let handle = curl_multi_init() else { fatalError("libcurl is out of memory") }
        self.handle = handle
        _ = landfall_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, maxIdleConnections)
    }

    func close() { curl_multi_cleanup(handle) }
    func wake() { curl_multi_wakeup(handle) }
    func add(_ easy: EasyHandle) { curl_multi_add_handle(handle, easy.handle) }
    func remove(_ easy: EasyHandle) { curl_multi_remove_handle(handle, easy.handle) }
    func poll(milliseconds: Int32) { curl_multi_poll(handle, nil, 0, milliseconds, nil) }

    func perform() {
        var running: Int32 = 0
        curl_multi_perform(handle, &running)
    }

    /// A transfer that has come to its end, with curl's verdict.
    func nextEnded() -> (UnsafeMutableRawPointer, CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            return (easy, landfall_curl_message_result(message))
        }
        return nil
    }
}

extension Transfer {
    /// The transfer that an easy handle was made for.
    fileprivate static func of(_ handle: UnsafeMutableRawPointer) -> Transfer? {
        var context: UnsafeMutableRawPointer?
        guard landfall_curl_get_pointer(handle, CURLINFO_PRIVATE, &context) == CURLE_OK else { return nil }
        return of(context: context)
    }

    fileprivate static func of(context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// curl's handle for one transfer, with what must live as long as it.
private final class EasyHandle {
    let handle: UnsafeMutableRawPointer
    let transfer: Transfer
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>
    private var firstProblem = CURLE_OK

    init(_ transfer: Transfer, _ settings: HTTPClientSettings) throws(HTTPError) {
        guard let handle = curl_easy_init() else { fatalError("libcurl is out of memory") }
        self.handle = handle
        self.transfer = transfer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        setConnection(transfer.request, settings)
        setRequest(transfer.request)
        setCallbacks()
        guard firstProblem == CURLE_OK else {
            throw .badRequest(transfer.request.place, String(cString: curl_easy_strerror(firstProblem)))
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    private func note(_ code: CURLcode) {
        if firstProblem == CURLE_OK { firstProblem = code }
    }

    private func set(_ option: CURLoption, _ value: Int) { note(landfall_curl_set_long(handle, option, value)) }
    private func set(_ option: CURLoption, _ value: String) { note(landfall_curl_set_text(handle, option, value)) }
    private func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        note(landfall_curl_set_pointer(handle, option, value))
    }

    private func setConnection(_ request: HTTPRequest, _ settings: HTTPClientSettings) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_USERAGENT, settings.userAgent)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if let path = settings.caBundlePath { set(CURLOPT_CAINFO, path) }
        // an empty text keeps curl from reading the environment, which is not what our settings were made from
        set(CURLOPT_PROXY, request.usesProxy ? settings.proxies.proxy(for: request.url) ?? "" : "")
        set(CURLOPT_NOPROXY, settings.proxies.exceptions ?? "")
        set(CURLOPT_CONNECTTIMEOUT_MS, request.limits.connect.wholeMilliseconds)
        if let whole = request.limits.whole { set(CURLOPT_TIMEOUT_MS, whole.wholeMilliseconds) }
    }

    private func setRequest(_ request: HTTPRequest) {
        switch (request.method, transfer.source) {
        case ("GET", nil): set(CURLOPT_HTTPGET, 1)
        case ("HEAD", nil): set(CURLOPT_NOBODY, 1)
        case (_, let source?):
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_CUSTOMREQUEST, request.method)
            note(landfall_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(source.count)))
        case ("POST", nil), ("PUT", nil):
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_CUSTOMREQUEST, request.method)
            note(landfall_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, 0))
        case (_, nil): set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        append(line: "Expect:")  // no waiting for "100 Continue"
        for header in request.headers {
            // a name with a semicolon is curl's way to send an empty value
            append(line: header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        note(landfall_curl_set_list(handle, CURLOPT_HTTPHEADER, headerList))
    }

    private func append(line: String) {
        guard let list = curl_slist_append(headerList, line) else { fatalError("libcurl is out of memory") }
        headerList = list
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        for option in [CURLOPT_PRIVATE, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA] {
            set(option, context)
        }
        set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        note(
            landfall_curl_set_transfer(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
                let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
                return Transfer.of(context: context)?.fill(buffer) ?? landfall_curl_abort_read
            })
        note(
            landfall_curl_set_transfer(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                // any other number than the one given ends the transfer
                return Transfer.of(context: context)?.take(body: piece) == true ? piece.count : piece.count &+ 1
            })
        note(
            landfall_curl_set_transfer(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Transfer.of(context: context)?.take(headerLine: line) == true ? line.count : line.count &+ 1
            })
        note(
            landfall_curl_set_seek(handle) { context, offset, origin in
                guard origin == SEEK_SET, Transfer.of(context: context)?.source?.seek(to: Int64(offset)) == true
                else { return CURL_SEEKFUNC_FAIL }
                return CURL_SEEKFUNC_OK
            })
    }

    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if let failure = transfer.failure { return .failure(failure) }
        if code == CURLE_OK, transfer.hasStatus { return .success(transfer.response) }
        return .failure(error(code))
    }

    /// Puts curl's verdict into our words.
    private func error(_ code: CURLcode) -> HTTPError {
        var (name, isTransient, isTimeout) = ("http.failed", false, false)
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            (name, isTransient, isTimeout) = (hasConnected ? "http.timeout" : "http.connect_timeout", true, true)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: (name, isTransient) = ("http.unknown_host", true)
        case CURLE_COULDNT_CONNECT: (name, isTransient) = ("http.connect_failed", true)
        case CURLE_PROXY: (name, isTransient) = ("http.proxy_failed", true)
        case CURLE_SSL_CONNECT_ERROR: (name, isTransient) = ("http.tls_failed", true)
        case CURLE_PEER_FAILED_VERIFICATION: name = "http.certificate_rejected"
        case CURLE_SSL_CACERT_BADFILE: name = "http.bad_ca_bundle"
        case CURLE_PARTIAL_FILE: (name, isTransient) = ("http.truncated", true)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR: (name, isTransient) = ("http.connection_lost", true)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL, CURLE_OK:
            (name, isTransient) = ("http.bad_answer", true)
        case CURLE_URL_MALFORMAT: name = "http.bad_request"
        default: break
        }
        let detail = String(cString: errorText)
        let reason = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        return HTTPError(
            code: name, message: "\(transfer.request.place): \(reason).", isTransient: isTransient, isTimeout: isTimeout
        )
    }

    private var hasConnected: Bool {
        var microseconds: curl_off_t = 0
        return landfall_curl_get_offset(handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds) == CURLE_OK
            && microseconds > 0
    }
}

extension Duration {
    /// At least one, because curl takes none for its default.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let limit = Int64(Int32.max)
        return max(1, Int(min(seconds, limit / 1000 - 1) * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
