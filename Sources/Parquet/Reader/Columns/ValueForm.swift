import Columns

/// How a column's values lie in its pages, and how they are stored in batches.
struct ValueForm {
    let physical: PhysicalType
    let type: ReadType
    /// Bytes of a value of fixed length (FIXED_LEN_BYTE_ARRAY, INT96 and numbers); 0 where it varies.
    let width: Int

    init(_ element: SchemaElement, _ type: ReadType) throws {
        guard let physical = element.type else { throw ParquetError.schema("the column has no type") }
        self.physical = physical
        self.type = type
        width = physical == .fixedLengthByteArray ? Int(element.typeLength ?? 0) : physical.width ?? 0
    }

    /// Appends `count` values, all there, to those of `out`. Not for dictionary indices.
    func decode(_ count: Int, from values: inout ValueDecoder, into out: inout PendingValues) throws {
        switch physical {
        case .boolean, .int32, .int64, .float, .double: try decodeWords(count, &values, into: &out)
        case .byteArray, .fixedLengthByteArray, .int96: try decodeBytes(count, &values, into: &out)
        }
    }

    private func decodeWords(
        _ count: Int, _ values: inout ValueDecoder, into out: inout PendingValues
    ) throws {
        switch type.column.storage {
        case .float64:
            let first = out.doubles.count
            out.doubles.append(contentsOf: repeatElement(0, count: count))
            try out.doubles.withUnsafeMutableBufferPointer { doubles in
                guard let base = doubles.baseAddress else { return }
                try (base + first).withMemoryRebound(to: Int64.self, capacity: count) { words in
                    try values.decodeWords(count, physical, into: words)
                }
            }
        case .int64:
            let first = out.words.count
            out.words.append(contentsOf: repeatElement(0, count: count))
            try out.words.withUnsafeMutableBufferPointer { words in
                guard let base = words.baseAddress else { return }
                try values.decodeWords(count, physical, into: base + first)
                try WordConversion.apply(type.conversion, base + first, count: count)
            }
        case .int128:
            let isUnsigned = type.conversion == .unsignedWide
            var words = [Int64](repeating: 0, count: count)
            try words.withUnsafeMutableBufferPointer { words in
                guard let base = words.baseAddress else { return }
                try values.decodeWords(count, physical, into: base)
            }
            out.wides.append(contentsOf: words.lazy.map { isUnsigned ? Int128(UInt64(bitPattern: $0)) : Int128($0) })
        case .bytes:
            var words = [Int64](repeating: 0, count: count)
            try words.withUnsafeMutableBufferPointer { words in
                guard let base = words.baseAddress else { return }
                try values.decodeWords(count, physical, into: base)
            }
            for word in words { appendText(word, to: &out.bytes) }
        }
    }

    private func appendText(_ word: Int64, to out: inout ByteValues) {
        switch type.conversion {
        case .timestampText(let isUTC): TextConversion.appendTimestamp(nanos: word, isUTC: isUTC, to: &out.bytes)
        case .timeText: TextConversion.appendTime(nanos: word, to: &out.bytes)
        default: preconditionFailure("numbers are not held as bytes")
        }
        out.offsets.append(UInt32(out.bytes.count))
    }

    /// That values whose type has fewer bits than they are stored in lie in those bits. Apart from decoding, as a
    /// dictionary may have entries that no row uses.
    func checkRange(of values: PendingValues, from first: Int) throws {
        guard case .signed(let bits) = type.conversion else { return }
        try values.words.withUnsafeBufferPointer { words in
            try WordConversion.check(UnsafeBufferPointer(rebasing: words[first...]), bits: bits)
        }
    }

    private func decodeBytes(
        _ count: Int, _ values: inout ValueDecoder, into out: inout PendingValues
    ) throws {
        guard width > 0 || physical == .byteArray else { throw ParquetError.schema("a column has values of no bytes") }
        if type.column.storage == .bytes, !type.isWrittenOut {
            let first = out.bytes.count
            try values.decodeBytes(count, width: width, into: &out.bytes)
            if type.conversion == .utf8, !out.bytes.areUTF8(from: first) {
                throw ParquetError(code: "parquet.invalid_utf8", message: "A text has bytes that are not UTF-8.")
            }
            return
        }
        var raw = ByteValues()
        try values.decodeBytes(count, width: width, into: &raw)
        switch type.column.storage {
        case .int64:
            let first = out.words.count
            out.words.append(contentsOf: repeatElement(0, count: count))
            try out.words.withUnsafeMutableBufferPointer { words in
                guard let base = words.baseAddress else { return }
                if type.conversion == .int96 {
                    try BytesConversion.int96(raw, into: base + first)
                } else {
                    try BytesConversion.decimal(raw, into: base + first)
                }
            }
        case .int128:
            let first = out.wides.count
            out.wides.append(contentsOf: repeatElement(0, count: count))
            try out.wides.withUnsafeMutableBufferPointer { wides in
                guard let base = wides.baseAddress else { return }
                try BytesConversion.decimal(raw, into: base + first)
            }
        case .float64:
            let first = out.doubles.count
            out.doubles.append(contentsOf: repeatElement(0, count: count))
            out.doubles.withUnsafeMutableBufferPointer { doubles in
                guard let base = doubles.baseAddress else { return }
                BytesConversion.float16(raw, into: base + first)
            }
        case .bytes:
            try raw.bytes.withUnsafeBytes { bytes in
                for row in 0..<raw.count {
                    let value = UnsafeRawBufferPointer(rebasing: bytes[Int(raw.offsets[row])..<Int(raw.offsets[row + 1])])
                    switch type.conversion {
                    case .decimalText(let scale):
                        guard value.count <= ParquetLimits.maxDecimalDigits else {
                            throw ParquetError.limit("a decimal's bytes", value.count, max: ParquetLimits.maxDecimalDigits)
                        }
                        TextConversion.appendDecimal(value, scale: scale, to: &out.bytes.bytes)
                    default: if let base = value.baseAddress { try TextConversion.appendInt96(base, to: &out.bytes.bytes) }
                    }
                    out.bytes.offsets.append(UInt32(out.bytes.bytes.count))
                }
            }
        }
    }
}

extension ReadType {
    /// Whether byte strings are turned into text.
    fileprivate var isWrittenOut: Bool {
        switch conversion {
        case .int96Text, .decimalText: true
        default: false
        }
    }
}
