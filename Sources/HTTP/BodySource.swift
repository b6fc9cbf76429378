import Glibc

/// The bytes of a request's body, readable from any offset, so that a request can be sent again.
///
/// Used by one thread at a time.
final class BodySource: @unchecked Sendable {
    private enum Storage {
        case bytes([UInt8])
        case file(descriptor: Int32, start: Int64)
        case trailed(descriptor: Int32, TrailedBody)
    }

    private let storage: Storage
    let count: Int64
    private(set) var offset: Int64 = 0

    /// - Throws: `http.file_read` where the file cannot be opened or is shorter than the range.
    init?(_ body: HTTPBody) throws(HTTPError) {
        switch body {
        case .none: return nil
        case .bytes(let bytes):
            storage = .bytes(bytes)
            count = Int64(bytes.count)
        case .file(let path, let range):
            let (descriptor, range) = try Self.openFile(path, range)
            storage = .file(descriptor: descriptor, start: range.lowerBound)
            count = range.upperBound - range.lowerBound
        case .trailedFile(let path, let range, let trailer):
            let (descriptor, range) = try Self.openFile(path, range)
            let size = range.upperBound - range.lowerBound
            let body = TrailedBody(size: size, trailer: trailer) { buffer, offset in
                let place = off_t(range.lowerBound + offset)
                let got = retryingInterruption { pread(descriptor, buffer.baseAddress, buffer.count, place) }
                return got > 0 ? got : nil
            }
            storage = .trailed(descriptor: descriptor, body)
            count = TrailedBody.encodedBytes(size: size, trailer: trailer)
        }
    }

    private static func openFile(_ path: String, _ range: Range<Int64>?) throws(HTTPError) -> (Int32, Range<Int64>) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .fileRead(path, errorText(errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = errorText(errno)
            close(descriptor)
            throw .fileRead(path, reason)
        }
        let size = Int64(status.st_size)
        let range = range ?? 0..<size
        guard range.lowerBound >= 0, range.upperBound <= size else {
            close(descriptor)
            throw .fileRead(path, "it has \(size) bytes and not those of \(range)")
        }
        return (descriptor, range)
    }

    deinit {
        switch storage {
        case .bytes: break
        case .file(let descriptor, _), .trailed(let descriptor, _): close(descriptor)
        }
    }

    var isAtEnd: Bool { offset == count }

    /// Moves to an offset; false where there is no such place.
    func seek(to offset: Int64) -> Bool {
        guard (0...count).contains(offset) else { return false }
        if case .trailed(_, let body) = storage {
            guard offset == 0 else { return false }
            body.rewind()
        }
        self.offset = offset
        return true
    }

    /// Fills as much of the buffer as it can and says how much; nil where the file has become shorter or unreadable.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let wanted = min(buffer.count, Int(count - offset))
        guard wanted > 0 else { return 0 }
        switch storage {
        case .bytes(let bytes):
            bytes.withUnsafeBytes { source in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[Int(offset)..<Int(offset) + wanted]))
            }
            offset += Int64(wanted)
            return wanted
        case .file(let descriptor, let start):
            let got = retryingInterruption { pread(descriptor, buffer.baseAddress, wanted, off_t(start + offset)) }
            guard got > 0 else { return nil }
            offset += Int64(got)
            return got
        case .trailed(_, let body):
            guard let got = body.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])) else { return nil }
            offset += Int64(got)
            return got
        }
    }
}

/// Calls until the call is not interrupted by a signal.
func retryingInterruption(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// The system's sentence for an error number.
func errorText(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return buffer.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
