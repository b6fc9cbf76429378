extension Duration {
    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    /// The longest that is read: ten years.
    private static let maxSeconds: Int64 = 3650 * 86_400

    /// `90s`, `15m`, `2h`, `7d`, `2w`, and sums of them such as `1h30m`, or `0`; nil for anything else, and beyond ten years.
    package init?(text: String) {
        if text == "0" {
            self = .zero
            return
        }
        var total: Int64 = 0
        var number: Int64?
        for character in text {
            if let digit = character.wholeNumberValue, character.isASCII {
                let next = (number ?? 0) * 10 + Int64(digit)
                guard next <= Self.maxSeconds else { return nil }
                number = next
            } else {
                guard let count = number, let unit = Self.units[character] else { return nil }
                total += count * unit
                guard total <= Self.maxSeconds else { return nil }
                number = nil
            }
        }
        guard !text.isEmpty, number == nil else { return nil }
        self = .seconds(total)
    }
}
