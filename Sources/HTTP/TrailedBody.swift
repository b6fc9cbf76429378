import Glibc

/// What is written after a body once all of it has been seen: a checksum that is made while the body goes out.
package struct HTTPTrailer: Sendable {
    package let name: String
    /// How long the value will be, which must be known before the first byte goes out.
    package let valueBytes: Int
    package let begin: @Sendable () -> Running

    /// One pass over the body.
    package struct Running {
        package let update: (UnsafeRawBufferPointer) -> Void
        /// Called once, after all bytes; `valueBytes` ASCII bytes.
        package let value: () -> String

        package init(update: @escaping (UnsafeRawBufferPointer) -> Void, value: @escaping () -> String) {
            self.update = update
            self.value = value
        }
    }

    package init(name: String, valueBytes: Int, begin: @escaping @Sendable () -> Running) {
        self.name = name
        self.valueBytes = valueBytes
        self.begin = begin
    }
}

/// A file's bytes in sized chunks with a trailer behind the last: the encoding that S3 calls `aws-chunked`.
///
/// Source: "Signature calculations: trailing checksums", S3 API reference. Used by one thread at a time; holds one chunk.
final class TrailedBody {
    static let chunkBytes: Int64 = 1 << 20

    private let read: (UnsafeMutableRawBufferPointer, Int64) -> Int?
    private let size: Int64
    private let trailer: HTTPTrailer
    private var running: HTTPTrailer.Running
    /// Bytes of the file that have been encoded.
    private var taken: Int64 = 0
    private var hasEnded = false
    private var encoded: [UInt8] = []
    private var sent = 0

    /// - Parameter read: fills the buffer from the offset on; nil where the bytes cannot be read.
    init(size: Int64, trailer: HTTPTrailer, read: @escaping (UnsafeMutableRawBufferPointer, Int64) -> Int?) {
        self.size = size
        self.trailer = trailer
        self.read = read
        running = trailer.begin()
    }

    /// How many bytes a body of `size` becomes.
    static func encodedBytes(size: Int64, trailer: HTTPTrailer) -> Int64 {
        let whole = size / chunkBytes
        let rest = size % chunkBytes
        let frame = { (bytes: Int64) in Int64(String(bytes, radix: 16).utf8.count) + 4 + bytes }
        let chunks = whole * frame(chunkBytes) + (rest > 0 ? frame(rest) : 0)
        return chunks + 3 + Int64(trailer.name.utf8.count + 1 + trailer.valueBytes + 4)
    }

    func rewind() {
        (taken, hasEnded, sent) = (0, false, 0)
        encoded.removeAll(keepingCapacity: true)
        running = trailer.begin()
    }

    /// Fills as much of the buffer as it can; 0 at the end, nil where the file has become shorter or unreadable.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        var filled = 0
        while filled < buffer.count {
            if sent == encoded.count {
                if hasEnded { break }
                guard encodeNext() else { return nil }
            }
            let count = min(buffer.count - filled, encoded.count - sent)
            encoded.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + count]))
            }
            sent += count
            filled += count
        }
        return filled
    }

    private func encodeNext() -> Bool {
        encoded.removeAll(keepingCapacity: true)
        sent = 0
        guard taken < size else {
            hasEnded = true
            encoded += "0\r\n\(trailer.name):\(running.value())\r\n\r\n".utf8
            return true
        }
        let count = Int(min(Self.chunkBytes, size - taken))
        encoded += "\(String(count, radix: 16))\r\n".utf8
        let start = encoded.count
        encoded.append(contentsOf: repeatElement(0, count: count + 2))
        let isRead = encoded.withUnsafeMutableBytes { bytes in
            let chunk = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + count])
            var got = 0
            while got < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: chunk[got...])
                guard let more = read(rest, taken + Int64(got)) else { return false }
                got += more
            }
            running.update(UnsafeRawBufferPointer(chunk))
            (bytes[start + count], bytes[start + count + 1]) = (13, 10)
            return true
        }
        taken += Int64(count)
        return isRead
    }
}
