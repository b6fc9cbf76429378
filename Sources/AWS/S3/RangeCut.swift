/// How an object is cut into ranges: all of `rangeBytes`, the last of what is left.
struct RangeCut: Hashable, Sendable {
    let size: Int64
    let rangeBytes: Int64

    /// 16 MiB each, or what makes a thousand of them.
    init(size: Int64) {
        self.size = size
        rangeBytes = max(S3.rangeBytes, (size + S3.maxRanges - 1) / S3.maxRanges)
    }

    var count: Int { Int((size + rangeBytes - 1) / rangeBytes) }

    subscript(_ number: Int) -> Range<Int64> {
        let start = Int64(number) * rangeBytes
        return start..<min(start + rangeBytes, size)
    }
}
