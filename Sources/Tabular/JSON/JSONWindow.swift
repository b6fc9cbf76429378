import Compression
import Glibc

/// The part of a JSON text that is in memory: from the record at hand as far as was read.
final class JSONWindow {
    /// How much is read at a time.
    static let chunkBytes = 1 << 20
    /// The longest record, and the most text before and behind the rows of a document.
    static let maxRecordBytes = 32 << 20

    private let source: any ByteSource
    private let isAsInFile: Bool
    private let readBytes: Int
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Where the record at hand begins; what stands before it is let go.
    var at = 0
    private(set) var end = 0
    private(set) var isEnded = false
    /// The offset in the whole text of the buffer's first byte.
    private var offset: Int64 = 0
    /// The line at `counted`, from 1.
    private var lines: Int64 = 1
    private var counted = 0

    /// `source` must stand at the first byte; a byte order mark is skipped here.
    init(source: any ByteSource, chunkBytes: Int = JSONWindow.chunkBytes) throws {
        self.source = source
        isAsInFile = OriginalOffsets(of: source) == .same
        readBytes = max(1, chunkBytes)
        capacity = 2 * readBytes
        buffer = .allocate(capacity: capacity)
        while end < 3, !isEnded { try read() }
        if end >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { at = 3 }
    }

    deinit {
        buffer.deallocate()
    }

    var text: UnsafePointer<UInt8> { UnsafePointer(buffer) }

    /// Reads on: at least as much again as the record has so far, unless the source ends.
    func more() throws {
        guard end - at <= Self.maxRecordBytes else {
            throw TabularError(
                "json.record_too_long",
                "Line \(line(at: at)) (byte \(position(at))): the record goes on for more than \(Self.maxRecordBytes) bytes. "
                    + "JSON lines have one object a line; rows within a document need a path (--path).")
        }
        letGo()
        let wanted = min(end + max(readBytes, end), Self.maxRecordBytes + readBytes)
        while end < wanted, !isEnded { try read(upTo: wanted) }
    }

    /// The offset in the whole text of a place in the buffer.
    func position(_ at: Int) -> Int64 { offset + Int64(at) }

    /// The same in the file that the text comes from; nil where the text was made from another encoding.
    func filePosition(_ at: Int) -> Int64? { isAsInFile ? position(at) : nil }

    /// The line of a place in the buffer, from 1; places are to be asked for in their order.
    func line(at place: Int) -> Int64 {
        while counted < place {
            guard let found = memchr(buffer + counted, 10, place - counted) else {
                counted = place
                break
            }
            lines += 1
            counted = UnsafePointer(buffer).distance(to: found.assumingMemoryBound(to: UInt8.self)) + 1
        }
        return lines
    }

    private func letGo() {
        guard at > 0 else { return }
        _ = line(at: at)
        buffer.update(from: buffer + at, count: end - at)
        offset += Int64(at)
        end -= at
        counted -= at
        at = 0
    }

    private func read() throws { try read(upTo: end + readBytes) }

    private func read(upTo wanted: Int) throws {
        if wanted > capacity {
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted * 2)
            larger.update(from: buffer, count: end)
            buffer.deallocate()
            buffer = larger
            capacity = wanted * 2
        }
        let count = try source.read(into: UnsafeMutableRawBufferPointer(start: buffer + end, count: wanted - end))
        end += count
        isEnded = count == 0
    }
}
