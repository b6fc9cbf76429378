import Columns

extension ByteValues {
    /// Whether the values from `first` on are UTF-8, each by itself.
    func areUTF8(from first: Int) -> Bool {
        bytes.withUnsafeBufferPointer { all in
            let start = Int(offsets[first])
            let part = UnsafeBufferPointer(rebasing: all[start...])
            if Self.isASCII(UnsafeRawBufferPointer(part)) { return true }
            guard let base = part.baseAddress, Self.isUTF8(base, part.count) else { return false }
            // All bytes in a row are UTF-8; no value may begin inside a character.
            return offsets.withUnsafeBufferPointer { offsets in
                for row in first..<count where Int(offsets[row]) < all.count {
                    if all[Int(offsets[row])] & 0xC0 == 0x80 { return false }
                }
                return true
            }
        }
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        var at = 0
        var seen: UInt64 = 0
        while at &+ 8 <= bytes.count {
            seen |= base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            at &+= 8
        }
        while at < bytes.count {
            seen |= UInt64(base.load(fromByteOffset: at, as: UInt8.self))
            at &+= 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }

    private static func isUTF8(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let span = Span(_unsafeStart: base, count: count)
        return (try? UTF8Span(validating: span)) != nil
    }
}
