import Compression

/// A fixed-width text as a delimited one, line by line: fields with the blanks at their ends taken off, and a unit separator
/// between them, so that the CSV reader takes it from there.
///
/// Positions count characters of UTF-8, not bytes. A line may end early: the fields that are missing are empty. What stands
/// behind the last field, other than blanks, makes one field too many, so that the record is a reject.
package final class FixedWidthByteSource: ByteSource {
    private static let bufferBytes = 256 << 10

    private let source: any ByteSource
    private let layout: FixedWidthLayout
    private var input = [UInt8](repeating: 0, count: bufferBytes)
    private var begin = 0
    private var end = 0
    private var sourceEnded = false
    private var output: [UInt8] = []
    private var given = 0

    package init(_ source: any ByteSource, layout: FixedWidthLayout) {
        self.source = source
        self.layout = layout
    }

    package var fileBytesRead: Int64 { source.fileBytesRead }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while given == output.count {
            output.removeAll(keepingCapacity: true)
            given = 0
            if try !convert() { return 0 }
        }
        let count = min(buffer.count, output.count - given)
        buffer.copyBytes(from: output[given..<(given + count)])
        given += count
        return count
    }

    /// Converts all whole lines that are there; false at the end.
    private func convert() throws(CompressionError) -> Bool {
        if begin == end, sourceEnded { return false }
        var found = false
        while let newline = input[begin..<end].firstIndex(of: 10) {
            append(begin..<newline)
            begin = newline + 1
            found = true
        }
        if found { return true }
        if sourceEnded {
            append(begin..<end)
            begin = end
            return true
        }
        try fill()
        return true
    }

    private func append(_ line: Range<Int>) {
        var line = line
        if line.last.map({ input[$0] == 13 }) ?? false { line.removeLast() }
        var at = line.lowerBound
        if at == 0, input[line].starts(with: [0xEF, 0xBB, 0xBF]) { at += 3 }
        guard at < line.upperBound else {
            output.append(10)
            return
        }
        var character = 0
        for (index, field) in layout.fields.enumerated() {
            at = skip(field.range.lowerBound - character, from: at, to: line.upperBound)
            let start = at
            at = skip(field.range.count, from: at, to: line.upperBound)
            character = field.range.upperBound
            if index > 0 { output.append(FixedWidthLayout.delimiter) }
            output.append(contentsOf: input[trimmed(start..<at)])
        }
        let rest = trimmed(at..<line.upperBound)
        if !rest.isEmpty {
            output.append(FixedWidthLayout.delimiter)
            output.append(contentsOf: input[rest])
        }
        output.append(10)
    }

    private func skip(_ characters: Int, from start: Int, to end: Int) -> Int {
        var at = start
        var left = characters
        while left > 0, at < end {
            at += 1
            while at < end, input[at] & 0xC0 == 0x80 { at += 1 }
            left -= 1
        }
        return at
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, input[start] == 32 { start += 1 }
        while end > start, input[end - 1] == 32 { end -= 1 }
        return start..<end
    }

    private func fill() throws(CompressionError) {
        if begin > 0 {
            input.replaceSubrange(0..<(end - begin), with: input[begin..<end])
            end -= begin
            begin = 0
        }
        if end == input.count {
            guard end < RecordChunker.maxRecordBytes else {
                throw CompressionError(
                    code: "csv.record_too_long",
                    message:
                        "A line of the fixed-width text has more than \(RecordChunker.maxRecordBytes) bytes. Are its line ends LF or CR LF?"
                )
            }
            input.append(contentsOf: repeatElement(0, count: input.count))
        }
        let filled = end
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
}
