import Columns

/// Writes single values as the fields of COPY's text format. Every function writes to `p`, where there must be room
/// for its `…Width`, and returns the end of what it wrote.
///
/// Source: PostgreSQL 15 manual, `COPY`, "Text Format"; section 8.5 "Date/Time Types" for years before 1.
enum CopyField {
    typealias Pointer = UnsafeMutablePointer<UInt8>

    static let integerWidth = 20
    static let decimalWidth = 44
    static let floatWidth = 32
    static let dateWidth = 32
    static let timeWidth = 24
    static let timestampWidth = dateWidth + timeWidth
    static let uuidWidth = 36

    @inline(__always)
    static func null(_ p: Pointer) -> Pointer {
        p[0] = UInt8(ascii: "\\")
        p[1] = UInt8(ascii: "N")
        return p + 2
    }

    // MARK: Numbers

    @inline(__always)
    static func integer(_ value: Int64, _ p: Pointer) -> Pointer {
        var p = p
        if value < 0 {
            p[0] = UInt8(ascii: "-")
            p += 1
        }
        return digits(value.magnitude, p)
    }

    @inline(__always)
    static func digits(_ value: UInt64, _ p: Pointer) -> Pointer {
        var length = 1
        var bound: UInt64 = 10
        while value >= bound {
            length &+= 1
            if length == 20 { break }
            bound &*= 10
        }
        fixed(value, length, p)
        return p + length
    }

    /// Exactly `length` digits, zeros in front.
    @inline(__always)
    static func fixed(_ value: UInt64, _ length: Int, _ p: Pointer) {
        var rest = value
        var at = length
        while at >= 2 {
            at &-= 2
            let pair = Int(truncatingIfNeeded: rest % 100) &* 2
            rest /= 100
            p[at] = pairs.utf8Start[pair]
            p[at &+ 1] = pairs.utf8Start[pair &+ 1]
        }
        if at == 1 { p[0] = UInt8(truncatingIfNeeded: 48 &+ rest % 10) }
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """

    /// `unit` is 10^scale.
    @inline(__always)
    static func decimal(_ value: Int64, scale: Int, unit: UInt64, _ p: Pointer) -> Pointer {
        var p = p
        if value < 0 {
            p[0] = UInt8(ascii: "-")
            p += 1
        }
        let magnitude = value.magnitude
        guard scale > 0 else { return digits(magnitude, p) }
        p = digits(magnitude / unit, p)
        p[0] = UInt8(ascii: ".")
        fixed(magnitude % unit, scale, p + 1)
        return p + 1 + scale
    }

    static func decimal(_ value: Int128, scale: Int, _ p: Pointer) -> Pointer {
        var p = p
        if value < 0 {
            p[0] = UInt8(ascii: "-")
            p += 1
        }
        let half: UInt128 = 10_000_000_000_000_000_000
        let (high, low) = value.magnitude.quotientAndRemainder(dividingBy: half)
        let start = p
        if high > 0 {
            p = digits(UInt64(truncatingIfNeeded: high), p)
            fixed(UInt64(truncatingIfNeeded: low), 19, p)
            p += 19
        } else {
            p = digits(UInt64(truncatingIfNeeded: low), p)
        }
        guard scale > 0 else { return p }
        let missing = scale + 1 - (p - start)
        if missing > 0 {
            (start + missing).update(from: start, count: p - start)
            start.update(repeating: 48, count: missing)
            p += missing
        }
        let point = p - scale
        (point + 1).update(from: point, count: scale)
        point[0] = UInt8(ascii: ".")
        return p + 1
    }

    /// Text that reads back as the same value. Where a number is a short decimal its digits are written straight away:
    /// `n / 10^k`, correctly rounded, is `value` exactly when the text `n·10^-k` reads as `value`.
    @inline(__always)
    static func float(_ value: Double, single: Bool, _ p: Pointer) -> Pointer {
        let limit = 1e12
        if value.magnitude < limit, value != 0 {
            if let n = Int64(exactly: value) { return integer(n, p) }
            let hundredths = (value * 1e2).rounded()
            if hundredths / 1e2 == value {
                return decimal(Int64(hundredths), scale: 2, unit: 100, p)
            }
            let millionths = (value * 1e6).rounded()
            if millionths.magnitude < 1e15, millionths / 1e6 == value {
                return decimal(Int64(millionths), scale: 6, unit: 1_000_000, p)
            }
        }
        return shortest(value, single: single, p)
    }

    private static func shortest(_ value: Double, single: Bool, _ p: Pointer) -> Pointer {
        let text =
            value.isNaN
            ? "NaN"
            : value.isInfinite
                ? (value < 0 ? "-Infinity" : "Infinity") : single ? Float(value).description : value.description
        var p = p
        for byte in text.utf8 {
            p[0] = byte
            p += 1
        }
        return p
    }

    // MARK: Dates and times

    /// Days within ``PostgresRange/days``, or those of a timestamp.
    @inline(__always)
    static func date(_ days: Int64, _ p: Pointer) -> Pointer {
        let (end, beforeChrist) = day(days, p)
        return beforeChrist ? self.beforeChrist(end) : end
    }

    @inline(__always)
    static func time(_ micros: Int64, _ p: Pointer) -> Pointer {
        let (seconds, fraction) = UInt64(truncatingIfNeeded: micros).quotientAndRemainder(dividingBy: 1_000_000)
        fixed(seconds / 3600, 2, p)
        p[2] = UInt8(ascii: ":")
        fixed(seconds / 60 % 60, 2, p + 3)
        p[5] = UInt8(ascii: ":")
        fixed(seconds % 60, 2, p + 6)
        guard fraction != 0 else { return p + 8 }
        p[8] = UInt8(ascii: ".")
        fixed(fraction, 6, p + 9)
        return p + 15
    }

    @inline(__always)
    static func timestamp(_ micros: Int64, utc: Bool, _ p: Pointer) -> Pointer {
        let (days, rest) = micros.flooredDivision(by: 86_400_000_000)
        var (p, beforeChrist) = day(days, p)
        p[0] = UInt8(ascii: " ")
        p = time(rest, p + 1)
        if utc {
            p[0] = UInt8(ascii: "+")
            p[1] = UInt8(ascii: "0")
            p[2] = UInt8(ascii: "0")
            p += 3
        }
        return beforeChrist ? self.beforeChrist(p) : p
    }

    /// `2026-01-31`; for years before 1 the year before Christ, and true.
    @inline(__always)
    private static func day(_ days: Int64, _ p: Pointer) -> (Pointer, Bool) {
        let (year, month, day) = CalendarDay.civil(days: Int(days))
        let shown = UInt64(truncatingIfNeeded: year > 0 ? year : 1 &- year)
        var p = p
        if shown <= 9999 {
            fixed(shown, 4, p)
            p += 4
        } else {
            p = digits(shown, p)
        }
        p[0] = UInt8(ascii: "-")
        fixed(UInt64(truncatingIfNeeded: month), 2, p + 1)
        p[3] = UInt8(ascii: "-")
        fixed(UInt64(truncatingIfNeeded: day), 2, p + 4)
        return (p + 6, year <= 0)
    }

    private static func beforeChrist(_ p: Pointer) -> Pointer {
        p[0] = UInt8(ascii: " ")
        p[1] = UInt8(ascii: "B")
        p[2] = UInt8(ascii: "C")
        return p + 3
    }

    // MARK: Bytes

    /// `\\x` and two hexadecimal digits a byte; `2 * count + 3` bytes. The backslash is escaped for COPY.
    @inline(__always)
    static func hexBytes(_ bytes: UnsafeBufferPointer<UInt8>, _ p: Pointer) -> Pointer {
        p[0] = UInt8(ascii: "\\")
        p[1] = UInt8(ascii: "\\")
        p[2] = UInt8(ascii: "x")
        return hex(bytes, p + 3)
    }

    /// 16 bytes as `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.
    @inline(__always)
    static func uuid(_ bytes: UnsafeBufferPointer<UInt8>, _ p: Pointer) -> Pointer {
        var p = p
        var from = 0
        for length in uuidGroups {
            if from > 0 {
                p[0] = UInt8(ascii: "-")
                p += 1
            }
            p = hex(UnsafeBufferPointer(rebasing: bytes[from..<from &+ length]), p)
            from &+= length
        }
        return p
    }

    private static let uuidGroups = [4, 2, 2, 2, 6]

    @inline(__always)
    private static func hex(_ bytes: UnsafeBufferPointer<UInt8>, _ p: Pointer) -> Pointer {
        var p = p
        for byte in bytes {
            p[0] = hexDigits.utf8Start[Int(byte >> 4)]
            p[1] = hexDigits.utf8Start[Int(byte & 15)]
            p += 2
        }
        return p
    }

    private static let hexDigits: StaticString = "0123456789abcdef"

    /// Text with what COPY needs escaped; at most `2 * count` bytes.
    @inline(__always)
    static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ p: Pointer) -> Pointer {
        var p = p
        for byte in bytes {
            if byte >= 14 && byte != 0x5C {
                p[0] = byte
                p += 1
            } else if let letter = escape(byte) {
                p[0] = UInt8(ascii: "\\")
                p[1] = letter
                p += 2
            } else {
                p[0] = byte
                p += 1
            }
        }
        return p
    }

    private static func escape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0B: UInt8(ascii: "v")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        case 0x5C: 0x5C
        default: nil
        }
    }

    /// A constant as a field.
    static func text(_ constant: String) -> [UInt8] {
        let bytes = Array(constant.utf8)
        return [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { room, count in
            guard let start = room.baseAddress else { return }
            count = bytes.withUnsafeBufferPointer { text($0, start) } - start
        }
    }
}
