import Columns

/// What the values of one column, all read as text, have in common: from this follows the narrowest type that
/// loses nothing.
///
/// How this works: each value is put in the one class whose canonical spelling it has (`12` is an integer, `007` and
/// `+12` are not: they are text, because reading them as numbers would lose what was written). A column has a type
/// where all its values are of one class, or of classes that widen into each other: integer → decimal → float64.
struct TypeEvidence {
    /// The most digits after the point for which numbers of differing scale become a decimal rather than a float.
    static let maxMixedScale = 9

    private(set) var rows: Int64 = 0
    private(set) var nulls: Int64 = 0
    /// Empty texts in quotes: empty text where the column is text, else null.
    private(set) var quotedEmpties: Int64 = 0
    private var classes: Classes = []
    private var maxWholeDigits = 0
    private var minWholeDigits = Int.max
    private var minScale = Int.max
    private var maxScale = 0
    private var exceedsInt64 = false
    /// Whether every number is the shortest spelling of a double, or as exact as one.
    private var fitsDouble = true
    /// Words for null that stand without quotes, and in how many rows; they are texts where the column is one.
    private var nullWords: NullWords = []
    private(set) var nullWordRows: Int64 = 0
    /// Dates that are not ISO 8601.
    private var local = LocalDates()
    /// Where values of another kind came from, when what several files have is put together.
    private var otherSource: String?
    /// The first value that is of no class but text, and where it stood.
    private var firstText: (record: Int64, value: [UInt8])?
    /// The first value whose class does not go with those before it.
    private var firstOther: (record: Int64, value: [UInt8])?

    struct Classes: OptionSet {
        let rawValue: UInt16
        static let bool = Classes(rawValue: 1)
        static let integer = Classes(rawValue: 2)
        static let decimal = Classes(rawValue: 4)
        static let float = Classes(rawValue: 8)
        static let date = Classes(rawValue: 16)
        static let time = Classes(rawValue: 32)
        static let timestamp = Classes(rawValue: 64)
        static let timestamptz = Classes(rawValue: 128)
        static let text = Classes(rawValue: 256)
        static let localDate = Classes(rawValue: 512)
        static let localTimestamp = Classes(rawValue: 1024)
        static let locals: Classes = [.localDate, .localTimestamp]
        static let numbers: Classes = [.integer, .decimal, .float]
    }

    var isText: Bool { classes.contains(.text) }

    mutating func observeNull() {
        rows &+= 1
        nulls &+= 1
    }

    mutating func observeQuotedEmpty() {
        rows &+= 1
        quotedEmpties &+= 1
    }

    /// A value that is not empty.
    @inline(__always)
    mutating func observe(_ text: UnsafeBufferPointer<UInt8>, record: Int64, isQuoted: Bool = false) {
        rows &+= 1
        if isText { return }
        let found = classify(text)
        if found == .text, !isQuoted, takeNullWord(text) { return }
        note(found, text, record)
    }

    @inline(never)
    private mutating func takeNullWord(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let word = NullWords(text) else { return false }
        nullWords.insert(word)
        nullWordRows &+= 1
        return true
    }

    /// Takes in what another file's values of the same column have in common; `source` is that file.
    mutating func merge(_ other: TypeEvidence, source: String) {
        let mine = classes
        rows += other.rows
        nulls += other.nulls
        quotedEmpties += other.quotedEmpties
        nullWords.formUnion(other.nullWords)
        nullWordRows += other.nullWordRows
        classes.formUnion(other.classes)
        maxWholeDigits = max(maxWholeDigits, other.maxWholeDigits)
        minWholeDigits = min(minWholeDigits, other.minWholeDigits)
        minScale = min(minScale, other.minScale)
        maxScale = max(maxScale, other.maxScale)
        exceedsInt64 = exceedsInt64 || other.exceedsInt64
        fitsDouble = fitsDouble && other.fitsDouble
        hasNested = hasNested || other.hasNested
        let isMixed = !mine.isEmpty && !other.classes.isEmpty && mine != other.classes
        let areAlike = local.merge(other.local)
        if otherSource == nil, !mine.contains(.text), other.firstText != nil || !areAlike || (isMixed && firstOther == nil) {
            otherSource = source
        }
        firstText = firstText ?? other.firstText
        firstOther = firstOther ?? other.firstOther
        if !areAlike { classes.insert(.text) }
    }

    /// How the values are spelled, where that is not our own way and the verdict relies on it.
    var format: ValueFormat? {
        guard verdict().type != .text else { return nil }
        return ValueFormat(moment: classes.isSubset(of: .locals) ? local.pattern : nil, nulls: nullWords.texts).unlessEmpty
    }

    /// A JSON number, in whatever spelling.
    mutating func observeNumber(_ text: UnsafeBufferPointer<UInt8>, record: Int64) {
        rows &+= 1
        let found = number(text) ?? (CellParsing.float64(text) != nil ? .float : .text)
        note(found, text, record)
    }

    /// A JSON string: text, unless it is a date or a time, which JSON cannot say otherwise.
    mutating func observeString(_ text: UnsafeBufferPointer<UInt8>, record: Int64) {
        rows &+= 1
        note(text.count >= 8 ? moment(text) ?? .text : .text, text, record)
    }

    /// A JSON object or array: the column is kept as JSON.
    mutating func observeNested() {
        rows &+= 1
        hasNested = true
    }

    private var hasNested = false

    private mutating func note(_ found: Classes, _ text: UnsafeBufferPointer<UInt8>, _ record: Int64) {
        if classes.contains(found) { return }
        if found == .text, firstText == nil {
            firstText = (record, Array(text.prefix(maxShownBytes + 1)))
        } else if !classes.isEmpty, firstOther == nil, !classes.union(found).isSubset(of: .numbers) {
            firstOther = (record, Array(text.prefix(maxShownBytes + 1)))
        }
        classes.insert(found)
    }

    // MARK: Classes

    private mutating func classify(_ text: UnsafeBufferPointer<UInt8>) -> Classes {
        switch text[0] {
        case 48...57, UInt8(ascii: "-"), UInt8(ascii: "."): return number(text) ?? moment(text) ?? localMoment(text) ?? .text
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "T"), UInt8(ascii: "F"):
            return Self.isBool(text) ? .bool : .text
        default: return .text
        }
    }

    /// `true` and `false`, all small, all large, or the first letter large.
    private static func isBool(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 4, CellParsing.bool(text) != nil else { return false }
        let small = text[1] & 0x20
        for at in 2..<text.count where text[at] & 0x20 != small { return false }
        return small != 0 || text[0] & 0x20 == 0
    }

    /// A number in canonical spelling: no plus, no leading zeros, a digit on the point's right; notes its extent.
    private mutating func number(_ text: UnsafeBufferPointer<UInt8>) -> Classes? {
        var at = text[0] == UInt8(ascii: "-") ? 1 : 0
        let count = text.count
        let negative = at == 1
        let wholeStart = at
        var nonZero = false
        while at < count, text[at] &- 48 < 10 {
            nonZero = nonZero || text[at] != 48
            at &+= 1
        }
        let whole = at &- wholeStart
        if whole > 1, text[wholeStart] == 48 { return nil }
        if at == count {
            guard whole > 0, nonZero || !negative else { return nil }
            if whole >= 19, CellParsing.int64(text) == nil { exceedsInt64 = true }
            maxWholeDigits = max(maxWholeDigits, whole)
            minWholeDigits = min(minWholeDigits, whole)
            minScale = 0
            if whole > 15, fitsDouble { fitsDouble = isExactDouble(text) }
            return .integer
        }
        var fraction = 0
        if text[at] == UInt8(ascii: ".") {
            at &+= 1
            let start = at
            while at < count, text[at] &- 48 < 10 {
                nonZero = nonZero || text[at] != 48
                at &+= 1
            }
            fraction = at &- start
            if fraction == 0 { return nil }
        }
        if at == count {
            maxWholeDigits = max(maxWholeDigits, text[wholeStart] == 48 ? 0 : whole)
            minScale = min(minScale, fraction)
            maxScale = max(maxScale, fraction)
            if whole &+ fraction > 15, fitsDouble { fitsDouble = isExactDouble(text) }
            // A decimal has no negative zero; a float keeps it.
            return nonZero || !negative ? .decimal : .float
        }
        guard whole > 0, text[at] | 0x20 == UInt8(ascii: "e"), CellParsing.float64(text) != nil else { return nil }
        if fitsDouble { fitsDouble = isExactDouble(text) }
        return .float
    }

    /// Whether the double nearest to a number has the number as its shortest text.
    private func isExactDouble(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let value = CellParsing.float64(text), value.isFinite else { return false }
        var shortest = value.description
        guard let digits = DecimalDigits(text) else { return false }
        return shortest.withUTF8 { DecimalDigits($0) } == digits
    }

    private func moment(_ text: UnsafeBufferPointer<UInt8>) -> Classes? {
        switch text.count {
        case 8...15 where text[2] == UInt8(ascii: ":"): return canonicalTime(text)
        case 10: return CellParsing.date(text) != nil ? .date : nil
        case 19...:
            // What the column had so far comes first; no text is both.
            if classes.contains(.timestamptz), CellParsing.timestamptz(text) != nil { return .timestamptz }
            if CellParsing.timestamp(text) != nil { return .timestamp }
            return CellParsing.timestamptz(text) != nil ? .timestamptz : nil
        default: return nil
        }
    }

    @inline(never)
    private mutating func localMoment(_ text: UnsafeBufferPointer<UInt8>) -> Classes? {
        let (isTaken, hasTime) = local.take(text)
        return isTaken ? (hasTime ? .localTimestamp : .localDate) : nil
    }

    private func canonicalTime(_ text: UnsafeBufferPointer<UInt8>) -> Classes? {
        CellParsing.time(text) != nil ? .time : nil
    }

    /// Whether every value so far is a whole number of four digits.
    var looksLikeYears: Bool { classes == .integer && maxWholeDigits == 4 && minWholeDigits == 4 }

    // MARK: Verdict

    /// The type, and why, in words that name the value that decided.
    func verdict() -> (type: ColumnType, reason: String) {
        let values = rows - nulls - quotedEmpties - nullWordRows
        if hasNested { return (.json, "some values are objects or arrays, kept as JSON") }
        if let firstText {
            return (.text, "text, because record \(firstText.record)\(ofOther) has \(shown(firstText.value))")
        }
        if values == 0 {
            if nullWordRows > 0 { return (.text, "text, because nothing but \(nullWords.list) stands there") }
            return (.text, quotedEmpties > 0 ? "only empty texts" : "no values")
        }
        if quotedEmpties > 0, nulls + nullWordRows > 0 {
            return (.text, "text, to keep \(quotedEmpties) empty texts (\"\") apart from \(nulls + nullWordRows) nulls")
        }
        let (type, reason) = typedVerdict("all \(values) values are")
        guard nullWordRows > 0, type != .text else { return (type, reason) }
        return (type, "\(reason); \(nullWords.list) in \(nullWordRows) \(nullWordRows == 1 ? "record" : "records") is taken for null")
    }

    private var ofOther: String { otherSource.map { " of \($0)" } ?? "" }

    private func typedVerdict(_ all: String) -> (type: ColumnType, reason: String) {
        switch classes {
        case .bool: return (.bool, "\(all) true or false")
        case .date: return (.date, "\(all) ISO 8601 dates")
        case .time: return (.time, "\(all) times of day")
        case .timestamp: return (.timestamp, "\(all) ISO 8601 timestamps without zone")
        case .timestamptz: return (.timestamptz, "\(all) ISO 8601 timestamps with zone")
        case .localDate, .localTimestamp: return localVerdict(all)
        case .text:
            return (.text, "text, because the dates\(ofOther) have another order of day and month")
        default: break
        }
        guard classes.isSubset(of: .numbers) else {
            let other =
                firstOther.map { "; record \($0.record)\(ofOther) has \(shown($0.value))" } ?? otherSource.map {
                    "; those of \($0) are others"
                } ?? ""
            return (.text, "text, because the values are of several kinds\(other)")
        }
        return numberVerdict(all)
    }

    private func localVerdict(_ all: String) -> (ColumnType, String) {
        guard let pattern = local.pattern else {
            return (
                .text, "text, because the dates may have their day or their month first: declare which (type and format, like %d/%m/%Y)"
            )
        }
        let decisive = local.decisive.map { ", which \(shown($0)) shows" } ?? ""
        let isDate = classes == .localDate
        return (isDate ? .date : .timestamp, "\(all) \(isDate ? "dates" : "timestamps"), \(local.order)\(decisive): \(pattern.text)")
    }

    private func numberVerdict(_ all: String) -> (ColumnType, String) {
        let precision = max(1, maxWholeDigits + maxScale)
        if classes == .integer {
            if !exceedsInt64 { return (.int64, "\(all) whole numbers of up to \(maxWholeDigits) digits") }
            return precision <= ColumnType.maxPrecision
                ? (.decimal(precision: precision, scale: 0), "\(all) whole numbers, some beyond 64 bits")
                : (.text, "text, because numbers have up to \(maxWholeDigits) digits, and decimals at most 38")
        }
        let sameScale = minScale == maxScale
        let narrow = maxScale <= Self.maxMixedScale && precision <= ColumnType.maxNarrowPrecision
        if !classes.contains(.float), narrow || (sameScale && precision <= ColumnType.maxPrecision) {
            return (
                .decimal(precision: precision, scale: maxScale),
                "\(all) numbers with \(sameScale ? "" : "up to ")\(maxScale) digits after the point"
            )
        }
        if fitsDouble { return (.float64, "\(all) numbers that a double holds exactly as written") }
        if !classes.contains(.float), precision <= ColumnType.maxPrecision {
            return (.decimal(precision: precision, scale: maxScale), "\(all) numbers, some with more digits than a double")
        }
        return (.text, "text, because some numbers have more digits than a double or a decimal holds")
    }
}

/// The significant digits of a number and where its point stands, whatever its spelling: no zeros at either end.
private struct DecimalDigits: Equatable {
    private var digits: UInt64 = 0
    private var exponent = 0
    private var isNegative = false

    /// Nil where there are more digits than 64 bits hold, and more than any double's shortest text has.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        var at = 0
        var (count, zeros) = (0, 0)
        var inFraction = false
        while at < text.count, text[at] | 0x20 != UInt8(ascii: "e") {
            let byte = text[at]
            at &+= 1
            if byte &- 48 < 10 {
                if inFraction { exponent &-= 1 }
                if byte == 48 {
                    // Zeros count where another digit follows.
                    zeros &+= 1
                    continue
                }
                if count > 0 {
                    count &+= zeros
                    guard count < Self.maxDigits else { return nil }
                    for _ in 0..<zeros { digits = digits &* 10 }
                }
                count &+= 1
                guard count <= Self.maxDigits else { return nil }
                digits = digits &* 10 &+ UInt64(byte &- 48)
                zeros = 0
            } else if byte == UInt8(ascii: ".") {
                inFraction = true
            } else if byte == UInt8(ascii: "-") {
                isNegative = true
            }
        }
        exponent &+= zeros
        if at < text.count {
            exponent += Int(CellParsing.int64(UnsafeBufferPointer(rebasing: text[(at + 1)...])) ?? 0)
        }
        if digits == 0 { exponent = 0 }
    }

    private static let maxDigits = 19
}
