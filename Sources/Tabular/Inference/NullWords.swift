/// Words that people write for null. They are taken for it in columns whose other values are all numbers, dates, times or truths,
/// and never in a column of texts, where `NA` may be Namibia.
struct NullWords: OptionSet, Hashable {
    let rawValue: UInt16

    private static let words = ["\\N", "NULL", "null", "Null", "NA", "N/A", "n/a", "-", "--", "#N/A", "#NA", "<NA>", "None"].map {
        Array($0.utf8)
    }

    /// The word that a text is.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count <= 4, let index = Self.words.firstIndex(where: { $0.count == text.count && $0.elementsEqual(text) }) else {
            return nil
        }
        rawValue = 1 << UInt16(index)
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    var texts: [[UInt8]] { Self.words.indices.filter { rawValue & 1 << UInt16($0) != 0 }.map { Self.words[$0] } }

    /// In words.
    var list: String { texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ") }
}
