import Columns
import Testing

@testable import Tabular

@Suite("Inferring types")
struct TypeEvidenceTests {
    /// The verdict over unquoted cells; `""` stands for a quoted empty text, nothing for a null.
    static func verdict(_ cells: [String]) -> (type: ColumnType, reason: String) { evidence(cells).verdict() }

    static func evidence(_ cells: [String]) -> TypeEvidence {
        var evidence = TypeEvidence()
        for (index, cell) in cells.enumerated() {
            switch cell {
            case "": evidence.observeNull()
            case "\"\"": evidence.observeQuotedEmpty()
            default: Array(cell.utf8).withUnsafeBufferPointer { evidence.observe($0, record: Int64(index + 1)) }
            }
        }
        return evidence
    }

    @Test(
        "whole numbers",
        arguments: [
            ("0", "int64"), ("1 -1 42", "int64"), ("-9223372036854775808 9223372036854775807", "int64"),
            ("9223372036854775808", "decimal(19,0)"), ("-9223372036854775809 1", "decimal(19,0)"),
            ("1000000000000000000 -999999999999999999", "int64"), ("12345678901234567890123456789012345678", "decimal(38,0)"),
            ("123456789012345678901234567890123456789", "text"), ("007", "text"), ("1 02", "text"), ("00", "text"), ("-01", "text"),
            ("+12", "text"), ("-0", "text"), ("1 -0", "text"), ("-", "text"), ("1,000", "text"), ("1_000", "text"), ("0x1F", "text"),
            ("12 ", "text"), ("١٢", "text"),
        ])
    func whole(cells: String, type: String) {
        // Blanks cannot stand between cells where they are a part of one.
        let cells = cells.hasSuffix(" ") ? [cells] : cells.split(separator: " ").map(String.init)
        #expect(Self.verdict(cells).type.description == type)
    }

    @Test(
        "numbers with a fraction or an exponent",
        arguments: [
            ("0.1", "decimal(1,1)"), ("1.50 2.25", "decimal(3,2)"), ("1 2.5", "decimal(2,1)"), ("1.5 2.25 100", "decimal(5,2)"),
            (".5", "decimal(1,1)"),
            ("-.5 10", "decimal(3,1)"), ("-0.5", "decimal(1,1)"), ("1.", "text"), (".", "text"), ("-.", "text"), ("1.2.3", "text"),
            ("01.5", "text"), ("0.00", "decimal(2,2)"),
            ("-0.00", "float64"), ("-0.00 1.5", "float64"), ("1e5", "float64"), ("1E5 2", "float64"), ("1e5 0.1", "float64"),
            ("1e-7", "float64"), ("1e+3", "float64"),
            ("1e", "text"), ("e5", "text"), ("1e5.5", "text"), ("1e400", "text"), ("1e-400", "text"),
            ("1e5 0.12345678901234567891", "text"),
            ("1e-9223372036854775808", "text"), ("1e9223372036854775807", "text"), ("1e99999999999999999999", "text"),
            ("0.123456789 1.5", "decimal(10,9)"), ("0.1234567891 1.5", "float64"), ("0.1234567891 1.1234567891", "decimal(11,10)"),
            ("0.12345678901234567891 1.5", "decimal(21,20)"), ("123456789012345678.5 1.25", "decimal(20,2)"),
            ("9007199254740993 0.5", "decimal(17,1)"),
            ("1e3 9007199254740993", "text"), ("1e3 9007199254740992", "float64"), ("NaN", "text"), ("inf", "text"), ("1.5 NaN", "text"),
            ("$5", "text"), ("5%", "text"),
            ("0.00000000000000000000000000000000000001", "decimal(38,38)"), ("0.000000000000000000000000000000000000011", "float64"),
            ("0.012345678901234567890123456789012345678", "text"), ("1.5 1e-3 -2", "float64"),
        ])
    func fractions(cells: String, type: String) {
        #expect(Self.verdict(cells.split(separator: " ").map(String.init)).type.description == type)
    }

    @Test(
        "dates and times",
        arguments: [
            (["2026-01-31"], "date"), (["0001-01-01", "9999-12-31"], "date"), (["2024-02-29"], "date"), (["2023-02-29"], "text"),
            (["1900-02-29"], "text"),
            (["2000-02-29"], "date"), (["2026-13-01"], "text"), (["2026-00-10"], "text"), (["2026-01-32"], "text"),
            (["0000-01-01"], "date"), (["26-01-31"], "text"),
            (["2026/01/31"], "date"), (["31.01.2026"], "date"), (["2026-1-31"], "text"), (["20260131"], "int64"),
            (["2026-01-31", "1"], "text"),
            (["2026-01-31T10:00:00"], "timestamp"), (["2026-01-31 10:00:00.25"], "timestamp"), (["2026-01-31 10:00:00.1234567"], "text"),
            (["2026-01-31 10:00:00.1234560"], "timestamp"), (["2026-01-31T10:00"], "text"), (["2026-01-31T24:00:00"], "text"),
            (["2026-01-31T23:59:60"], "text"),
            (["2026-01-31T10:00:00Z"], "timestamptz"), (["2026-01-31 10:00:00+01"], "timestamptz"),
            (["2026-01-31 10:00:00-0530"], "timestamptz"),
            (["2026-01-31 10:00:00+05:30"], "timestamptz"), (["2026-01-31 10:00:00 Z"], "text"), (["2026-01-31 10:00:00+1"], "text"),
            (["2026-01-31 10:00:00+16"], "text"),
            (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00"], "text"), (["2026-01-31", "2026-01-31T10:00:00"], "text"),
            (["0001-01-01T00:00:00+01:00"], "timestamptz"), (["9999-12-31T23:59:59-00:01"], "timestamptz"), (["+10000-01-01"], "text"),
            (["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"], "timestamptz"),
            (["10:00:00"], "time"), (["23:59:59.999999", "00:00:00"], "time"), (["24:00:00"], "text"), (["10:00"], "text"),
            (["1:00:00"], "text"),
            (["10:00:00.1234567"], "text"), (["10:00:00", "2026-01-31"], "text"), (["10:00:00Z"], "text"),
        ])
    func moments(cells: [String], type: String) {
        #expect(Self.verdict(cells).type.description == type)
    }

    @Test(
        "truth and text",
        arguments: [
            (["true", "false"], "bool"), (["True", "FALSE", "true"], "bool"), (["TRUE"], "bool"), (["tRUE"], "text"), (["t"], "text"),
            (["yes"], "text"), (["true", "1"], "text"),
            (["NA"], "text"), (["1", "NB"], "text"), (["NULL"], "text"), (["null"], "text"), (["None"], "text"), (["-"], "text"),
            (["1", ""], "int64"), (["", ""], "text"),
            (["\"\""], "text"), (["1", "\"\""], "int64"), (["1", "\"\"", ""], "text"), (["a", "\"\"", ""], "text"),
            (["2026-01-31", "\"\""], "date"),
            (["550e8400-e29b-41d4-a716-446655440000"], "text"), (["{}"], "text"), ([], "text"),
        ])
    func others(cells: [String], type: String) {
        #expect(Self.verdict(cells).type.description == type)
    }

    @Test(
        "the reason names what decided",
        arguments: [
            (["1", "22"], "all 2 values are whole numbers of up to 2 digits"), (["1", "", "x", "y"], "text, because record 3 has \"x\""),
            (["1.50"], "all 1 values are numbers with 2 digits after the point"),
            (["1.5", "1"], "all 2 values are numbers with up to 1 digits after the point"),
            (["9223372036854775808"], "all 1 values are whole numbers, some beyond 64 bits"),
            (["1e5"], "all 1 values are numbers that a double holds exactly as written"),
            (["", ""], "no values"), (["\"\""], "only empty texts"),
            (["1", "\"\"", ""], "text, to keep 1 empty texts (\"\") apart from 1 nulls"),
            (["1", "2", "2026-01-31"], "text, because the values are of several kinds; record 3 has \"2026-01-31\""),
            (["1", "1.5", "1e5", "true"], "text, because the values are of several kinds; record 4 has \"true\""),
            (["2026-01-31", "7", "true"], "text, because the values are of several kinds; record 2 has \"7\""),
            (["true"], "all 1 values are true or false"), (["10:00:00"], "all 1 values are times of day"),
            (["2026-01-31"], "all 1 values are ISO 8601 dates"),
            (["2026-01-31T10:00:00"], "all 1 values are ISO 8601 timestamps without zone"),
            (["2026-01-31T10:00:00Z"], "all 1 values are ISO 8601 timestamps with zone"),
            ([String(repeating: "1", count: 39)], "text, because numbers have up to 39 digits, and decimals at most 38"),
            (["1e5", "0.12345678901234567891"], "text, because some numbers have more digits than a double or a decimal holds"),
            (["0.12345678901234567891", "1.5"], "all 2 values are numbers, some with more digits than a double"),
            ([String(repeating: "x", count: 50)], "text, because record 1 has \"\(String(repeating: "x", count: 40))…\""),
        ])
    func reasons(cells: [String], reason: String) {
        #expect(Self.verdict(cells).reason == reason)
    }

    @Test("the order of values does not change the type", arguments: 0..<8)
    func order(_ block: UInt64) {
        let spellings = [
            "1", "-5", "1.5", "0.25", "1e5", "true", "2026-01-31", "10:00:00", "007", "-0.0", "", "\"\"", "9223372036854775808",
            "0.12345678901234567891",
        ]
        for seed in (block * 200)..<(block * 200 + 200) {
            var random = Seeded(seed)
            let cells = (0..<1 + random.below(5)).map { _ in spellings[random.below(spellings.count)] }
            let type = Self.verdict(cells).type
            #expect(Self.verdict(cells.reversed()).type == type, "seed \(seed): \(cells)")
            #expect(Self.verdict(cells + cells).type == type, "seed \(seed): \(cells)")
        }
    }

    @Test("numbers keep their value in the type they are given", arguments: 0..<8)
    func lossless(_ block: UInt64) throws {
        for seed in (block * 300)..<(block * 300 + 300) {
            var random = Seeded(seed)
            let cells = (0..<1 + random.below(4)).map { _ in Self.number(&random) }
            let columns = [Column(name: "n", type: Self.verdict(cells).type)]
            let text = Array(("n\n" + cells.joined(separator: "\n") + "\n").utf8)
            let reading = try CSVPaths.whole(text, Dialect(), columns)
            #expect(reading.rejects == [], "seed \(seed): \(cells)")
            for (row, cell) in zip(reading.rows, cells) {
                #expect(Digits(row[0] ?? "") == Digits(cell), "seed \(seed): \(cell) became \(row[0] ?? "null") in \(columns[0].type)")
            }
        }
    }

    private static func number(_ random: inout Seeded) -> String {
        func digits(_ count: Int) -> String { (0..<count).map { _ in String(random.below(10)) }.joined() }
        let whole = random.chance(20) ? "0" : String(1 + random.below(9)) + digits(random.below(random.chance(20) ? 30 : 8))
        let fraction = random.chance(50) ? "." + digits(1 + random.below(random.chance(20) ? 25 : 4)) : ""
        let exponent = random.chance(10) ? "e" + (random.chance(50) ? "-" : "") + String(random.below(30)) : ""
        return (random.chance(30) ? "-" : "") + whole + fraction + exponent
    }

    /// A number's sign, significant digits and power of ten.
    private struct Digits: Equatable {
        var negative: Bool
        var digits: String
        var power: Int

        init(_ text: String) {
            let parts = text.lowercased().split(separator: "e", maxSplits: 1)
            var mantissa = parts.first.map(String.init) ?? ""
            negative = mantissa.hasPrefix("-")
            if negative { mantissa.removeFirst() }
            power = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
            if let point = mantissa.firstIndex(of: ".") {
                power -= mantissa.distance(from: point, to: mantissa.endIndex) - 1
                mantissa.remove(at: point)
            }
            digits = String(mantissa.drop { $0 == "0" })
            while digits.hasSuffix("0") {
                digits.removeLast()
                power += 1
            }
            if digits.isEmpty { power = 0 }
        }
    }

    @Test(
        "dates that are not ISO 8601, where all values allow one order only",
        arguments: [
            (["1/2/2026", "31/1/2026"], "date", "%d/%m/%Y"), (["01/31/2026", "01/02/2026"], "date", "%m/%d/%Y"),
            (["2026/1/2", "2026/12/31"], "date", "%Y/%m/%d"), (["2026.01.02"], "date", "%Y.%m.%d"), (["2026-1-2"], "text", nil),
            (["01/02/2026", "03/04/2026"], "text", nil), (["31/01/2026", "01/31/2026"], "text", nil), (["31/01/26"], "text", nil),
            (["31/01/2026", "31-01-2026"], "text", nil), (["31/02/2026"], "text", nil), (["31/01/2026", "x"], "text", nil),
            (["31-01-2026", "2026-01-31"], "text", nil), (["31/01/2026 10:00", "1/2/2026 9:05"], "timestamp", "%d/%m/%Y %H:%M"),
            (["31/01/2026 10:00:00", "1/2/2026 9:05"], "text", nil), (["31/01/2026 24:00"], "text", nil),
            (["31/01/2026", "31/01/2026 10:00"], "text", nil), (["31.01.2026 10:00:00.5"], "timestamp", "%d.%m.%Y %H:%M:%S.%f"),
            (["31/01/2026 10:00 PM"], "text", nil), (["31/01/2026x"], "text", nil), (["1.2.3"], "text", nil),
        ] as [([String], String, String?)])
    func localDates(cells: [String], type: String, pattern: String?) {
        let evidence = Self.evidence(cells)
        #expect(evidence.verdict().type.description == type)
        #expect(evidence.format?.moment?.text == pattern)
    }

    @Test("an order of day and month that nothing decides is said to be open")
    func openOrder() {
        #expect(Self.verdict(["01/02/2026"]).reason.contains("may have their day or their month first"))
        #expect(Self.verdict(["01/02/2026", "31/01/2026"]).reason.contains(#"day first, which "31/01/2026" shows"#))
    }

    @Test(
        "words for null are nulls among numbers, dates and truths, and texts among texts",
        arguments: [
            (["1", "NA", "2"], "int64", ["NA"]), (["NULL", "1.5", "-"], "decimal(2,1)", ["NULL", "-"]), (["\\N", "true"], "bool", ["\\N"]),
            (["2026-01-31", "N/A", "#N/A"], "date", ["N/A", "#N/A"]), (["31/01/2026", "NA"], "date", ["NA"]), (["NA"], "text", []),
            (["NA", "DE"], "text", []), (["NA", "1", "x"], "text", []), (["1", "nope"], "text", []), (["NA", "", "NULL"], "text", []),
            (["1", "\"\"", "NA"], "text", []),
        ] as [([String], String, [String])])
    func nullWords(cells: [String], type: String, nulls: [String]) {
        let evidence = Self.evidence(cells)
        #expect(evidence.verdict().type.description == type)
        #expect(evidence.format?.nulls.map { String(decoding: $0, as: UTF8.self) } ?? [] == nulls)
    }

    @Test("a word for null in quotes is a text")
    func quotedWord() {
        var evidence = Self.evidence(["1"])
        Array("NA".utf8).withUnsafeBufferPointer { evidence.observe($0, record: 2, isQuoted: true) }
        #expect(evidence.verdict().type == .text)
    }

    @Test(
        "what two files have in common is what one file of both would have",
        arguments: [
            (["1", "2"], ["2.5"]), (["1"], ["x"]), ([""], ["7"]), (["1e5"], ["3"]), (["01/02/2026"], ["31/01/2026"]),
            (["31/01/2026"], ["01/31/2026"]), (["NA", "1"], ["2"]), (["NA"], ["x"]), (["2026-01-31"], ["5"]),
            (["9223372036854775808"], ["1"]),
            (["31/01/2026"], ["31.01.2026"]), (["0.12345678901234567891"], ["1e5"]), ([], ["1"]), (["\"\""], [""]),
        ] as [([String], [String])])
    func merging(one: [String], other: [String]) {
        var merged = Self.evidence(one)
        merged.merge(Self.evidence(other), source: "b.csv")
        let whole = Self.evidence(one + other)
        #expect(merged.verdict().type == whole.verdict().type)
        #expect(merged.format == whole.format)
    }
}
