@testable import Compression

/// Makes zip archives, sound ones and lying ones.
struct ZipBuilder {
    struct File {
        var name: String
        var text: String
        var method: UInt16 = 0
        var flags: UInt16 = 0
        var isZip64 = false
        var hasDescriptor = false
        /// What the directory says, where it lies.
        var declaredSize: Int64?
        var declaredCompressedSize: Int64?
        var declaredCRC: UInt32?
        var offset: Int64?
    }

    var files: [File]
    var declaredCount: Int?

    func bytes() throws -> [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for file in files {
            let text = Array(file.text.utf8)
            let packed = try pack(text, file.method)
            var crc = CRC32()
            text.withUnsafeBytes { crc.update($0) }
            let sum = file.declaredCRC ?? crc.checksum
            let size = file.declaredSize ?? Int64(text.count)
            let compressed = file.declaredCompressedSize ?? Int64(packed.count)
            let offset = file.offset ?? Int64(out.count)
            let name = Array(file.name.utf8)
            let flags = file.flags | (file.hasDescriptor ? 8 : 0)
            out += number(0x0403_4B50, 4) + number(45, 2) + number(Int64(flags), 2) + number(Int64(file.method), 2) + number(0, 4)
            out +=
                file.hasDescriptor
                ? number(0, 12) : number(Int64(sum), 4) + number(Int64(packed.count), 4) + number(Int64(text.count), 4)
            out += number(Int64(name.count), 2) + number(0, 2) + name + packed
            if file.hasDescriptor {
                out += number(0x0807_4B50, 4) + number(Int64(sum), 4) + number(Int64(packed.count), 4) + number(Int64(text.count), 4)
            }
            let extra = file.isZip64 ? number(1, 2) + number(24, 2) + number(size, 8) + number(compressed, 8) + number(offset, 8) : []
            let all: Int64 = 0xFFFF_FFFF
            directory += number(0x0201_4B50, 4) + number(45, 2) + number(45, 2) + number(Int64(flags), 2)
            directory += number(Int64(file.method), 2) + number(0, 4) + number(Int64(sum), 4)
            directory += number(file.isZip64 ? all : compressed, 4) + number(file.isZip64 ? all : size, 4)
            directory += number(Int64(name.count), 2) + number(Int64(extra.count), 2) + number(0, 10)
            directory += number(file.isZip64 ? all : offset, 4) + name + extra
        }
        return out + directory + end(directory.count, at: out.count)
    }

    private func end(_ size: Int, at offset: Int) -> [UInt8] {
        let count = Int64(declaredCount ?? files.count)
        guard files.contains(where: \.isZip64) else {
            return number(0x0605_4B50, 4) + number(0, 4) + number(count, 2) + number(count, 2) + number(Int64(size), 4)
                + number(Int64(offset), 4) + number(3, 2) + Array("end".utf8)
        }
        return number(0x0606_4B50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8) + number(count, 8)
            + number(count, 8) + number(Int64(size), 8) + number(Int64(offset), 8)
            + number(0x0706_4B50, 4) + number(0, 4) + number(Int64(offset + size), 8) + number(1, 4)
            + number(0x0605_4B50, 4) + number(0, 4) + number(0xFFFF, 2) + number(0xFFFF, 2) + number(0xFFFF_FFFF, 4)
            + number(0xFFFF_FFFF, 4) + number(0, 2)
    }

    private func pack(_ text: [UInt8], _ method: UInt16) throws -> [UInt8] {
        switch method {
        // gzip's frame around deflate: a header of 10 bytes, a trailer of 8.
        case 8: Array(try ContainerTests.compress(text, .gzip).dropFirst(10).dropLast(8))
        case 93: try ContainerTests.compress(text, .zstd)
        default: text
        }
    }

    private func number(_ value: Int64, _ size: Int) -> [UInt8] {
        (0..<size).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * Int64($0))) : 0 }
    }
}

/// Makes tar archives: headers with any type and size.
struct TarBuilder {
    var bytes: [UInt8] = []

    mutating func add(_ name: String, _ text: String, type: Character = "0", declaredSize: String? = nil) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at: Int) { header.replaceSubrange(at..<at + text.utf8.count, with: text.utf8) }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(String(name.prefix(100)), at: 0)
        put("0000644", at: 100)
        put(declaredSize ?? octal(text.utf8.count, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
        bytes += header + Array(text.utf8)
        bytes += [UInt8](repeating: 0, count: (512 - text.utf8.count % 512) % 512)
    }

    func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
