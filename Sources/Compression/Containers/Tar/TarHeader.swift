/// One 512-byte header of a tar archive (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
struct TarHeader {
    static let blockSize = 512

    var name: String
    /// In bytes; nil where it is not spelled as a number.
    var size: Int64?
    var type: UInt8

    init(_ block: [UInt8]) {
        name = Self.text(block[0..<100])
        size = Self.number(block[124..<136])
        type = block[156]
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        let prefix = isPOSIX ? Self.text(block[345..<500]) : ""
        if !prefix.isEmpty { name = prefix + "/" + name }
    }

    /// Whether a block is a header: its checksum is right.
    static func isHeader(_ block: [UInt8]) -> Bool {
        guard block.count >= blockSize, block[0] != 0, let declared = number(block[148..<156]) else { return false }
        // The sum is made with blanks in its own place; some old writers added signed bytes.
        var unsigned: Int64 = 8 * 32
        var signed: Int64 = 8 * 32
        for (index, byte) in block[..<blockSize].enumerated() where !(148..<156).contains(index) {
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        return declared == unsigned || declared == signed
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// An octal number, or GNU's base 256 where the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int64(exactly: value)
        }
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        guard digits.allSatisfy({ (48...55).contains($0) }) else { return nil }
        return digits.reduce(Int64(0)) { $0 << 3 | Int64($1 - 48) }
    }
}
