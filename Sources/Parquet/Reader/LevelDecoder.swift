/// Which values of a page of a flat column are there: its definition levels.
enum LevelDecoder {
    /// A required column has no levels.
    case allPresent
    case runs(RunLengthDecoder)
    case bitPacked(BitPackedLevels)

    /// - Returns: how many of the next `count` values are there.
    mutating func decode(_ count: Int, into out: UnsafeMutablePointer<Bool>) throws -> Int {
        switch self {
        case .allPresent:
            out.update(repeating: true, count: count)
            return count
        case .runs(var decoder):
            let present = try decoder.decodeFlags(count, into: out)
            self = .runs(decoder)
            return present
        case .bitPacked(var decoder):
            let present = decoder.decodeFlags(count, into: out)
            self = .bitPacked(decoder)
            return present
        }
    }
}
