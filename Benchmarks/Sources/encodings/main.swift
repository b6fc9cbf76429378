import Columns
import Glibc

@testable import Parquet

// Millions of values a second of CPU time, for the loop that writes and the one that reads each encoding of Parquet.

let count = 1 << 18
let rounds = 5

/// The CPU time of this process, in seconds.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }

/// Runs a loop over ``count`` values and prints the best round.
func measure(_ name: String, bytes: Int? = nil, _ body: () throws -> Void) rethrows {
    var best = Double.infinity
    for _ in 0..<rounds {
        let start = cpuSeconds()
        try body()
        best = min(best, cpuSeconds() - start)
    }
    let rate = Double(count) / best / 1e6
    let size = bytes.map { "\(Double($0 * 80 / count) / 80) bytes a value" } ?? ""
    print(padded(name, 44) + padded("\(Int(rate)) M/s", 12) + size)
}

var state: UInt64 = 88_172_645_463_325_252
@MainActor
func random() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
}

let rising = (0..<count).map { Int64($0) * 1000 + Int64(random() % 500) }
let few = (0..<count).map { _ in Int64(random() % 1000) }
let doubles = (0..<count).map { Int64(bitPattern: (Double($0) / 7).bitPattern) }
let levels = (0..<count).map { _ in UInt8(random() % 10 == 0 ? 0 : 1) }
let texts: ByteBuffer = {
    let plain = ByteBuffer()
    for row in 0..<count {
        let bytes = Array("customer/\(row / 3)/order \(random() % 10_000)".utf8)
        bytes.withUnsafeBytes { if let base = $0.baseAddress { plain.appendPlain(base, count: bytes.count, isFixed: false) } }
    }
    return plain
}()

func words(_ values: [Int64], _ body: (UnsafePointer<Int64>) throws -> Void) rethrows {
    try values.withUnsafeBufferPointer { if let base = $0.baseAddress { try body(base) } }
}

let target = UnsafeMutablePointer<Int64>.allocate(capacity: count)
let indices = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
let flags = UnsafeMutablePointer<Bool>.allocate(capacity: count)
func range(_ buffer: ByteBuffer) -> (UnsafeRawPointer, UnsafeRawPointer) { (UnsafeRawPointer(buffer.base), UnsafeRawPointer(buffer.end)) }

let out = ByteBuffer()
for (name, type, values) in [("INT64", PhysicalType.int64, rising), ("INT32", .int32, few), ("DOUBLE", .double, doubles)] {
    words(values) { values in
        measure("PLAIN \(name), write") {
            out.removeAll()
            PlainEncoder.append(values, count: count, type, to: out)
        }
    }
    try measure("PLAIN \(name), read", bytes: out.count) {
        var decoder = PlainDecoder(range(out).0, end: range(out).1)
        try decoder.decodeWords(count, type, into: target)
    }
}
try measure("PLAIN BYTE_ARRAY, read", bytes: texts.count) {
    var decoder = PlainDecoder(range(texts).0, end: range(texts).1)
    var values = ByteValues()
    try decoder.decodeBytes(count, into: &values)
}
for (name, values) in [("rising", rising), ("few", few)] {
    words(values) { values in
        measure("DELTA_BINARY_PACKED, \(name), write") {
            out.removeAll()
            DeltaBinaryPackedEncoder.append(values, count: count, narrow: false, to: out)
        }
    }
    try measure("DELTA_BINARY_PACKED, \(name), read", bytes: out.count) {
        var decoder = try DeltaBinaryPackedDecoder(range(out).0, end: range(out).1)
        try decoder.decode(count, into: target)
    }
}
words(doubles) { values in
    measure("BYTE_STREAM_SPLIT DOUBLE, write") {
        out.removeAll()
        ByteStreamSplitEncoder.append(UnsafeRawPointer(values), count: count, width: 8, to: out)
    }
}
try measure("BYTE_STREAM_SPLIT DOUBLE, read", bytes: out.count) {
    var decoder = try ByteStreamSplitDecoder(range(out).0, end: range(out).1, width: 8)
    try decoder.decode(count, into: UnsafeMutableRawPointer(target))
}
measure("DELTA_LENGTH_BYTE_ARRAY, write") {
    out.removeAll()
    DeltaLengthByteArrayEncoder.append(plain: texts.bytes, count: count, to: out)
}
try measure("DELTA_LENGTH_BYTE_ARRAY, read", bytes: out.count) {
    var decoder = try DeltaLengthByteArrayDecoder(range(out).0, end: range(out).1)
    var values = ByteValues()
    for _ in 0..<count / 4096 { try decoder.decode(4096, into: &values) }
}
let suffixes = ByteBuffer()
measure("DELTA_BYTE_ARRAY, write") {
    out.removeAll()
    DeltaByteArrayEncoder.append(plain: texts.bytes, count: count, suffixes: suffixes, to: out)
}
try measure("DELTA_BYTE_ARRAY, read", bytes: out.count) {
    var decoder = try DeltaByteArrayDecoder(range(out).0, end: range(out).1)
    var values = ByteValues()
    for _ in 0..<count / 4096 { try decoder.decode(4096, into: &values) }
}
words(few) { values in
    measure("dictionary of 1000 numbers, write") {
        var dictionary = WordDictionary()
        for start in stride(from: 0, to: count, by: 4096) { _ = dictionary.add(values + start, count: 4096, into: indices + start) }
    }
}
measure("RLE, indices of 10 bits, write") {
    out.removeAll()
    RunLengthEncoder.append(indices, count: count, bitWidth: 10, to: out)
}
try measure("RLE, indices of 10 bits, read", bytes: out.count) {
    var decoder = try RunLengthDecoder(range(out).0, end: range(out).1, bitWidth: 10)
    try decoder.decode(count, into: indices)
}
levels.withUnsafeBufferPointer { levels in
    guard let base = levels.baseAddress else { return }
    measure("RLE, levels of 1 bit, write") {
        out.removeAll()
        RunLengthEncoder.append(base, count: count, bitWidth: 1, to: out)
    }
}
try measure("RLE, levels of 1 bit, read", bytes: out.count) {
    var decoder = try RunLengthDecoder(range(out).0, end: range(out).1, bitWidth: 1)
    _ = try decoder.decodeFlags(count, into: flags)
}
measure("xxHash64 of 8 bytes") {
    var sum: UInt64 = 0
    for value in rising { sum ^= withUnsafeBytes(of: value) { XXHash64.hash($0) } }
    precondition(sum != 1)
}
