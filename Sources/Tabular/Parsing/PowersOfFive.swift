/// The 128 highest bits of the powers of five that matter for reading doubles: 5^-342 to 5^308.
///
/// They are computed once, exactly, with long integers: 2^n / 5^k by dividing by five again and again (which rounds down
/// at the end only), 5^k by multiplying. Powers above 5^55 and below 5^-27 have more bits than are kept.
struct PowersOfFive: Sendable {
    static let shared = PowersOfFive()

    /// Powers beyond these are no digits of any double.
    static let exponents = -342...308

    /// Two words for each exponent, the higher first; the highest bit is set.
    private let words: [UInt64]

    private init() {
        var words: [UInt64] = []
        // 2^1024: after 342 divisions by five more than 128 bits are left.
        var number = [UInt64](repeating: 0, count: 16) + [1]
        for exponent in 1...(-Self.exponents.lowerBound) {
            var rest: UInt64 = 0
            for index in number.indices.reversed() { (number[index], rest) = UInt64(5).dividingFullWidth((rest, number[index])) }
            let top = Self.top(number)
            // Few digits are rounded up, so that a product that is exact shows.
            words += exponent <= 27 ? [top.low &+ 1, top.high &+ (top.low == .max ? 1 : 0)] : [top.low, top.high]
        }
        words.reverse()
        number = [1]
        for _ in 0...Self.exponents.upperBound {
            let top = Self.top(number)
            words += [top.high, top.low]
            var carry: UInt64 = 0
            for index in number.indices {
                let (high, low) = number[index].multipliedFullWidth(by: 5)
                let (sum, overflow) = low.addingReportingOverflow(carry)
                number[index] = sum
                carry = high &+ (overflow ? 1 : 0)
            }
            if carry > 0 { number.append(carry) }
        }
        self.words = words
    }

    /// The 128 highest bits of a long integer, its lowest word first.
    private static func top(_ number: [UInt64]) -> (high: UInt64, low: UInt64) {
        let last = number.lastIndex { $0 != 0 } ?? 0
        func word(_ index: Int) -> UInt64 { index >= 0 ? number[index] : 0 }
        let shift = number[last].leadingZeroBitCount
        func shifted(_ index: Int) -> UInt64 { shift == 0 ? word(index) : word(index) << shift | word(index - 1) >> (64 - shift) }
        return (shifted(last), shifted(last - 1))
    }

    /// The highest 128 bits of 5^`exponent`, which must be one of ``exponents``.
    @inline(__always)
    subscript(_ exponent: Int) -> (high: UInt64, low: UInt64) {
        let at = 2 &* (exponent &- Self.exponents.lowerBound)
        return (words[at], words[at &+ 1])
    }
}
