import Columns
import Testing

@testable import Tabular

/// Random CSV texts from seeds: a failure names its seed, and the same seed gives the same text again.
@Suite("Random CSV texts")
struct RandomTextTests {
    private static let dialects: [Dialect] = [
        Dialect(), Dialect(newline: 13), Dialect(header: false),
        Dialect(delimiter: UInt8(ascii: ";"), quote: UInt8(ascii: "'"), escape: UInt8(ascii: "'")),
        Dialect(quote: nil, escape: nil), Dialect(nullMarkers: [[97]]),
    ]
    private static let escaping = Dialect(escape: UInt8(ascii: "\\"))

    /// Mostly well-formed records of three fields, with a mishap here and there.
    static func text(_ dialect: Dialect, mishaps: Int, _ random: inout Seeded) -> [UInt8] {
        let quote = dialect.quote ?? UInt8(ascii: "\"")
        let pieces: [[UInt8]] = [
            [97], [98, 99], [32], Array("é".utf8), Array("日".utf8), [dialect.delimiter], [10], [13, 10], [quote, quote],
            Array(repeating: 120, count: 61),
        ]
        let mishap: [[UInt8]] = [[quote], [dialect.delimiter], [13], [10], [quote, 97], [97, quote], [13, quote]]
        var text: [UInt8] = random.chance(5) ? [0xEF, 0xBB, 0xBF] : []
        for _ in 0..<random.below(24) {
            for field in 0..<3 {
                if field > 0 { text.append(dialect.delimiter) }
                if random.chance(mishaps) { text += mishap[random.below(mishap.count)] }
                if random.chance(40), dialect.quote != nil {
                    text.append(quote)
                    for _ in 0..<random.below(4) { text += pieces[random.below(pieces.count)] }
                    text.append(quote)
                } else {
                    for _ in 0..<random.below(3) { text += pieces[random.below(5)] }
                }
                if random.chance(mishaps) { text += mishap[random.below(mishap.count)] }
            }
            if dialect.newline == 10, random.chance(30) { text.append(13) }
            text.append(dialect.newline)
            if random.chance(8) { text.append(dialect.newline) }
        }
        if random.chance(30), !text.isEmpty { text.removeLast() }
        return text
    }

    /// Bytes that mean something to CSV, in any order.
    static func noise(_ dialect: Dialect, _ random: inout Seeded) -> [UInt8] {
        let bytes: [UInt8] = [dialect.delimiter, dialect.quote ?? 34, 10, dialect.newline, 97, 97, 32]
        return (0..<random.below(200)).map { _ in bytes[random.below(bytes.count)] }
    }

    @Test("the fast scan finds what the exact scan finds, or says that it cannot", arguments: 0..<16)
    func scans(_ block: UInt64) {
        for seed in (block * 500)..<(block * 500 + 500) {
            var random = Seeded(seed)
            let dialect = Self.dialects[random.below(Self.dialects.count)]
            let text = random.chance(50) ? Self.text(dialect, mishaps: 2, &random) : Self.noise(dialect, &random)
            let (fast, fastEnds) = scan(text, dialect, FastScan.run)
            let (exact, exactEnds) = scan(text, dialect) { ExactScan.run(text: $0, length: $1, dialect: $2, positions: $3) }
            if fast.isIrregular { continue }
            #expect(fastEnds == exactEnds, "seed \(seed)")
            #expect(fast.newlines == exact.newlines && fast.rawNewlines == exact.rawNewlines, "seed \(seed)")
            #expect(fast.endsInsideQuotes == exact.endsInsideQuotes, "seed \(seed)")
            #expect(fast.hasNonASCII == exact.hasNonASCII, "seed \(seed)")
            #expect(!fast.mayBreakUTF8 || exact.mayBreakUTF8, "seed \(seed)")
        }
    }

    @Test("the fast scan sees what is not UTF-8, wherever it stands", arguments: 0..<8)
    func characters(_ block: UInt64) {
        let pieces: [[UInt8]] = [
            [97], [10], Array("é".utf8), Array("日".utf8), Array("😀".utf8), [0xC3], [0xA9], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0x80], [0xFF], [0xE6, 0x97],
        ]
        for seed in (block * 500)..<(block * 500 + 500) {
            var random = Seeded(seed)
            var text = [UInt8](repeating: 97, count: random.below(70))
            let sound = random.chance(60) ? 5 : pieces.count
            for _ in 0..<random.below(60) { text += pieces[random.below(sound)] }
            text.append(10)
            let found = scan(text, Dialect(), FastScan.run).0
            let isValid = text.withUnsafeBufferPointer { UTF8Check.isValid($0) }
            #expect(found.mayBreakUTF8 == !isValid, "seed \(seed)")
            #expect(found.hasNonASCII == text.contains { $0 >= 0x80 }, "seed \(seed)")
            // What the end cuts off may have gone on well.
            let cut = Array(text.dropLast()) + Array("😀".utf8).prefix(1 + random.below(3))
            #expect(scan(cut, Dialect(), FastScan.run).0.mayBreakUTF8 == !isValid || !isValid, "seed \(seed)")
        }
    }

    @Test("well-formed text is never irregular", arguments: 0..<4)
    func regular(_ block: UInt64) {
        for seed in (block * 500)..<(block * 500 + 500) {
            var random = Seeded(seed)
            let dialect = Self.dialects[random.below(4)]
            let text = Self.text(dialect, mishaps: 0, &random)
            let start = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            #expect(!scan(Array(text[start...]), dialect, FastScan.run).0.isIrregular, "seed \(seed)")
        }
    }

    @Test("the reader reads what a naive parser reads, on every path", arguments: 0..<24)
    func naive(_ block: UInt64) throws {
        for seed in (block * 60)..<(block * 60 + 60) {
            var random = Seeded(seed)
            let dialect = random.chance(15) ? Self.escaping : Self.dialects[random.below(Self.dialects.count)]
            var text = random.chance(60) ? Self.text(dialect, mishaps: 3, &random) : Self.noise(dialect, &random)
            if !dialect.doublesQuotes {
                text = text.flatMap { $0 != 13 && $0 != dialect.newline && random.chance(8) ? [92, $0] : [$0] }
            }
            let columns = CSVPaths.columns(random.chance(80) ? 3 : 1)
            let found = try CSVPaths.whole(text, dialect, columns)
            let expected = NaiveCSV.reading(text, dialect, columns: columns.map(\.name))
            #expect(found.rows == expected.rows, "seed \(seed)")
            #expect(found.numbers == expected.numbers, "seed \(seed)")
            #expect(found.rejected == expected.rejected, "seed \(seed)")
            #expect(found.error?.code == expected.error?.code, "seed \(seed)")
            let chunks = [1, 2, 3, 7, 63, 64, 65, 1 + random.below(200), text.count]
            #expect(
                try CSVPaths.disagreement(
                    text, dialect, columns, with: found, chunks: chunks, threads: [1 + Int(seed % 4)]) == nil, "seed \(seed)")
        }
    }

    private func scan(
        _ text: [UInt8], _ dialect: Dialect,
        _ run: (UnsafePointer<UInt8>, Int, Dialect, UnsafeMutablePointer<UInt32>) -> Separators
    ) -> (Separators, [UInt32]) {
        // What stands behind the text must not matter.
        let padded = text + [UInt8](repeating: dialect.quote ?? dialect.newline, count: 64)
        let positions = UnsafeMutablePointer<UInt32>.allocate(capacity: text.count + FastScan.sparePositions)
        defer { positions.deallocate() }
        return padded.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return (Separators(), []) }
            let found = run(base, text.count, dialect, positions)
            return (found, Array(UnsafeBufferPointer(start: positions, count: found.count)))
        }
    }
}
