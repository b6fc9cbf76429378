/// How S3 orders the events of one key.
package enum Sequencer {
    /// Whether one event came before another: both are hexadecimal, the shorter one is padded with zeros on its left, and then
    /// they compare as texts (S3 user guide, "Event message structure"). An empty one orders nothing.
    package static func isBefore(_ one: String, _ other: String) -> Bool {
        guard !one.isEmpty, !other.isEmpty else { return false }
        let width = max(one.utf8.count, other.utf8.count)
        func padded(_ text: String) -> [UInt8] {
            Array(repeating: UInt8(ascii: "0"), count: width - text.utf8.count) + Array(text.uppercased().utf8)
        }
        return padded(one).lexicographicallyPrecedes(padded(other))
    }
}
