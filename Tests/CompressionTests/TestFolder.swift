import FoundationEssentials

@testable import Compression

/// A folder of its own for a test, removed with it.
final class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/landfall-compression-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = path + "/" + name
        let sink = try FileByteSink(path: path)
        try bytes.withUnsafeBytes { try sink.write($0) }
        try sink.finish()
        return path
    }
}

/// SplitMix64, so that a test's input is the same at every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Collects what is written.
final class CollectingSink: ByteSink {
    var bytes: [UInt8] = []
    var isFinished = false
    var fileBytesWritten: Int64 { Int64(bytes.count) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) { self.bytes.append(contentsOf: bytes) }
    func finish() throws(CompressionError) { isFinished = true }
}

/// All bytes of a source, pulled in small parts of changing size.
func drain(_ source: any ByteSource) throws(CompressionError) -> [UInt8] {
    var all: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7001, alignment: 1)
    defer { buffer.deallocate() }
    var size = 1
    while true {
        let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
        if got == 0 { return all }
        all.append(contentsOf: buffer[..<got])
        size = size % 7001 + 1000 > 7001 ? 1 : size % 7001 + 1000
    }
}

/// Inputs that codecs find easy and hard.
let samples: [(name: String, bytes: [UInt8])] = {
    var random = Seeded(1)
    let noise = (0..<200_000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    let text = Array(String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 5000).utf8)
    let rows = Array((0..<20_000).map { "\($0),customer \($0 % 97),\(Double($0) / 8)\n" }.joined().utf8)
    return [
        ("nothing", []), ("one byte", [7]), ("three bytes", [1, 2, 3]), ("a run", [UInt8](repeating: 65, count: 100_000)),
        ("text", text), ("rows", rows), ("noise", noise), ("short noise", Array(noise[..<61])),
        ("fragment", Array(rows[..<65_536])), ("fragment and one", Array(rows[..<65_537])),
    ]
}()
