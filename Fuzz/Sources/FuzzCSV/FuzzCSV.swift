import Columns
import Compression
@testable import Tabular

/// Any bytes as CSV, by the file's own habits and as declared: the dialect is found, or refused by a code, and the rows are the
/// same whatever pieces they are read in, by the fast scan and by the exact one, and by one thread or several.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCSV(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.first else { return 0 }
    let text = Array(bytes.dropFirst())
    _ = TextEncoding(detecting: text)
    var automatic = DialectHints()
    automatic.keepsOpenQuotes = choice & 1 == 1
    var declared = DialectHints(delimiter: 44, quote: 34, escape: choice & 2 == 2 ? 92 : 34, header: choice & 4 == 4)
    declared.delimiterTail = choice & 8 == 8 ? [32] : []
    declared.recordSuffix = choice & 16 == 16 ? [38] : []
    declared.comment = choice & 32 == 32 ? 35 : nil
    for hints in [automatic, declared] {
        do {
            let inspector = CSVInspector(hints: hints) { MemorySource(text) }
            let head = try inspector.head()
            let inspection = try inspector.inspect()
            precondition(head.names == inspection.columns.map(\.name) && Set(head.names).count == head.names.count)
            let whole = read(text, head.dialect, inspection, chunkBytes: 1 << 20, exactly: false)
            let small = Int(choice) + 1
            // Threads cost more than the reading: they come with one text in sixteen.
            let threads = choice & 0xF0 == 0x40 ? 3 : 1
            for (chunkBytes, exactly, threads) in [(small, false, threads), (small, true, 1), (1 << 20, true, 1)] {
                let other = read(
                    text, head.dialect, inspection, chunkBytes: chunkBytes, exactly: exactly, threads: threads)
                precondition(
                    whole == other,
                    "pieces of \(chunkBytes), exact scan \(exactly), \(threads) threads: \(other) instead of \(whole)")
            }
        } catch let error as TabularError {
            precondition(error.code.contains("."))
        } catch {
            preconditionFailure("\(error)")
        }
    }
    return 0
}

/// Everything that a reader says, as text.
private func read(_ text: [UInt8], _ dialect: Dialect, _ inspection: CSVInspection, chunkBytes: Int, exactly: Bool, threads: Int = 1)
    -> String
{
    var said: [String] = []
    do {
        let columns = inspection.columns
        let mapping = FieldMapping(
            columns: columns, fields: Array(columns.indices), fieldNames: columns.map(\.name), formats: inspection.formats)
        let reader = try CSVReader(
            source: MemorySource(text), dialect: dialect, mapping: mapping, threads: threads, chunkBytes: chunkBytes,
            exactScanOnly: exactly)
        while let result = try reader.next() {
            let batch = result.batch
            for row in 0..<batch.rowCount {
                said.append("\(batch.recordNumbers[row]) " + batch.columns.map { $0.text(row: row)?.debugDescription ?? "-" }.joined())
            }
            for reject in result.rejects { said.append("\(reject.record) \(reject.location) \(reject.code) \(reject.reason)") }
        }
    } catch {
        said.append("\(error)")
    }
    // Rows and rejects of one batch are told apart by their numbers, not by their order.
    return said.sorted().joined(separator: "\n")
}

/// Bytes in memory.
private final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var fileBytesRead: Int64 { Int64(at) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(bytes.count - at, buffer.count)
        buffer.copyBytes(from: bytes[at..<at + count])
        at += count
        return count
    }
}
