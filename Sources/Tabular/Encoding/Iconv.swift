import CIconv

/// A conversion of bytes in some encoding into UTF-8, by the C library.
final class Iconv {
    private let conversion: UnsafeMutableRawPointer

    /// Nil where the encoding is not known.
    init?(from name: String) {
        guard let conversion = iconv_shim_open("UTF-8", name) else { return nil }
        self.conversion = conversion
    }

    deinit {
        iconv_shim_close(conversion)
    }

    enum Outcome {
        case done, full, incomplete, invalid
    }

    /// Whether every byte of an encoding is one character by itself, or none.
    static func isSingleByte(_ name: String) -> Bool {
        guard let iconv = Iconv(from: name) else { return false }
        var out: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        for byte in UInt8.min ... .max {
            let (outcome, _, written) = out.withUnsafeMutableBufferPointer { out in
                withUnsafePointer(to: byte) { iconv.convert(UnsafeBufferPointer(start: $0, count: 1), into: out) }
            }
            if outcome == .invalid { continue }
            // What comes later, or is more than a character, has to do with other bytes.
            guard outcome == .done, written > 0, out[0..<written].count(where: { $0 & 0xC0 != 0x80 }) == 1 else { return false }
        }
        return true
    }

    /// Converts what fits, and says how many bytes were taken and written.
    func convert(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> (
        outcome: Outcome, taken: Int, written: Int
    ) {
        var (from, to) = (input.baseAddress, output.baseAddress)
        var (left, room) = (input.count, output.count)
        let result = iconv_shim_convert(conversion, &from, &left, &to, &room)
        let outcome: Outcome =
            switch result {
            case iconv_shim_done: .done
            case iconv_shim_full: .full
            case iconv_shim_incomplete: .incomplete
            default: .invalid
            }
        return (outcome, input.count - left, output.count - room)
    }
}
