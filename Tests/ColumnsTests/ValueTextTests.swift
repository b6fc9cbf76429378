import Columns
import Testing

@Suite("The text of values")
struct ValueTextTests {
    private static func text(_ append: (inout [UInt8]) -> Void) -> String {
        var out = Array("<".utf8)
        append(&out)
        return String(String(decoding: out, as: UTF8.self).dropFirst())
    }

    @Test(
        "integers",
        arguments: [(0, "0"), (-1, "-1"), (10, "10"), (.max, "9223372036854775807"), (.min, "-9223372036854775808")] as [(Int64, String)])
    func integers(value: Int64, expected: String) {
        #expect(Self.text { ValueText.append(value, to: &$0) } == expected)
    }

    @Test(
        "decimals have all digits of their scale, narrow and wide alike",
        arguments: [
            (0, 0, "0"), (0, 2, "0.00"), (5, 2, "0.05"), (-5, 2, "-0.05"), (150, 2, "1.50"), (-150, 2, "-1.50"), (12, 0, "12"),
            (1, 18, "0.000000000000000001"), (999_999_999_999_999_999, 18, "0.999999999999999999"),
            (-999_999_999_999_999_999, 1, "-99999999999999999.9"),
        ] as [(Int64, Int, String)])
    func decimals(unscaled: Int64, scale: Int, expected: String) {
        #expect(Self.text { ValueText.append(unscaled: unscaled, scale: scale, to: &$0) } == expected)
        #expect(Self.text { ValueText.append(unscaled: Int128(unscaled), scale: scale, to: &$0) } == expected)
    }

    @Test(
        "decimals of 38 digits",
        arguments: [
            (0, "99999999999999999999999999999999999999"), (1, "9999999999999999999999999999999999999.9"),
            (38, "0.99999999999999999999999999999999999999"),
        ])
    func wideDecimals(scale: Int, expected: String) throws {
        let value = try #require(Int128("99999999999999999999999999999999999999"))
        #expect(Self.text { ValueText.append(unscaled: value, scale: scale, to: &$0) } == expected)
        #expect(Self.text { ValueText.append(unscaled: -value, scale: scale, to: &$0) } == "-" + expected)
    }

    @Test(
        "floats have the shortest text that reads back as the same value",
        arguments: [
            (0.1, "0.1"), (-0.0, "-0.0"), (1, "1.0"), (1e16, "1e+16"), (.leastNonzeroMagnitude, "5e-324"),
            (.greatestFiniteMagnitude, "1.7976931348623157e+308"), (1e23, "1e+23"), (.nan, "NaN"), (.infinity, "Infinity"),
            (-.infinity, "-Infinity"),
        ] as [(Double, String)])
    func floats(value: Double, expected: String) {
        #expect(Self.text { ValueText.append(value, to: &$0) } == expected)
    }

    @Test(
        "single floats have the shortest text of a Float",
        arguments: [
            (0.1, "0.1"), (16_777_216, "16777216.0"), (.greatestFiniteMagnitude, "3.4028235e+38"), (.leastNonzeroMagnitude, "1e-45"),
            (.nan, "NaN"), (-.infinity, "-Infinity"),
        ] as [(Float, String)])
    func singles(value: Float, expected: String) {
        #expect(Self.text { ValueText.append(value, to: &$0) } == expected)
    }

    @Test(
        "dates",
        arguments: [
            (0, "1970-01-01"), (-1, "1969-12-31"), (-719_162, "0001-01-01"), (-719_163, "0000-12-31"), (-719_529, "-0001-12-31"),
            (2_932_896, "9999-12-31"), (2_932_897, "+10000-01-01"), (11_016, "2000-02-29"),
        ] as [(Int64, String)])
    func dates(days: Int64, expected: String) {
        #expect(Self.text { ValueText.appendDate(days: days, to: &$0) } == expected)
    }

    @Test(
        "times of day",
        arguments: [
            (0, "00:00:00"), (86_399_999_999, "23:59:59.999999"), (1, "00:00:00.000001"), (500_000, "00:00:00.5"),
            (3_723_010_000, "01:02:03.01"), (100, "00:00:00.0001"),
        ] as [(Int64, String)])
    func times(micros: Int64, expected: String) {
        #expect(Self.text { ValueText.appendTime(micros: micros, to: &$0) } == expected)
    }

    @Test(
        "timestamps, before 1970 too",
        arguments: [
            (0, "1970-01-01T00:00:00"), (-1, "1969-12-31T23:59:59.999999"), (-500_000, "1969-12-31T23:59:59.5"),
            (-86_400_000_000, "1969-12-31T00:00:00"), (-86_400_000_001, "1969-12-30T23:59:59.999999"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999"), (1_500_000, "1970-01-01T00:00:01.5"),
            (.min, "-290308-12-21T19:59:05.224192"), (.max, "+294247-01-10T04:00:54.775807"),
        ] as [(Int64, String)])
    func timestamps(micros: Int64, expected: String) {
        #expect(Self.text { ValueText.appendTimestamp(micros: micros, utc: false, to: &$0) } == expected)
        #expect(Self.text { ValueText.appendTimestamp(micros: micros, utc: true, to: &$0) } == expected + "Z")
    }

    @Test("a column spells its values by its type, and has no text for nulls")
    func columns() {
        func bytes(_ values: [[UInt8]]) -> ColumnValues {
            var bytes = ByteValues()
            for value in values { bytes.append(value) }
            return .bytes(bytes)
        }
        func texts(_ type: ColumnType, _ values: ColumnValues) -> [String?] {
            let column = ColumnVector(type: type, values: values, valid: (0..<values.count).map { $0 != 1 })
            return (0..<values.count).map { column.text(row: $0) }
        }
        #expect(texts(.bool, .int64([1, 0, 0])) == ["true", nil, "false"])
        #expect(texts(.int16, .int64([-7, 0])) == ["-7", nil])
        #expect(texts(.float32, .float64([Double(Float(0.1)), 0])) == ["0.1", nil])
        #expect(texts(.decimal(precision: 20, scale: 3), .int128([-1, 0])) == ["-0.001", nil])
        #expect(texts(.time, .int64([1_000_000, 0])) == ["00:00:01", nil])
        #expect(texts(.timestamptz, .int64([0, 0])) == ["1970-01-01T00:00:00Z", nil])
        #expect(texts(.text, bytes([[97, 34], [], []])) == ["a\"", nil, ""])
        #expect(texts(.bytes, bytes([[0, 255], [], []])) == ["\\x00ff", nil, "\\x"])
        #expect(texts(.uuid, bytes([Array(0..<16), []])) == ["00010203-0405-0607-0809-0a0b0c0d0e0f", nil])
    }
}
