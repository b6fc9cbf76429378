/// How far a file is unwrapped before it is refused: what stops bombs and lies.
package struct UnwrapLimits: Hashable, Sendable {
    /// A compressed stream may not grow to more than this many times its size…
    package var maxRatio: Int64 = 500
    /// …once this many bytes have come out of it: short texts compress well without being bombs.
    package var ratioFloorBytes: Int64 = 64 << 20
    /// The bytes that one file may unwrap to.
    package var maxBytes: Int64 = 1 << 40
    /// zstd frames with a larger window than 2^n bytes are refused (27, 128 MiB: what `zstd -d` allows by itself).
    package var maxWindowLog = Self.defaultWindowLog
    /// Containers within each other: `rows.csv.gz` in a `.tar.gz` has 3.
    package var maxLayers = 4
    /// Entries of an archive, folders included.
    package var maxEntries = 100_000
    /// Members of an archive that are read as data.
    package var maxMembers = 10_000
    /// The bytes of a zip archive's directory, or of one extended tar header's names.
    package var maxDirectoryBytes = 64 << 20
    /// What may be read again to take a compressed tar's members in the order of their names.
    package var maxSkippedBytes: Int64 = 64 << 30

    package static let defaultWindowLog = 27
    /// The window logs that libzstd knows on 64-bit machines.
    static let windowLogs = 10...31

    package init() {}

    /// The limits where data buffers may take `memoryBytes` in all: a zstd window at most half of that.
    package init(memoryBytes: Int64) {
        var log = Self.windowLogs.lowerBound
        while log < Self.windowLogs.upperBound, Int64(2) << log <= memoryBytes / 2 { log += 1 }
        maxWindowLog = log
    }

    func check(_ name: String, _ format: StreamFormat, produced: Int64, consumed: Int64) throws(CompressionError) {
        if produced > ratioFloorBytes, produced / maxRatio > consumed {
            throw CompressionError(
                code: "compressed.bomb",
                message: "\(name): \(consumed) bytes of \(format.rawValue) have grown to more than \(produced), over "
                    + "\(maxRatio) times their size. This is taken for a decompression bomb; decompress it yourself if it is none.")
        }
        try checkSize(name, produced)
    }

    func checkSize(_ name: String, _ produced: Int64) throws(CompressionError) {
        guard produced > maxBytes else { return }
        throw CompressionError(
            code: "compressed.too_large", message: "\(name): unwraps to more than \(maxBytes) bytes, which is the limit. Split it.")
    }
}
