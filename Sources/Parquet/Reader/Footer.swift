import Compression

/// The end of a file: metadata, its length in four bytes, and the magic number (README, "File format").
enum Footer {
    static let magic: [UInt8] = Array("PAR1".utf8)
    private static let encryptedMagic: [UInt8] = Array("PARE".utf8)
    /// The length and the magic number.
    static let tailSize = 8

    /// - Returns: the metadata, and the offset in the file at which it begins.
    static func read(_ file: RandomAccessFile, wantsStatistics: Bool = false) throws -> (FileMetaData, offset: Int64) {
        guard file.size >= Int64(magic.count + tailSize) else {
            throw ParquetError(
                code: "parquet.bad_magic", message: "\(file.size) bytes are too few for a Parquet file.")
        }
        let head = try bytes(file, at: 0, count: magic.count)
        let tail = try bytes(file, at: file.size - Int64(tailSize), count: tailSize)
        let tailMagic = Array(tail[4...])
        guard tailMagic != encryptedMagic, head != encryptedMagic else { throw ParquetError.encrypted }
        // The end decides, as everything is found from there.
        guard tailMagic == magic else {
            throw ParquetError(
                code: "parquet.bad_magic",
                message: head == magic
                    ? "The file does not end with PAR1: it was cut short, or its writer did not finish it."
                    : "The file does not begin and end with PAR1: it is no Parquet file.")
        }
        let size = tail[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        let offset = file.size - Int64(tailSize + size)
        guard offset >= 0 else {
            throw ParquetError.truncated("metadata of \(size) bytes in a file of \(file.size)")
        }
        guard size <= ParquetLimits.maxFooterBytes else {
            throw ParquetError.limit("the metadata's bytes", size, max: ParquetLimits.maxFooterBytes)
        }
        let metadata = try bytes(file, at: offset, count: size).withUnsafeBytes { bytes in
            var reader = ThriftReader(bytes)
            reader.wantsStatistics = wantsStatistics
            return try FileMetaData.read(&reader)
        }
        return (metadata, offset)
    }

    /// That row groups, columns and rows agree.
    static func check(_ footer: FileMetaData, _ leaves: [Leaf]) throws {
        var rows: Int64 = 0
        for (index, group) in footer.rowGroups.enumerated() {
            guard group.columns.count == leaves.count else {
                throw ParquetError.footer(
                    "row group \(index + 1) has \(group.columns.count) columns, the schema \(leaves.count)")
            }
            for (chunk, leaf) in zip(group.columns, leaves)
            where leaf.maxRepetitionLevel == 0 && chunk.valueCount != group.rowCount {
                throw ParquetError.footer(
                    "row group \(index + 1) has \(group.rowCount) rows, its column \"\(leaf.name)\" \(chunk.valueCount)")
            }
            let (sum, overflow) = rows.addingReportingOverflow(group.rowCount)
            guard !overflow else { throw ParquetError.footer("the row groups have too many rows") }
            rows = sum
        }
        guard rows == footer.rowCount else {
            throw ParquetError.footer("the row groups have \(rows) rows, the file says \(footer.rowCount)")
        }
    }

    private static func bytes(_ file: RandomAccessFile, at offset: Int64, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try bytes.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
        guard got == count else { throw ParquetError.truncated("the file") }
        return bytes
    }
}
