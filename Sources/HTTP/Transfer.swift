import Glibc
import Synchronization

/// One request on its way: what is sent, what has come back, and whom to tell.
///
/// Made by the caller, then owned by the curl thread; only ``isCancelled`` is touched by both.
final class Transfer: @unchecked Sendable {
    /// Where the body of an answer goes.
    enum Sink {
        case memory
        /// A 2xx body goes to an open file from `offset` on.
        case file(descriptor: Int32, offset: Int64, maxBytes: Int64)
    }

    /// More than any server of ours sends in header lines.
    static let maxHeaderBytes = 128 << 10
    /// Whoever allows little for a good answer still wants to read why there is none.
    static let maxErrorBodyBytes = 1 << 20

    let request: HTTPRequest
    let source: BodySource?
    let sink: Sink
    private let watch: HTTPClient.BodyWatch?
    let isCancelled = Atomic<Bool>(false)
    var continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>?
    /// Set when a callback ends the transfer; more to the point than what curl then says.
    var failure: HTTPError?
    var pace: TransferPace

    private var status = 0
    private var headers = HTTPHeaders()
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var bytesWritten: Int64 = 0

    init(_ request: HTTPRequest, sink: Sink, watch: HTTPClient.BodyWatch? = nil) throws(HTTPError) {
        if let defect = request.defect { throw .badRequest(request.place, defect) }
        self.request = request
        self.sink = sink
        self.watch = watch
        source = try BodySource(request.body)
        pace = TransferPace(limits: request.limits, start: .now)
    }

    var response: HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: body, bytesWritten: bytesWritten)
    }

    var hasStatus: Bool { status != 0 }

    /// Gives curl the next bytes of the body; nil ends the transfer.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard let source else { return 0 }
        guard let count = source.read(into: buffer) else {
            failure = .fileRead(request.place, "its file became unreadable or shorter")
            return nil
        }
        if source.isAtEnd { pace.sentAll(at: .now) } else { pace.moved(count, at: .now) }
        return count
    }

    /// Takes one header line; false ends the transfer.
    func take(headerLine line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= Self.maxHeaderBytes else {
            failure = .badAnswer(request.place, "the answer's headers are longer than \(Self.maxHeaderBytes) bytes")
            return false
        }
        pace.moved(line.count, at: .now)
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            status = words.count > 1 ? Int(words[1].prefix { $0.isNumber }) ?? 0 : 0
            headers = HTTPHeaders()
        } else if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let value = text[text.utf8.index(after: colon)...]
            headers.append(String(text[..<colon]), trimmed(value))
        }
        return true
    }

    /// Takes a piece of the body; false ends the transfer.
    func take(body piece: UnsafeRawBufferPointer) -> Bool {
        pace.moved(piece.count, at: .now)
        if case .file(let descriptor, let offset, let maxBytes) = sink, (200...299).contains(status) {
            return write(piece, to: descriptor, at: offset, maxBytes: maxBytes)
        }
        let isGood = (200...299).contains(status)
        let maxBytes = isGood ? request.limits.maxBodyBytes : max(request.limits.maxBodyBytes, Self.maxErrorBodyBytes)
        guard body.count + piece.count <= maxBytes else {
            failure = .tooLarge(request.place, maxBytes: Int64(maxBytes))
            return false
        }
        body.append(contentsOf: piece)
        return true
    }

    private func write(_ piece: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64, maxBytes: Int64) -> Bool {
        guard bytesWritten + Int64(piece.count) <= maxBytes else {
            failure = .tooLarge(request.place, maxBytes: maxBytes)
            return false
        }
        var rest = piece
        while !rest.isEmpty {
            let place = off_t(offset + bytesWritten)
            let written = retryingInterruption { pwrite(descriptor, rest.baseAddress, rest.count, place) }
            guard written > 0 else {
                failure = .fileWrite(request.place, errno: written == 0 ? EIO : errno)
                return false
            }
            bytesWritten += Int64(written)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        watch?(headers, piece, bytesWritten - Int64(piece.count))
        return true
    }

    /// What the watch over the pace says, as an error.
    func overdue(at now: ContinuousClock.Instant) -> HTTPError? {
        switch pace.check(at: now) {
        case nil: nil
        case .noFirstByte: .firstByteTimeout(request.place, request.limits.firstByte)
        case .stalled(let bytes): .stalled(request.place, bytes: bytes, window: request.limits.stallWindow)
        }
    }

    func finish(_ result: Result<HTTPResponse, HTTPError>) {
        let continuation = continuation
        self.continuation = nil
        continuation?.resume(returning: result)
    }
}

/// A header value without the spaces and the line end round it.
private func trimmed(_ value: Substring) -> String {
    let isSpace = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 || byte == 10 }
    var bytes = value.utf8[...]
    while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return String(Substring(bytes))
}
