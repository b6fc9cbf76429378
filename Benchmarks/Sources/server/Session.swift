import Glibc

/// One connection, served by a thread of its own until the peer goes.
final class Session: Sendable {
    static let maxHeadBytes = 64 << 10

    private let connection, file: Int32
    private let size: Int
    /// Base64, as S3 sends it; nil sends none.
    private let checksum: String?

    init(connection: Int32, file: Int32, size: Int, checksum: String?) {
        (self.connection, self.file, self.size, self.checksum) = (connection, file, size, checksum)
    }

    func start() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<Session>.fromOpaque(context).takeRetainedValue().serve()
            return nil
        }
        guard pthread_create(&thread, nil, entry, context) == 0 else { return }
        pthread_detach(thread)
    }

    /// The head of the next request, or nil when the peer has gone.
    private func nextHead() -> String? {
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while head.count < Self.maxHeadBytes {
            let count = read(connection, &buffer, buffer.count)
            if count <= 0 { return nil }
            head += buffer[..<count]
            if head.suffix(4).elementsEqual("\r\n\r\n".utf8) { return String(decoding: head, as: UTF8.self) }
        }
        return nil
    }

    private func serve() {
        while let head = nextHead() {
            var (first, last, isRange) = (0, size - 1, false)
            for line in head.split(whereSeparator: \.isNewline) where line.lowercased().hasPrefix("range: bytes=") {
                let bounds = line.dropFirst(13).split(separator: "-").compactMap { Int($0) }
                if bounds.count == 2 { (first, last, isRange) = (bounds[0], min(bounds[1], size - 1), true) }
            }
            var answer = "HTTP/1.1 \(isRange ? "206 Partial Content" : "200 OK")\r\n"
            answer += "Content-Length: \(last - first + 1)\r\n"
            if isRange { answer += "Content-Range: bytes \(first)-\(last)/\(size)\r\n" }
            if let checksum { answer += "x-amz-checksum-crc64nvme: \(checksum)\r\n" }
            answer += "ETag: \"bench\"\r\n\r\n"
            guard write(connection, answer, answer.utf8.count) == answer.utf8.count else { break }
            if head.hasPrefix("HEAD") { continue }
            var offset = off_t(first)
            while offset <= last {
                if sendfile(connection, file, &offset, last + 1 - Int(offset)) <= 0 { break }
            }
        }
        close(connection)
    }
}
