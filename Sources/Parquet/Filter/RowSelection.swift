import Compression

/// Which rows of a file are read: ranges of rows in some of its row groups.
struct RowSelection {
    /// Some consecutive rows of a row group.
    struct Part: Hashable {
        /// Rows of the chosen row groups that lie between the part before and this one.
        var skipped: Int64
        var count: Int64
        /// The number of the first row in the file, from 1.
        var firstRecord: Int64
    }

    /// The row groups of which any rows are read, in order.
    var groups: [Int] = []
    var parts: [Part] = []
    /// Rows that are read.
    var rows: Int64 = 0

    /// All rows.
    init(_ footer: FileMetaData) {
        groups = footer.rowGroups.indices.filter { footer.rowGroups[$0].rowCount > 0 }
        parts = footer.rowCount > 0 ? [Part(skipped: 0, count: footer.rowCount, firstRecord: 1)] : []
        rows = footer.rowCount
    }

    /// Those that may satisfy all conditions.
    init(_ footer: FileMetaData, _ conditions: [Condition], _ file: RandomAccessFile) {
        var firstRecord: Int64 = 1
        var skipped: Int64 = 0
        for (index, group) in footer.rowGroups.enumerated() {
            defer { firstRecord += group.rowCount }
            guard conditions.allSatisfy({ $0.maySatisfy(group, file) }) else { continue }
            var ranges = group.rowCount > 0 ? [0..<group.rowCount] : []
            for condition in conditions where !ranges.isEmpty {
                if let pages = condition.ranges(group, file) { ranges = Self.intersection(ranges, pages) }
            }
            guard !ranges.isEmpty else { continue }
            groups.append(index)
            var at: Int64 = 0
            for range in ranges {
                skipped += range.lowerBound - at
                parts.append(
                    Part(
                        skipped: skipped, count: range.upperBound - range.lowerBound,
                        firstRecord: firstRecord + range.lowerBound))
                rows += range.upperBound - range.lowerBound
                skipped = 0
                at = range.upperBound
            }
            skipped = group.rowCount - at
        }
    }

    /// The rows that are in both of two lists of ranges, each in order.
    static func intersection(_ a: [Range<Int64>], _ b: [Range<Int64>]) -> [Range<Int64>] {
        var result: [Range<Int64>] = []
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            let low = max(a[i].lowerBound, b[j].lowerBound)
            let high = min(a[i].upperBound, b[j].upperBound)
            if low < high { result.append(low..<high) }
            if a[i].upperBound < b[j].upperBound { i += 1 } else { j += 1 }
        }
        return result
    }
}

/// A filter with what is needed to hold it against the statistics of its leaf.
struct Condition {
    let filter: ParquetFilter
    /// An index into the leaves of the whole schema.
    let leaf: Int
    let reader: BoundsReader
    let form: ValueForm

    /// Whether any row of a row group may satisfy the filter.
    func maySatisfy(_ group: RowGroup, _ file: RandomAccessFile) -> Bool {
        let chunk = group.columns[leaf]
        guard reader.bounds(chunk.statistics, count: group.rowCount).maySatisfy(filter) else { return false }
        guard filter.comparison == .equal, let region = chunk.bloomFilter, let hash = reader.hash(filter.value),
            let bloom = try? Self.bloomFilter(region, file)
        else { return true }
        return bloom.mayContain(hash)
    }

    private static func bloomFilter(_ region: FileRegion, _ file: RandomAccessFile) throws -> BloomFilter? {
        guard region.offset >= 0, region.offset < file.size else { throw ParquetError.truncated("a bloom filter") }
        var header = [UInt8](repeating: 0, count: Int(min(64, file.size - region.offset)))
        _ = try header.withUnsafeMutableBytes { try file.read(at: region.offset, into: $0) }
        let (size, start) = try header.withUnsafeBytes { bytes in
            var reader = ThriftReader(bytes)
            return (try BloomFilter.readHeader(&reader), reader.position)
        }
        guard let size, Int64(start + size) <= file.size - region.offset else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        _ = try bytes.withUnsafeMutableBytes { try file.read(at: region.offset + Int64(start), into: $0) }
        return bytes.withUnsafeBytes { BloomFilter(bytes: $0) }
    }

    /// The rows of the pages that may satisfy the filter; nil where there is no page index that tells.
    func ranges(_ group: RowGroup, _ file: RandomAccessFile) -> [Range<Int64>]? {
        let chunk = group.columns[leaf]
        guard let columnRegion = chunk.columnIndex, let offsetRegion = chunk.offsetIndex,
            let columnIndex = try? Self.read(columnRegion, file, ColumnIndex.read),
            let offsets = try? Self.read(offsetRegion, file, OffsetIndex.read), Self.agree(columnIndex, offsets, group.rowCount)
        else { return nil }
        var ranges: [Range<Int64>] = []
        for (index, page) in offsets.pages.enumerated() {
            let end = index + 1 < offsets.pages.count ? offsets.pages[index + 1].firstRow : group.rowCount
            guard end > page.firstRow else { continue }
            guard reader.bounds(columnIndex, page: index, count: end - page.firstRow).maySatisfy(filter) else { continue }
            if let last = ranges.last, last.upperBound == page.firstRow {
                ranges[ranges.count - 1] = last.lowerBound..<end
            } else {
                ranges.append(page.firstRow..<end)
            }
        }
        return ranges
    }

    /// That the pages begin at the first row, are in order, and are as many as there are bounds.
    private static func agree(_ columns: ColumnIndex, _ offsets: OffsetIndex, _ rows: Int64) -> Bool {
        guard columns.nullPages.count == offsets.pages.count, offsets.pages.first?.firstRow == 0 else { return false }
        var last: Int64 = 0
        for page in offsets.pages {
            guard page.firstRow >= last, page.firstRow <= rows else { return false }
            last = page.firstRow
        }
        return true
    }

    private static func read<Index>(
        _ region: FileRegion, _ file: RandomAccessFile, _ read: (inout ThriftReader) throws -> Index
    ) throws -> Index {
        guard region.offset >= 0, region.size > 0, region.offset <= file.size - Int64(region.size),
            Int(region.size) <= ParquetLimits.maxPageIndexBytes
        else { throw ParquetError.truncated("a page index") }
        var bytes = [UInt8](repeating: 0, count: Int(region.size))
        let got = try bytes.withUnsafeMutableBytes { try file.read(at: region.offset, into: $0) }
        guard got == bytes.count else { throw ParquetError.truncated("a page index") }
        return try bytes.withUnsafeBytes { bytes in
            var reader = ThriftReader(bytes)
            return try read(&reader)
        }
    }
}
