/// Chooses the attributes of a dead letter so that SQS takes the message, whatever its size and whatever is in them.
enum DeadLetterAttributes {
    /// SQS developer guide, "Message quotas": body and attributes together, and the number of attributes.
    static let maxMessageBytes = 1_048_576
    static let maxAttributes = 10
    /// Each attribute's name, type and value count.
    private static let typeBytes = "String".utf8.count
    /// What stays when not all fit; the long message goes first.
    private static let byImportance = [
        "error.code", "job.id", "pipeline", "step", "attempts", "rejected.at", "error.message",
    ]

    /// The reason's attributes, then the original's own, as many as fit beside the body.
    static func fitting(_ reason: [String: String], original: [String: String], bodyBytes: Int) -> [String: String] {
        var room = maxMessageBytes - bodyBytes
        var chosen: [String: String] = [:]
        let others = original.keys.sorted().filter { reason[$0] == nil }
        let reasons = byImportance + reason.keys.sorted().filter { !byImportance.contains($0) }
        for name in reasons + others {
            guard let raw = reason[name] ?? original[name], !raw.isEmpty, chosen.count < maxAttributes else { continue }
            let value = allowed(raw)
            let bytes = name.utf8.count + typeBytes + value.utf8.count
            guard bytes <= room else { continue }
            room -= bytes
            chosen[name] = value
        }
        return chosen
    }

    /// Characters that SQS refuses (API reference, SendMessage: the XML ones only) become U+FFFD.
    static func allowed(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: out.append(scalar)
            default: out.append("\u{FFFD}")
            }
        }
        return String(out)
    }
}
