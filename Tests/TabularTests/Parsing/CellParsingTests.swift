import Columns
import Glibc
import Testing

@testable import Tabular

@Suite("Reading values from their text")
struct CellParsingTests {
    private static func parse<T>(_ text: String, _ read: (UnsafeBufferPointer<UInt8>) -> T?) -> T? {
        // An exact heap copy, so that the address sanitizer sees a read beyond the text.
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        defer { copy.deallocate() }
        _ = copy.initialize(fromContentsOf: text.utf8)
        return read(UnsafeBufferPointer(copy))
    }

    @Test(
        "int64",
        arguments: [
            ("0", 0), ("-0", 0), ("+7", 7), ("007", 7), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("999999999999999999", 999_999_999_999_999_999),
            ("-999999999999999999", -999_999_999_999_999_999),
            ("0000000000000000000000000000001", 1), ("99999999999999999999999999999999999999999", nil), ("", nil), ("-", nil), ("+", nil),
            ("1 ", nil),
            (" 1", nil), ("1.0", nil), ("--1", nil), ("+-1", nil), ("1a", nil), ("a1", nil), ("1/", nil), ("1:", nil), ("０", nil),
        ] as [(String, Int64?)])
    func int64(text: String, value: Int64?) {
        #expect(Self.parse(text) { CellParsing.int64($0) } == value)
    }

    @Test(
        "decimals",
        arguments: [
            ("1.50", 12, 2, "1.50"), ("1.5", 12, 2, "1.50"), ("1", 12, 2, "1.00"), ("-1.5", 12, 2, "-1.50"), ("+1.5", 12, 2, "1.50"),
            (".5", 12, 2, "0.50"), ("1.", 12, 2, "1.00"),
            ("1.500", 12, 2, "1.50"), ("1.501", 12, 2, nil), ("-0", 12, 2, "0.00"), ("0.00", 2, 2, "0.00"), ("0.99", 2, 2, "0.99"),
            ("1.00", 2, 2, nil), ("999.99", 5, 2, "999.99"),
            ("1000.00", 5, 2, nil), ("00000000000000000000999.99", 5, 2, "999.99"), ("999999999999999999", 18, 0, "999999999999999999"),
            ("-999999999999999999", 18, 0, "-999999999999999999"), ("1000000000000000000", 18, 0, nil),
            ("0.999999999999999999", 18, 18, "0.999999999999999999"),
            ("0.000000000000000001", 18, 18, "0.000000000000000001"), ("1.000000000000000000", 18, 18, nil),
            ("0.0000000000000000010", 18, 18, "0.000000000000000001"),
            ("9999999999999999999", 19, 0, "9999999999999999999"), ("10000000000000000000", 19, 0, nil),
            ("99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999"),
            ("-99999999999999999999999999999999999999", 38, 0, "-99999999999999999999999999999999999999"),
            ("100000000000000000000000000000000000000", 38, 0, nil), ("999999999999999999999999999999999999999", 38, 0, nil),
            ("0.99999999999999999999999999999999999999", 38, 38, "0.99999999999999999999999999999999999999"),
            ("0.00000000000000000000000000000000000001", 38, 38, "0.00000000000000000000000000000000000001"),
            ("0.000000000000000000000000000000000000001", 38, 38, nil), ("1", 38, 38, nil),
            ("0", 38, 38, "0.00000000000000000000000000000000000000"),
            ("340282366920938463463374607431768211456", 38, 0, nil), ("12345678901234567890.12", 38, 2, "12345678901234567890.12"),
            ("", 12, 2, nil), ("-", 12, 2, nil), (".", 12, 2, nil), ("-.", 12, 2, nil), ("1..2", 12, 2, nil), ("1,5", 12, 2, nil),
            ("1e2", 12, 2, nil), ("NaN", 12, 2, nil),
            ("", 38, 2, nil), ("-", 38, 2, nil), (".", 38, 2, nil), ("1..2", 38, 2, nil), ("1.2.", 38, 2, nil), ("1e2", 38, 2, nil),
        ] as [(String, Int, Int, String?)])
    func decimal(text: String, precision: Int, scale: Int, value: String?) {
        let type = ColumnType.decimal(precision: precision, scale: scale)
        #expect(Self.spelled(text, type) == value)
        // The narrow reader and the wide one agree where both can read.
        let wide = Self.parse(text) { CellParsing.decimal128($0, precision: precision, scale: scale) }
        if precision <= 18 {
            #expect(Self.parse(text) { CellParsing.narrowDecimal($0, precision: precision, scale: scale) }.map { Int128($0) } == wide)
        }
    }

    /// The text of a value that was read as a type from a CSV cell, nil where it was refused.
    private static func spelled(_ text: String, _ type: ColumnType) -> String? {
        let columns = [Column(name: "v", type: type), Column(name: "w", type: .text)]
        let reading = try? CSVPaths.whole(Array("\(text),x\n".utf8), Dialect(quote: nil, escape: nil, header: false), columns)
        return reading?.rows.first?[0]
    }

    @Test("narrow and wide decimals are read alike", arguments: 0..<8)
    func decimalsAgree(_ block: UInt64) {
        let bytes = Array("0001259.-+".utf8)
        for seed in (block * 2000)..<(block * 2000 + 2000) {
            var random = Seeded(seed)
            let text = String(decoding: (0..<random.below(24)).map { _ in bytes[random.below(bytes.count)] }, as: UTF8.self)
            let precision = 1 + random.below(18)
            let scale = random.below(precision + 1)
            let narrow = Self.parse(text) { CellParsing.narrowDecimal($0, precision: precision, scale: scale) }
            let wide = Self.parse(text) { CellParsing.decimal128($0, precision: precision, scale: scale) }
            #expect(narrow.map { Int128($0) } == wide, "seed \(seed): \(text) as decimal(\(precision),\(scale))")
        }
    }

    @Test(
        "float64",
        arguments: [
            ("0", 0), ("-0", -0.0), ("1", 1), ("+1.5", 1.5), (".5", 0.5), ("5.", 5), ("1e5", 1e5), ("1E+5", 1e5), ("1e-5", 1e-5),
            ("0.1", 0.1), ("1e23", 1e23), ("1e22", 1e22),
            ("9007199254740993", 9_007_199_254_740_992), ("9007199254740992", 9_007_199_254_740_992),
            ("9007199254740995", 9_007_199_254_740_996), ("4503599627370496.5", 4_503_599_627_370_496),
            ("4503599627370497.5", 4_503_599_627_370_498), ("9007199254740993.0000000000001", 9_007_199_254_740_994),
            ("179769313486231570e291", .greatestFiniteMagnitude), ("1.7976931348623157e308", .greatestFiniteMagnitude),
            ("5e-324", .leastNonzeroMagnitude), ("2.4703282292062328e-324", .leastNonzeroMagnitude), ("2.4703282292062327e-324", nil),
            ("2.2250738585072011e-308", .leastNormalMagnitude.nextDown), ("1e-400", nil), ("-1e-400", nil), ("1e400", nil), ("-1e400", nil),
            ("inf", .infinity), ("-Infinity", -.infinity), ("+INF", .infinity), ("infinit", nil), ("1e", nil), ("1e+", nil), ("e5", nil),
            (".", nil), ("", nil), ("-", nil), ("1 ", nil), ("0x1p3", nil), ("1d5", nil), ("1e5.0", nil),
            ("1.2.3", nil), ("1,5", nil), ("1e9999", nil), ("1e-9999", nil), ("1e10000", nil), ("1e-9223372036854775808", nil),
            ("1e9223372036854775807", nil), ("1e99999999999999999999", nil),
            ("0e9999", 0), (String(repeating: "0", count: 127) + "7", 7), (String(repeating: "0", count: 128) + "7", nil),
            ("1" + String(repeating: "0", count: 127), 1e127),
        ] as [(String, Double?)])
    func float64(text: String, value: Double?) {
        #expect(Self.parse(text) { CellParsing.float64($0) }?.bitPattern == value?.bitPattern)
    }

    @Test("NaN in any spelling is not a number", arguments: ["nan", "NaN", "-NAN", "+nan"])
    func notANumber(_ text: String) {
        #expect(Self.parse(text) { CellParsing.float64($0) }?.isNaN == true)
    }

    @Test(
        "a float32 is rounded, but never to infinity",
        arguments: [
            ("0.1", "0.1"), ("16777217", "16777216.0"), ("3.4028235e38", "3.4028235e+38"), ("3.5e38", nil), ("-1e39", nil), ("1e-60", nil),
            ("0e-60", "0.0"), ("1.0000000596046447754", "1.0000001"), ("1e-45", "1e-45"), ("Infinity", "Infinity"), ("-inf", "-Infinity"),
            ("NaN", "NaN"),
        ] as [(String, String?)])
    func float32(text: String, value: String?) {
        #expect(Self.spelled(text, .float32) == value)
    }

    @Test("floats are rounded as strtod rounds them", arguments: 0..<20)
    func strtodAgrees(_ block: UInt64) {
        for seed in (block * 5000)..<(block * 5000 + 5000) {
            var random = Seeded(seed)
            let text = Self.floatSpelling(&random)
            let found = Self.parse(text) { CellParsing.float64($0) }
            let expected = strtod(text, nil)
            let isZero = text.prefix { $0 != "e" && $0 != "E" }.allSatisfy { !("1"..."9").contains($0) }
            if expected.isFinite, expected != 0 || isZero {
                #expect(found?.bitPattern == expected.bitPattern, "seed \(seed): \(text)")
            } else {
                // Beyond the range of a double, or so small that nothing is left of it.
                #expect(found == nil, "seed \(seed): \(text)")
            }
        }
    }

    private static func floatSpelling(_ random: inout Seeded) -> String {
        func digits(_ count: Int) -> String { (0..<count).map { _ in String(random.below(10)) }.joined() }
        switch random.below(6) {
        case 4:
            // In the middle between two doubles, or beside it.
            let middle = (1 << 54 | (random.next() >> 10) << 1) + 2 + UInt64(random.below(3)) - 1
            return String(middle >> UInt64(random.below(2))) + (random.chance(50) ? ".5" : "e\(random.below(24) - 4)")
        case 5: return "0." + String(repeating: "0", count: random.below(12)) + digits(1 + random.below(19))
        case 0:
            let value = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
            return value.isFinite ? value.description : "0"
        case 1: return digits(1 + random.below(20)) + "." + digits(random.below(20))
        case 2: return (random.chance(50) ? "-" : "+") + digits(1 + random.below(25)) + "e" + String(random.below(700) - 350)
        default:
            return digits(1 + random.below(4)) + "." + digits(random.below(4)) + (random.chance(50) ? "E-" + String(random.below(30)) : "")
        }
    }

    @Test(
        "bool",
        arguments: [
            ("true", true), ("FALSE", false), ("t", true), ("F", false), ("yes", true), ("No", false), ("y", true), ("n", false),
            ("1", true), ("0", false), ("TrUe", true), ("NO", false), ("YES", true), ("trua", nil), ("falsy", nil), ("fal5e", nil),
            ("nope", nil), ("xo", nil), ("", nil), ("2", nil), ("truee", nil), ("on", nil), ("ja", nil),
        ] as [(String, Bool?)])
    func bool(text: String, value: Bool?) {
        #expect(Self.parse(text) { CellParsing.bool($0) } == value)
    }

    @Test(
        "date",
        arguments: [
            ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("0001-01-01", -719_162), ("9999-12-31", 2_932_896),
            ("0000-12-31", -719_163), ("10000-01-01", nil), ("+10000-01-01", 2_932_897), ("-0001-12-31", -719_529), ("+2026-13-01", nil),
            ("+99999999-01-01", nil), ("+5881580-07-11", 2_147_483_647), ("-2026-0-01", nil), ("+10000-01-01T", nil), ("+-1000-01-01", nil),
            ("2026-02-29", nil), ("2026-04-31", nil),
            ("2026-1-01", nil), ("2026-01-1", nil), ("2026-01-01 ", nil), ("2026-01-0a", nil), ("2026/01/01", nil), ("-026-01-01", nil),
            ("", nil), ("2026-01-00", nil), ("20260101", nil), ("２026-01-1", nil),
        ] as [(String, Int64?)])
    func date(text: String, days: Int64?) {
        #expect(Self.parse(text) { CellParsing.date($0) } == days)
    }

    @Test(
        "time",
        arguments: [
            ("00:00:00", 0), ("23:59:59.999999", 86_399_999_999), ("10:00:00.5", 36_000_500_000), ("10:00:00,25", 36_000_250_000),
            ("10:00:00.000001", 36_000_000_001), ("10:00:00.1234560000", 36_000_123_456),
            ("10:00:00.1234561", nil), ("10:00:00.", nil), ("24:00:00", nil), ("10:60:00", nil), ("10:00:60", nil), ("10:00", nil),
            ("1:00:00", nil), ("10:00:00Z", nil), ("10-00-00", nil), ("", nil), ("10:00:0", nil), ("aa:00:00", nil),
        ] as [(String, Int64?)])
    func time(text: String, micros: Int64?) {
        #expect(Self.parse(text) { CellParsing.time($0) } == micros)
    }

    @Test(
        "timestamp",
        arguments: [
            ("1970-01-01T00:00:00", 0), ("1970-01-01 00:00:01.5", 1_500_000), ("1970-01-01t00:00:00", 0),
            ("1969-12-31T23:59:59.999999", -1), ("1970-01-02", 86_400_000_000), ("0001-01-01T00:00:00", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999", 253_402_300_799_999_999), ("1970-01-01T00:00:00Z", nil), ("1970-01-01T00:00", nil),
            ("1970-01-01_00:00:00", nil), ("1970-01-01  00:00:00", nil), ("1970-01-01T00:00:00.", nil), ("1970-01-01T", nil), ("", nil),
            ("1970-02-30T00:00:00", nil), ("1970-01-01T00:00:00 ", nil),
        ] as [(String, Int64?)])
    func timestamp(text: String, micros: Int64?) {
        #expect(Self.parse(text) { CellParsing.timestamp($0) } == micros)
    }

    @Test(
        "timestamptz",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00z", 0), ("1970-01-01T01:00:00+01", 0), ("1970-01-01 05:30:00+05:30", 0),
            ("1969-12-31T19:00:00-0500", 0), ("1970-01-01T00:00:00.5-00:00", 500_000),
            ("1970-01-01T15:59:00+15:59", 0), ("1970-01-01T00:00:00", nil), ("1970-01-01T00:00:00+16:00", nil),
            ("1970-01-01T00:00:00+01:60", nil), ("1970-01-01T00:00:00+1", nil), ("1970-01-01T00:00:00+", nil),
            ("1970-01-01T00:00:00+01:", nil),
            ("1970-01-01T00:00:00+01:0", nil), ("1970-01-01T00:00:00+01:00:00", nil), ("1970-01-01T00:00:00Z ", nil),
            ("1970-01-01T00:00:00 UTC", nil), ("1970-01-01T00:00:00+0a", nil), ("1970-01-01", nil), ("", nil),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("0001-01-01T01:00:00+01:00", -62_135_596_800_000_000),
            ("0001-01-01T00:00:00+00:01", -62_135_596_860_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("9999-12-31T23:59:59-00:01", 253_402_300_859_000_000), ("+10000-01-01T00:00:59Z", 253_402_300_859_000_000),
            ("+999999-01-01T00:00:00Z", nil), ("+ 0000-01-01T00:00:00Z", nil), ("-", nil), ("+T", nil),
        ] as [(String, Int64?)])
    func timestamptz(text: String, micros: Int64?) {
        #expect(Self.parse(text) { CellParsing.timestamptz($0) } == micros)
    }

    @Test(
        "uuid",
        arguments: [
            ("550e8400-e29b-41d4-a716-446655440000", true), ("550E8400-E29B-41D4-A716-446655440000", true),
            ("550e8400e29b41d4a716446655440000", true), ("{550e8400-e29b-41d4-a716-446655440000}", true),
            ("550e8400-e29b-41d4-a716-44665544000", false),
            ("550e8400-e29b-41d4-a716-44665544000g", false), ("550e8400e-29b-41d4-a716-446655440000", false),
            ("550e8400-e29b-41d4-a716-4466554400000", false), ("", false), ("{}", false), ("550e8400-e29b-41d4-a716-446655440000}", false),
            ("------------------------------------", false),
        ])
    func uuid(text: String, isValid: Bool) {
        #expect(Self.spelled(text, .uuid) == (isValid ? "550e8400-e29b-41d4-a716-446655440000" : nil))
    }

    @Test(
        "bytes",
        arguments: [("\\x00ff", "\\x00ff"), ("\\XAB", "\\xab"), ("\\x", "\\x"), ("\\x0", nil), ("\\xgg", nil), ("00ff", nil), ("x00", nil)]
            as [(String, String?)])
    func bytes(text: String, value: String?) {
        #expect(Self.spelled(text, .bytes) == value)
    }

    @Test("json", arguments: [("{\"a\":1}", "{\"a\":1}"), (" [1] ", "[1]"), ("nul", nil), ("{} {}", nil)] as [(String, String?)])
    func json(text: String, value: String?) {
        #expect(Self.spelled(text, .json) == value)
    }

    @Test(
        "small integers are held to their range",
        arguments: [
            (ColumnType.int16, "32767", true), (.int16, "32768", false), (.int16, "-32768", true), (.int16, "-32769", false),
            (.int32, "2147483647", true), (.int32, "2147483648", false), (.int32, "-2147483648", true), (.int32, "-2147483649", false),
        ])
    func smallIntegers(type: ColumnType, text: String, fits: Bool) {
        #expect(Self.spelled(text, type) == (fits ? text : nil))
    }

    @Test(
        "blanks around a typed value do not count, quoted or not; nothing but blanks is null",
        arguments: [(" 7 ", "7"), ("\" 7\"", "7"), ("  ", nil), ("\" \"", nil), ("\"\"", nil)] as [(String, String?)])
    func blanks(cell: String, value: String?) throws {
        let reading = try CSVPaths.whole(Array("a,b\n\(cell),\(cell)\n".utf8), Dialect(), CSVPaths.columns(2, .int64))
        #expect(reading.rows == [[value, value]])
    }
}

@Suite("UTF-8")
struct UTF8CheckTests {
    @Test(
        "the first byte that begins no well-formed sequence is found",
        arguments: [
            ([], nil), ([0x7F], nil), ([0xC2, 0x80], nil), ([0xC1, 0xBF], 0), ([0xE0, 0xA0, 0x80], nil), ([0xE0, 0x9F, 0xBF], 0),
            ([0xED, 0x9F, 0xBF], nil), ([0xED, 0xA0, 0x80], 0), ([0xEF, 0xBF, 0xBF], nil), ([0xF0, 0x90, 0x80, 0x80], nil),
            ([0xF0, 0x8F, 0xBF, 0xBF], 0), ([0xF4, 0x8F, 0xBF, 0xBF], nil), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xF5, 0x80, 0x80, 0x80], 0),
            ([97, 0x80], 1), ([97, 0xC3], 1), ([97, 0xE2, 0x82], 1), ([0xF0, 0x9F, 0x98], 0), ([0xF0, 0x9F, 0x98, 97], 0),
            ([0xE2, 97, 0x82], 0),
        ] as [([UInt8], Int?)])
    func firstInvalid(bytes: [UInt8], at: Int?) {
        #expect(bytes.withUnsafeBufferPointer { UTF8Check.firstInvalid($0) } == at)
        #expect((String(validating: bytes, as: UTF8.self) == nil) == (at != nil))
    }

    @Test("it agrees with the standard library on random bytes", arguments: 0..<4)
    func random(_ block: UInt64) {
        let bytes: [UInt8] = [
            0, 97, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
        ]
        for seed in (block * 5000)..<(block * 5000 + 5000) {
            var random = Seeded(seed)
            let text = (0..<random.below(6)).map { _ in bytes[random.below(bytes.count)] }
            let valid = text.withUnsafeBufferPointer { UTF8Check.isValid($0) }
            #expect(valid == (String(validating: text, as: UTF8.self) != nil), "seed \(seed): \(text)")
        }
    }
}
