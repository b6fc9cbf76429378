/// How a column spells its numbers: `1.234,56`, `$1,234.50`, `(12.00)`, `12,5 %`.
package struct NumberSpelling: Hashable, Sendable {
    /// What stands before the fraction, one character of ASCII.
    package var decimal: UInt8 = UInt8(ascii: ".")
    /// What stands between groups of digits, in UTF-8 (a blank may be one that does not break); nil: nothing may.
    package var thousands: [UInt8]?
    /// What stands before or behind the number, in UTF-8; nil: nothing may.
    package var currency: [UInt8]?
    /// Whether a percent sign may stand behind the number, and what becomes of it.
    package var percent: Percent?

    package enum Percent: String, Sendable, CaseIterable {
        /// `12.5 %` is 12.5.
        case number
        /// `12.5 %` is 0.125.
        case fraction
    }

    package init(decimal: UInt8 = UInt8(ascii: "."), thousands: [UInt8]? = nil, currency: [UInt8]? = nil, percent: Percent? = nil) {
        self.decimal = decimal
        self.thousands = thousands
        self.currency = currency
        self.percent = percent
    }

    /// For messages.
    var words: String {
        func shown(_ bytes: [UInt8]) -> String { "\"\(String(decoding: bytes, as: UTF8.self))\"" }
        var parts = ["with \(shown([decimal])) before the fraction"]
        if let thousands { parts.append("\(shown(thousands)) between thousands") }
        if let currency { parts.append("perhaps \(shown(currency))") }
        if percent != nil { parts.append("perhaps a percent sign") }
        return parts.joined(separator: ", ")
    }

    /// The longest text that is read as a number.
    static let maxBytes = 200

    private static let noBreakBlanks: [[UInt8]] = [[0xC2, 0xA0], [0xE2, 0x80, 0xAF], [0xE2, 0x80, 0x89]]

    /// Spells a number our own way for `read`: a minus, digits, a point, digits. Nil where the text is not spelled as declared: a
    /// sign stands twice, or groups do not have three digits (or two, before the last: 12,34,567).
    func plain<Value>(_ text: UnsafeBufferPointer<UInt8>, _ read: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        guard text.count <= Self.maxBytes, let bytes = plain(Array(text)[...]) else { return nil }
        return bytes.withUnsafeBufferPointer(read)
    }

    private func plain(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var text = text
        var isNegative = false
        var hasSign = false
        var hasCurrency = false
        var hasPercent = false
        func drop(_ bytes: [UInt8], _ fromEnd: Bool) -> Bool {
            guard fromEnd ? text.suffix(bytes.count).elementsEqual(bytes) : text.starts(with: bytes), !bytes.isEmpty else { return false }
            text = fromEnd ? text.dropLast(bytes.count) : text.dropFirst(bytes.count)
            return true
        }
        if text.first == UInt8(ascii: "("), text.last == UInt8(ascii: ")"), currency != nil || thousands != nil {
            (isNegative, hasSign) = (true, true)
            text = text.dropFirst().dropLast()
        }
        // Signs and blanks around the digits, in any order, each sign once.
        for fromEnd in [false, true] {
            while true {
                if drop([32], fromEnd) || Self.noBreakBlanks.contains(where: { drop($0, fromEnd) }) { continue }
                if !hasSign, drop([UInt8(ascii: "-")], fromEnd) {
                    (isNegative, hasSign) = (true, true)
                } else if !hasSign, !fromEnd, drop([UInt8(ascii: "+")], fromEnd) {
                    hasSign = true
                } else if !hasCurrency, let currency, drop(currency, fromEnd) {
                    hasCurrency = true
                } else if !hasPercent, fromEnd, percent != nil, drop([UInt8(ascii: "%")], fromEnd) {
                    hasPercent = true
                } else {
                    break
                }
            }
        }
        guard var digits = digits(text) else { return nil }
        if hasPercent, percent == .fraction { digits = Self.hundredth(digits) }
        return (isNegative ? [UInt8(ascii: "-")] : []) + digits
    }

    /// Digits and a point, without what stands between groups.
    private func digits(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var group = 0
        var groups = 0
        var at = text.startIndex
        while at < text.endIndex {
            let byte = text[at]
            if byte &- 48 < 10 {
                out.append(byte)
                group += 1
                at += 1
            } else if let thousands, text[at...].starts(with: thousands) {
                guard group > 0, groups == 0 ? group <= 3 : group == 3 || group == 2 else { return nil }
                groups += 1
                group = 0
                at += thousands.count
            } else {
                break
            }
        }
        guard groups == 0 || group == 3 else { return nil }
        guard at < text.endIndex else { return out.isEmpty ? nil : out }
        if text[at] == decimal {
            if out.isEmpty { out = [48] }
            let fraction = text[(at + 1)...].prefix { $0 &- 48 < 10 }
            guard !fraction.isEmpty else { return nil }
            out += [UInt8(ascii: ".")] + fraction
            at += 1 + fraction.count
        }
        // An exponent is read as it is.
        guard at < text.endIndex else { return out }
        guard groups == 0, !out.isEmpty, text[at] | 0x20 == UInt8(ascii: "e") else { return nil }
        return out + text[at...]
    }

    /// A plain number with its point two places further left.
    private static func hundredth(_ digits: [UInt8]) -> [UInt8] {
        let end = digits.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? digits.endIndex
        let point = digits[..<end].firstIndex(of: UInt8(ascii: ".")) ?? end
        let whole = [48, 48, 48] + digits[..<point]
        let fraction = point < end ? digits[(point + 1)..<end] : []
        var kept = whole.dropLast(2)
        while kept.count > 1, kept.first == 48 { kept = kept.dropFirst() }
        return kept + [UInt8(ascii: ".")] + whole.suffix(2) + fraction + digits[end...]
    }
}
