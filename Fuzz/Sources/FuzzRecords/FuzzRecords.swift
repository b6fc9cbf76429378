import Columns
import Compression
@testable import Tabular

/// Any bytes as JSON rows, in the layout that is found and in every other one: read in pieces of any size they come to the same
/// rows, rejects and errors.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecords(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let chunk = bytes.first else { return 0 }
    let text = Array(bytes.dropFirst())
    for layout in [try? JSONLayout.detect(MemorySource(text)), .lines, .values, .array(path: []), .array(path: ["a"])] {
        guard let layout, let inspection = try? JSONInspector(source: MemorySource(text), layout: layout).inspect() else { continue }
        let whole = read(text, inspection, layout, chunkBytes: 1 << 20)
        let parts = read(text, inspection, layout, chunkBytes: Int(chunk) + 1)
        precondition(whole == parts, "pieces of \(Int(chunk) + 1) bytes are read otherwise than the whole: \(whole) and \(parts)")
    }
    return 0
}

/// Everything that a reader says, as text.
private func read(_ text: [UInt8], _ inspection: JSONInspection, _ layout: JSONLayout, chunkBytes: Int) -> String {
    var said = ""
    do {
        let reader = try JSONReader(
            source: MemorySource(text), schema: Schema(inspection.columns), paths: inspection.paths.map { [$0] }, layout: layout,
            chunkBytes: chunkBytes)
        while let result = try reader.next() {
            let batch = result.batch
            for row in 0..<batch.rowCount {
                said += "\(batch.recordNumbers[row]) " + batch.columns.map { $0.text(row: row)?.debugDescription ?? "-" }.joined() + "\n"
            }
            for reject in result.rejects { said += "\(reject.record) \(reject.location) \(reject.code) \(reject.reason)\n" }
        }
    } catch {
        said += "\(error)"
    }
    // Rows and rejects of one batch are told apart by their numbers, not by their order.
    return said.split(separator: "\n").sorted().joined(separator: "\n")
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
