import Columns

/// How one column spells its values, where that is not our own way: declared by a person, or found in all of its values.
package struct ValueFormat: Hashable, Sendable {
    /// Dates and times by a pattern; nil: ISO 8601.
    package var moment: MomentPattern?
    /// Numbers; nil: digits with a point.
    package var number: NumberSpelling?
    /// Texts that stand for null in this column when they are not quoted.
    package var nulls: [[UInt8]] = []

    package init(moment: MomentPattern? = nil, number: NumberSpelling? = nil, nulls: [[UInt8]] = []) {
        self.moment = moment
        self.number = number
        self.nulls = nulls
    }

    /// The format, or nil where it says nothing.
    package var unlessEmpty: ValueFormat? { self == ValueFormat() ? nil : self }

    func isNull(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        nulls.contains { $0.count == text.count && $0.elementsEqual(text) }
    }

    /// What messages add to a type: how its values are spelled.
    var words: String { moment.map { " as \($0.text)" } ?? number.map { " \($0.words)" } ?? "" }

    /// Reads a value of a type that is stored in 64 bits; nil where the text is none.
    @inline(never)
    func integer(_ text: UnsafeBufferPointer<UInt8>, _ type: ColumnType) -> Int64? {
        if let moment { return moment.value(text, type) }
        guard let number else { return CellParsing.integer(text, type) }
        return number.plain(text) { CellParsing.integer($0, type) }
    }

    /// As ``integer(_:_:)`` for wide decimals.
    @inline(never)
    func wide(_ text: UnsafeBufferPointer<UInt8>, precision: Int, scale: Int) -> Int128? {
        guard let number else { return CellParsing.decimal128(text, precision: precision, scale: scale) }
        return number.plain(text) { CellParsing.decimal128($0, precision: precision, scale: scale) }
    }

    /// As ``integer(_:_:)`` for floats.
    @inline(never)
    func float(_ text: UnsafeBufferPointer<UInt8>, single: Bool) -> Double? {
        func read(_ text: UnsafeBufferPointer<UInt8>) -> Double? { single ? CellParsing.float32(text) : CellParsing.float64(text) }
        guard let number else { return read(text) }
        return number.plain(text, read)
    }
}

extension CellParsing {
    /// A value of any type that is stored in 64 bits, from our own spelling.
    static func integer(_ text: Bytes, _ type: ColumnType) -> Int64? {
        switch type {
        case .bool: bool(text).map { $0 ? 1 : 0 }
        case .int16: int64(text).flatMap { Int16(exactly: $0).map(Int64.init) }
        case .int32: int64(text).flatMap { Int32(exactly: $0).map(Int64.init) }
        case .date: date(text)
        case .time: time(text)
        case .timestamp: timestamp(text)
        case .timestamptz: timestamptz(text)
        case .decimal(let precision, let scale): narrowDecimal(text, precision: precision, scale: scale)
        default: int64(text)
        }
    }
}
