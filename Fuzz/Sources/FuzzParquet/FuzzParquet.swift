@testable import Columns
@testable import Compression
import Foundation
@testable import Parquet

/// Any bytes as a Parquet file: rows or a coded error. The input has two bytes of the footer's length, the footer, and all
/// that stands before it, so that the magic numbers and lengths are right and what is inside is tried.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzParquet(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let file = ParquetInput(input).file else { return -1 }
    FuzzFile.shared.fill(file)
    for structures in [ParquetReadOptions.Structures.columns, .json] {
        let filters = structures == .json ? [] : ParquetInput.filters(FuzzFile.shared.path)
        read(ParquetReadOptions(structures: structures, verifiesChecksums: false, filters: filters))
    }
    return 0
}

private func read(_ options: ParquetReadOptions) {
    do {
        let reader = try ParquetReader(path: FuzzFile.shared.path, options: options)
        var rows = 0
        while rows < 20_000, let batch = try reader.nextBatch(maxRows: 1000) {
            rows += batch.rowCount
            for column in batch.columns {
                precondition(column.count == batch.rowCount, "a column of another length than its batch")
                precondition(column.values.count == batch.rowCount, "values of another number than rows")
                if batch.rowCount > 0 { _ = column.text(row: batch.rowCount - 1) }
            }
        }
    } catch is ParquetError {
    } catch is CompressionError {
    } catch {
        preconditionFailure("no coded error: \(error)")
    }
}

/// The parts of a file: its footer, which is Thrift, and its pages.
struct ParquetInput {
    var footer: [UInt8]
    var body: [UInt8]

    init(_ input: [UInt8]) {
        let size = input.count < 2 ? 0 : min(input.count - 2, Int(input[0]) | Int(input[1]) << 8)
        footer = Array(input.dropFirst(2).prefix(size))
        body = Array(input.dropFirst(2 + size))
    }

    /// Takes a whole file apart; nil where it is none, or its footer is too long for the form of inputs.
    init?(file: [UInt8]) {
        guard file.count >= 12 else { return nil }
        let size = file.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard size <= 65_535, size + 12 <= file.count else { return nil }
        footer = Array(file[(file.count - 8 - size)..<(file.count - 8)])
        body = Array(file[4..<(file.count - 8 - size)])
    }

    var input: [UInt8] { [UInt8(footer.count & 255), UInt8(footer.count >> 8)] + footer + body }

    var file: [UInt8]? {
        guard footer.count > 4 else { return nil }
        let magic = Array("PAR1".utf8)
        return magic + body + footer + withUnsafeBytes(of: UInt32(footer.count).littleEndian) { Array($0) } + magic
    }

    /// A condition on the first columns, so that statistics and indexes are read too.
    static func filters(_ path: String) -> [ParquetFilter] {
        guard let schema = try? ParquetReader(path: path).schema else { return [] }
        return schema.columns.prefix(3).map { column in
            switch column.type.storage {
            case .int64, .int128: ParquetFilter(column.name, .greaterOrEqual, .integer(1))
            case .float64: ParquetFilter(column.name, .less, .double(1e9))
            case .bytes: ParquetFilter(column.name, .equal, .bytes([97]))
            }
        }
    }
}

/// Changes an input by the structure of its footer or of a page header: one Thrift value becomes another one.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateParquet(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    guard let start else { return 0 }
    var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ bound: Int) -> Int {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Int(random % UInt64(max(1, bound)))
    }
    var input = ParquetInput(Array(UnsafeBufferPointer(start: start, count: count)))
    guard next(4) > 0 else { return mutateBytes(start, count, limit) }
    if next(3) > 0 {
        var tree = ThriftTree(input.footer[...])
        tree.mutate(next)
        input.footer = tree.encoded
        if input.footer.count > 65_535 { return mutateBytes(start, count, limit) }
    } else if !input.body.isEmpty {
        // A page header, or what looks like one, somewhere in the pages; the first stands at their beginning.
        let place = next(2) == 0 ? 0 : next(input.body.count)
        var tree = ThriftTree(input.body[place...])
        tree.mutate(next)
        input.body.replaceSubrange(place..<place + tree.consumed, with: tree.encoded)
    }
    let bytes = input.input
    guard bytes.count <= limit else { return mutateBytes(start, count, limit) }
    for (index, byte) in bytes.enumerated() { start[index] = byte }
    return bytes.count
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

/// The file that inputs are written to; in memory where there is such a folder.
final class FuzzFile: @unchecked Sendable {
    static let shared = FuzzFile()
    let path: String

    private init() {
        let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = folder + "/landfall-fuzz-\(ProcessInfo.processInfo.processIdentifier).parquet"
    }

    func fill(_ bytes: [UInt8]) {
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { preconditionFailure("no room for \(path)") }
    }
}
