/// What a cell looks like: coarser and more tolerant than a type, because it serves to tell headers from data.
enum CellKind: Equatable {
    case empty
    /// Digits with separators, sign, currency or percent: `-1,008.50`, `£512.20`, `12 %`, `1e-5`.
    case number
    /// Digits and separators of dates and times, perhaps with a month's name: `28/01/2018`, `14-Jan`, `00:30`.
    case moment
    /// `true` or `false`.
    case flag
    case word

    init(_ cell: [UInt8]?) {
        guard let cell else {
            self = .empty
            return
        }
        var text = cell[...]
        while let first = text.first, first == 32 || first == 9 { text = text.dropFirst() }
        while let last = text.last, last == 32 || last == 9 || last == 10 || last == 13 { text = text.dropLast() }
        if text.isEmpty {
            self = .empty
        } else if text.count <= Self.longest, Self.isNumber(text) {
            self = .number
        } else if text.count <= Self.longest, Self.isMoment(text) {
            self = .moment
        } else if text.count <= 5, ["true", "false"].contains(String(decoding: text, as: UTF8.self).lowercased()) {
            self = .flag
        } else {
            self = .word
        }
    }

    var isTyped: Bool { self == .number || self == .moment || self == .flag }

    private static let longest = 40
    private static let currencies = ["$", "£", "€", "¥", "%"].map { Array($0.utf8) }

    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var text = text
        func dropSign() {
            if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { text = text.dropFirst() }
        }
        dropSign()
        for currency in currencies where text.starts(with: currency) { text = text.dropFirst(currency.count) }
        for currency in currencies where text.count > currency.count && text.suffix(currency.count).elementsEqual(currency) {
            text = text.dropLast(currency.count)
        }
        while text.first == 32 { text = text.dropFirst() }
        while text.last == 32 { text = text.dropLast() }
        dropSign()
        guard let first = text.first, let last = text.last, isDigit(first) || first == UInt8(ascii: "."), isDigit(last) || last == 46
        else { return false }
        var digits = 0
        var before: UInt8 = 0
        for byte in text {
            if isDigit(byte) {
                digits += 1
            } else if byte == UInt8(ascii: "."), before != byte {
            } else if byte == UInt8(ascii: ","), isDigit(before) {
            } else if byte | 0x20 == UInt8(ascii: "e"), isDigit(before) {
            } else if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"), before | 0x20 == UInt8(ascii: "e") {
            } else {
                return false
            }
            before = byte
        }
        // Two points or more stand in dates and versions.
        return digits > 0 && text.count(where: { $0 == 46 }) < 2
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map { Array($0.utf8) }

    private static func isMoment(_ text: ArraySlice<UInt8>) -> Bool {
        var digits = 0
        var separators = 0
        var letters: [UInt8] = []
        for byte in text {
            if isDigit(byte) {
                digits += 1
            } else if "-/.: ,+".utf8.contains(byte) {
                separators += 1
            } else if byte | 0x20 >= UInt8(ascii: "a"), byte | 0x20 <= UInt8(ascii: "z") {
                letters.append(byte | 0x20)
            } else {
                return false
            }
        }
        guard digits >= 2, separators >= 1, let first = text.first else { return false }
        let isWord = letters.count >= 3 && months.contains { letters.starts(with: $0) } && letters.count <= 9
        if letters.isEmpty || letters.elementsEqual("t".utf8) || letters.elementsEqual("tz".utf8) || letters.elementsEqual("z".utf8) {
            return isDigit(first) && digits >= 3 && separators >= (text.contains(UInt8(ascii: ":")) ? 1 : 2)
        }
        return isWord && digits <= 6
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
}
