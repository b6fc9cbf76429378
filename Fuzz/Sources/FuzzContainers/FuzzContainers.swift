@testable import Compression
import Glibc

/// Any bytes as a file: gzip, zlib, zstd, bzip2, zip and tar, whatever they begin with. They are unwrapped or refused by code,
/// within the limits, which are small here.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContainers(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let path = "/dev/shm/landfall-fuzz-\(getpid())"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    precondition(descriptor >= 0 && write(descriptor, start, count) == count, "the input cannot be written to \(path)")
    var limits = UnwrapLimits()
    limits.ratioFloorBytes = 1 << 20
    limits.maxBytes = 8 << 20
    limits.maxWindowLog = 20
    limits.maxEntries = 100
    limits.maxMembers = 20
    limits.maxDirectoryBytes = 1 << 16
    limits.maxSkippedBytes = 16 << 20
    do throws(CompressionError) {
        let file = try PackedFile(path: path, limits: limits)
        let reader = file.reader()
        for index in 0..<reader.count { try drain(try reader.open(index), limits) }
    } catch {
        precondition(error.code.hasPrefix("compressed.") || error.code.hasPrefix("archive."), "\(error)")
    }
    return 0
}

private func drain(_ source: any ByteSource, _ limits: UnwrapLimits) throws(CompressionError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var total: Int64 = 0
    while true {
        let count = try source.read(into: buffer)
        if count == 0 { break }
        total += Int64(count)
        precondition(total <= limits.maxBytes + Int64(buffer.count), "more than the limit has come out")
    }
    let more = try source.read(into: buffer)
    precondition(more == 0, "a source goes on behind its end")
}
