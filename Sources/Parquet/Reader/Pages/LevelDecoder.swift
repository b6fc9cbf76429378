/// The definition or repetition levels of a page (README, "Nested Encoding").
enum LevelDecoder {
    /// All levels are 0, and so are not stored.
    case zero
    case runs(RunLengthDecoder, max: Int)
    case bitPacked(BitPackedLevels, max: Int)

    /// Which of the next `count` values of a column without lists are there: those of the highest level.
    ///
    /// - Returns: how many are.
    mutating func decodePresence(_ count: Int, into out: UnsafeMutablePointer<Bool>) throws -> Int {
        switch self {
        case .zero:
            out.update(repeating: true, count: count)
            return count
        case .runs(var decoder, max: 1):
            let present = try decoder.decodeFlags(count, into: out)
            self = .runs(decoder, max: 1)
            return present
        case .runs(_, let max), .bitPacked(_, let max):
            return try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Swift.max(1, count)) { levels in
                guard let levels = levels.baseAddress else { return 0 }
                try decode(count, into: levels)
                var present = 0
                let highest = UInt8(max)
                for i in 0..<count {
                    out[i] = levels[i] == highest
                    present &+= levels[i] == highest ? 1 : 0
                }
                return present
            }
        }
    }

    /// The next `count` levels.
    mutating func decode(_ count: Int, into out: UnsafeMutablePointer<UInt8>) throws {
        switch self {
        case .zero: out.update(repeating: 0, count: count)
        case .runs(var decoder, let max):
            try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Swift.max(1, count)) { room in
                guard let levels = room.baseAddress else { return }
                try decoder.decode(count, into: levels)
                var highest: UInt32 = 0
                for i in 0..<count {
                    highest = Swift.max(highest, levels[i])
                    out[i] = UInt8(truncatingIfNeeded: levels[i])
                }
                try Self.check(Int(highest), max)
            }
            self = .runs(decoder, max: max)
        case .bitPacked(var decoder, let max):
            var highest = 0
            for i in 0..<count {
                let level = decoder.next()
                highest = Swift.max(highest, level)
                out[i] = UInt8(truncatingIfNeeded: level)
            }
            try Self.check(highest, max)
            self = .bitPacked(decoder, max: max)
        }
    }

    private static func check(_ level: Int, _ max: Int) throws {
        guard level <= max else { throw ParquetError.page("a level of \(level), where \(max) is the highest possible") }
    }
}
