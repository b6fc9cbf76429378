import Columns

/// Conversions of 64-bit words in place, on their way from physical to stored values.
enum WordConversion {
    static func apply(_ conversion: ReadType.Conversion, _ words: UnsafeMutablePointer<Int64>, count: Int) throws {
        switch conversion {
        case .unsigned(let bits):
            let mask = Int64(1) << Int64(bits) - 1
            for i in 0..<count { words[i] &= mask }
        case .timestamp(.millis): try scale(words, count)
        case .timestamp(.nanos): try divide(words, count)
        case .time(let unit, let isUTC):
            if unit == .millis { try scale(words, count) }
            if unit == .nanos { try divide(words, count) }
            if isUTC { toOneDay(words, count) }
            for i in 0..<count where !(0..<86_400_000_000 ~= words[i]) {
                throw ParquetError.outOfRange("a time of day of \(words[i]) microseconds is no time between 00:00 and 24:00")
            }
        default: break
        }
    }

    /// That integers lie in their bits.
    static func check(_ words: UnsafeBufferPointer<Int64>, bits: Int) throws {
        let shift = Int64(64 - bits)
        for word in words where (word << shift) >> shift != word {
            throw ParquetError.outOfRange("\(word) stands in a column of integers of \(bits) bits")
        }
    }

    /// A time of day that was moved to UTC may lie in the day before or after.
    private static func toOneDay(_ words: UnsafeMutablePointer<Int64>, _ count: Int) {
        let day: Int64 = 86_400_000_000
        for i in 0..<count {
            if words[i] < 0, words[i] > -day { words[i] += day } else if words[i] >= day, words[i] < 2 * day { words[i] -= day }
        }
    }

    private static func scale(_ words: UnsafeMutablePointer<Int64>, _ count: Int) throws {
        for i in 0..<count {
            let (product, overflow) = words[i].multipliedReportingOverflow(by: 1000)
            guard !overflow else {
                throw ParquetError.outOfRange("\(words[i]) milliseconds are too many to be told in microseconds")
            }
            words[i] = product
        }
    }

    private static func divide(_ words: UnsafeMutablePointer<Int64>, _ count: Int) throws {
        for i in 0..<count {
            let (quotient, remainder) = words[i].quotientAndRemainder(dividingBy: 1000)
            guard remainder == 0 else { throw ParquetError.nanos(words[i]) }
            words[i] = quotient
        }
    }
}

/// Conversions of byte strings to numbers.
enum BytesConversion {
    /// The Julian day of 1970-01-01.
    static let julianEpoch: Int64 = 2_440_588

    /// Nanoseconds since midnight (8 bytes) and the Julian day (4 bytes), both little-endian, to microseconds.
    static func int96(_ values: ByteValues, into out: UnsafeMutablePointer<Int64>) throws {
        try values.bytes.withUnsafeBytes { bytes in
            for i in 0..<values.count {
                let nanos = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: i * 12, as: Int64.self))
                let day = Int64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: i * 12 + 8, as: UInt32.self)))
                guard nanos % 1000 == 0 else { throw ParquetError.nanos(nanos) }
                let (dayMicros, overflow) = (day - julianEpoch).multipliedReportingOverflow(by: 86_400_000_000)
                let (micros, overflow2) = dayMicros.addingReportingOverflow(nanos / 1000)
                guard !overflow, !overflow2 else { throw ParquetError.outOfRange("the Julian day \(day) is too far away") }
                out[i] = micros
            }
        }
    }

    static func float16(_ values: ByteValues, into out: UnsafeMutablePointer<Double>) {
        values.bytes.withUnsafeBytes { bytes in
            for i in 0..<values.count {
                out[i] = half(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)))
            }
        }
    }

    /// IEEE 754 binary16, by hand: the type Float16 is not on every platform.
    static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits >> 15 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 1023)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        }
    }

    /// Big-endian two's complement of any length, to 128 or fewer bits.
    static func decimal<Number: FixedWidthInteger & SignedInteger>(
        _ values: ByteValues, into out: UnsafeMutablePointer<Number>
    ) throws {
        let width = MemoryLayout<Number>.size
        try values.bytes.withUnsafeBytes { bytes in
            for i in 0..<values.count {
                let start = Int(values.offsets[i])
                let end = Int(values.offsets[i + 1])
                let isNegative = end > start && bytes[start] >= 0x80
                var number: Number = isNegative ? -1 : 0
                for at in start..<end {
                    // Beyond the number's width, only the sign may be repeated.
                    if end - at > width, bytes[at] != (isNegative ? 0xFF : 0) {
                        throw ParquetError.outOfRange("a decimal of \(end - start) bytes has more digits than its type")
                    }
                    number = number << 8 | Number(bytes[at])
                }
                guard (number < 0) == isNegative else {
                    throw ParquetError.outOfRange("a decimal of \(end - start) bytes has more digits than its type")
                }
                out[i] = number
            }
        }
    }
}

extension ParquetError {
    static func nanos(_ value: Int64) -> ParquetError {
        ParquetError(
            code: "parquet.nanos",
            message: "\(value) nanoseconds are no whole number of microseconds, and finer times are not supported. "
                + "Write the column in microseconds.")
    }
}
