import Compression

/// A text in another encoding, as UTF-8.
///
/// Bytes that are no character of the encoding end the reading with `encoding.invalid`, which says where they stand, or
/// become U+FFFD where that is asked for. Memory: two buffers of ``bufferBytes``.
package final class TranscodedByteSource: ByteSource {
    static let bufferBytes = 64 << 10

    private let source: any ByteSource
    private let encoding: TextEncoding
    private let replaces: Bool
    private let iconv: Iconv
    private var input = [UInt8](repeating: 0, count: bufferBytes)
    private var begin = 0
    private var end = 0
    private var sourceEnded = false
    private var output = [UInt8](repeating: 0, count: bufferBytes)
    private var ready: Range<Int> = 0..<0
    /// Bytes of the source before `input[begin]`, and lines of the text so far.
    private var offset: Int64 = 0
    private var line: Int64 = 1
    /// What stands before the text's first character, without being text itself; nil before anything was converted.
    private var mark: Int64?

    package init(_ source: any ByteSource, encoding: TextEncoding, replacesInvalid: Bool = false) throws(TabularError) {
        guard let iconv = Iconv(from: encoding.name) else {
            throw TabularError("encoding.unknown", "There is no encoding \(encoding.name) on this system.")
        }
        self.source = source
        self.encoding = encoding
        self.iconv = iconv
        replaces = replacesInvalid
    }

    package var fileBytesRead: Int64 { source.fileBytesRead }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while ready.isEmpty {
            if try !convert() { return 0 }
        }
        let count = min(buffer.count, ready.count)
        buffer.copyBytes(from: output[ready.lowerBound..<(ready.lowerBound + count)])
        ready = (ready.lowerBound + count)..<ready.upperBound
        return count
    }

    /// Converts some more; false at the end.
    private func convert() throws(CompressionError) -> Bool {
        if end == 0 || (begin == end && !sourceEnded) { try fill() }
        if begin == end { return false }
        let (begin, end) = (self.begin, self.end)
        let (outcome, taken, written) = input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                iconv.convert(UnsafeBufferPointer(rebasing: input[begin..<end]), into: output)
            }
        }
        self.begin += taken
        offset += Int64(taken)
        ready = 0..<written
        if mark == nil, written > 0 {
            mark = Int64(taken) - output.withUnsafeBufferPointer { output in output.baseAddress.map { widths.bytes($0, written) } ?? 0 }
        }
        for at in 0..<written where output[at] == 10 { line += 1 }
        switch outcome {
        case .done, .full: break
        case .incomplete where !sourceEnded: try fill()
        case .incomplete, .invalid:
            guard replaces else { throw invalid() }
            if written == 0 {
                output.replaceSubrange(0..<3, with: [0xEF, 0xBF, 0xBD])
                ready = 0..<3
                let skipped = min(unitBytes, self.end - self.begin)
                self.begin += skipped
                offset += Int64(skipped)
            }
        }
        return true
    }

    /// How places in the text are found in the source, once something was read.
    var offsets: OriginalOffsets {
        // Characters that were put in have another width than what they stand for.
        guard case .widths(let short, let long, _) = widths, let mark, mark >= 0 else { return .unknown }
        return .widths(short: short, long: long, mark: mark)
    }

    private lazy var widths: OriginalOffsets = {
        let name = encoding.name
        if name.hasPrefix("utf-16") { return .widths(short: 2, long: 4, mark: 0) }
        if name.hasPrefix("utf-32") { return .widths(short: 4, long: 4, mark: 0) }
        return Iconv.isSingleByte(name) ? .widths(short: 1, long: 1, mark: 0) : .unknown
    }()

    /// How many bytes an invalid sequence is taken to have.
    private var unitBytes: Int {
        encoding.name.hasPrefix("utf-16") || encoding.name.hasPrefix("ucs-2") ? 2 : encoding.name.hasPrefix("utf-32") ? 4 : 1
    }

    private func fill() throws(CompressionError) {
        if begin > 0 {
            input.replaceSubrange(0..<(end - begin), with: input[begin..<end])
            end -= begin
            begin = 0
        }
        let filled = end
        // The closure's error type is not inferred through the buffer's rethrow.
        var failure: CompressionError?
        let count = input.withUnsafeMutableBytes { bytes -> Int in
            do throws(CompressionError) {
                return try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        end += count
        sourceEnded = count == 0
    }

    private func invalid() -> CompressionError {
        let bytes = input[begin..<min(end, begin + 4)].map { "0x" + String($0, radix: 16) }.joined(separator: " ")
        return CompressionError(
            code: "encoding.invalid",
            message: "Line \(line), byte \(offset) of the file: expected a character of \(encoding.name), found \(bytes). Mend the "
                + "file, declare its encoding (--encoding, input.encoding), or have such bytes replaced (encoding_errors: replace).")
    }
}
