import Columns
import Testing

@testable import Tabular

@Suite("Values that are spelled in another way than ours")
struct ValueFormatTests {
    static func number(_ text: String, _ spelling: NumberSpelling) -> String? {
        Array(text.utf8).withUnsafeBufferPointer { spelling.plain($0) { String(decoding: $0, as: UTF8.self) } }
    }

    private static let comma = UInt8(ascii: ",")
    static let german = NumberSpelling(decimal: comma, thousands: Array(".".utf8), currency: Array("€".utf8), percent: .number)
    static let american = NumberSpelling(thousands: [comma], currency: Array("$".utf8), percent: .fraction)
    static let swiss = NumberSpelling(thousands: Array("'".utf8), currency: Array("CHF".utf8))
    static let french = NumberSpelling(decimal: comma, thousands: Array("\u{A0}".utf8))

    @Test(
        "numbers with separators, currency and percent signs",
        arguments: [
            (german, "1.234,56", "1234.56"), (german, "1.234.567", "1234567"), (german, "12,5 %", "12.5"), (german, "-1,5 €", "-1.5"),
            (german, "€ 5", "5"), (german, "1,5-", "-1.5"), (german, ",5", "0.5"), (german, "1234,5", "1234.5"), (german, "+7", "7"),
            (german, "1.23,4", nil), (german, "1,234.5", nil), (german, "1.", nil), (german, "1,", nil), (german, "", nil),
            (german, "€", nil), (german, "1 2", nil), (german, "€€5", nil), (german, "--5", nil), (german, "1..234", nil),
            (german, "1234.567", nil), (german, ".123", nil), (german, "5 %%", nil), (german, "1e3", "1e3"), (german, "1,5e-3", "1.5e-3"),
            (american, "$1,234.50", "1234.50"), (american, "-$1,234.50", "-1234.50"), (american, "$-5", "-5"),
            (american, "(12.00)", "-12.00"),
            (american, "($1,000)", "-1000"), (american, "(-1)", nil), (american, "12,34,567.8", "1234567.8"), (american, "12.5%", "0.125"),
            (american, "5%", "0.05"), (american, "150 %", "1.50"), (american, "0%", "0.00"), (american, "1e2%", "0.01e2"),
            (american, "€5", nil), (swiss, "1'234.5 CHF", "1234.5"), (swiss, "CHF1", "1"), (swiss, "1,5", nil), (swiss, "5%", nil),
            (french, "1\u{A0}234,5", "1234.5"), (french, "12\u{A0}34,5", nil), (french, "(5)", "-5"), (NumberSpelling(), "(5)", nil),
        ] as [(NumberSpelling, String, String?)])
    func numbers(spelling: NumberSpelling, text: String, plain: String?) {
        #expect(Self.number(text, spelling) == plain)
    }

    @Test(
        "dates and times by a pattern",
        arguments: [
            ("%d/%m/%Y", "31/12/2024", "date", "2024-12-31"), ("%d/%m/%Y", "1/2/2024", "date", "2024-02-01"),
            ("%d/%m/%Y", "12/31/2024", "date", nil), ("%d/%m/%Y", "31/12/24", "date", nil),
            ("%d/%m/%Y", " 31/12/2024 ", "date", "2024-12-31"),
            ("%m/%d/%y", "12/31/24", "date", "2024-12-31"), ("%m/%d/%y", "12/31/69", "date", "1969-12-31"),
            ("%m/%d/%y", "02/30/24", "date", nil), ("%Y%m%d", "20241231", "date", "2024-12-31"), ("%F", "2024-12-31", "date", "2024-12-31"),
            ("%-d %B %Y", "3 March 2024", "date", "2024-03-03"), ("%d-%b-%Y", "03-MAR-2024", "date", "2024-03-03"),
            ("%b %d, %Y", "Sep 7, 2024", "date", "2024-09-07"), ("%a %d %b %Y", "Tue 31 Dec 2024", "date", "2024-12-31"),
            ("dd.MM.yyyy", "31.12.2024", "date", "2024-12-31"), ("DD/MM/YYYY", "31/12/2024", "date", "2024-12-31"),
            ("MMM d, yyyy", "Dec 31, 2024", "date", "2024-12-31"), ("dd/MM/yyyy", "31-12-2024", "date", nil),
            ("%d/%m/%Y %H:%M", "31/12/2024 23:59", "timestamp", "2024-12-31T23:59:00"),
            ("%d/%m/%Y %H:%M:%S.%f", "31/12/2024 23:59:58.25", "timestamp", "2024-12-31T23:59:58.25"),
            ("%m/%d/%Y %I:%M %p", "12/31/2024 12:05 am", "timestamp", "2024-12-31T00:05:00"),
            ("%m/%d/%Y %I:%M:%S %p", "12/31/2024 1:05:09 PM", "timestamp", "2024-12-31T13:05:09"),
            ("%m/%d/%Y %I:%M %p", "12/31/2024 13:05 pm", "timestamp", nil), ("%d/%m/%Y %H:%M", "31/12/2024 24:00", "timestamp", nil),
            ("yyyy-MM-dd'T'HH:mm:ss", "2024-12-31T23:59:59", "timestamp", "2024-12-31T23:59:59"),
            ("dd/MM/yyyy HH:mm:ss.SSS", "31/12/2024 23:59:59.125", "timestamp", "2024-12-31T23:59:59.125"),
            ("%Y-%m-%d %H:%M:%S %z", "2024-12-31 23:59:59 +01:00", "timestamptz", "2024-12-31T22:59:59Z"),
            ("%Y-%m-%d %H:%M:%S%z", "2024-12-31 23:59:59-0530", "timestamptz", "2025-01-01T05:29:59Z"),
            ("%Y-%m-%d %H:%M:%S %Z", "2024-12-31 23:59:59 UTC", "timestamptz", "2024-12-31T23:59:59Z"),
            ("%Y-%m-%d %H:%M:%S %z", "2024-12-31 23:59:59 CET", "timestamptz", nil),
            ("yyyy-MM-dd HH:mm:ssXXX", "2024-12-31 23:59:59Z", "timestamptz", "2024-12-31T23:59:59Z"),
            ("%Y-%m-%d %H:%M:%S %z", "2024-12-31 23:59:59 +01:", "timestamptz", nil),
            ("%d/%m/%Y %H:%M", "31/12/2024 00:00", "date", "2024-12-31"), ("%d/%m/%Y %H:%M", "31/12/2024 00:01", "date", nil),
            ("%H:%M", "23:59", "time", "23:59:00"), ("%I.%M %p", "11.59 PM", "time", "23:59:00"), ("%H:%M", "23:60", "time", nil),
        ] as [(String, String, String, String?)])
    func moments(pattern: String, text: String, type: String, expected: String?) throws {
        let type = try #require(ColumnType(type))
        let moment = try #require(MomentPattern(pattern))
        let reading = try CSVPaths.formatted(text, type, ValueFormat(moment: moment))
        #expect(reading == expected)
    }

    @Test(
        "what is no pattern",
        arguments: ["", "%", "%Q", "%d/%d/%Y", "qq", "dd/mm/yyyy/MM/dd", "%%", "yyy-MM-dd"])
    func noPattern(text: String) {
        #expect(MomentPattern(text)?.type == nil)
    }

    @Test(
        "zones that are fixed", arguments: [("UTC", 0), ("z", 0), ("+01:00", 3600), ("-0530", -19800), ("Europe/Berlin", nil), ("1", nil)])
    func zones(text: String, seconds: Int64?) {
        #expect(MomentPattern.zone(named: text) == seconds.map { $0 * 1_000_000 })
    }

    @Test("texts for null hold for their column alone, and not in quotes")
    func nulls() throws {
        let columns = [Column(name: "a", type: .int64), Column(name: "b", type: .text)]
        let mapping = FieldMapping(
            columns: columns, fields: [0, 1], fieldNames: ["a", "b"], formats: [ValueFormat(nulls: [Array("0".utf8)]), nil])
        let reader = try CSVReader(
            source: TextSource("a,b\n0,0\n1,\"0\"\n\"0\",x\n".utf8), dialect: Dialect(header: true), mapping: mapping)
        let batch = try #require(try reader.next()).batch
        #expect((0..<3).map { batch.columns[0].text(row: $0) } == [nil, "1", "0"])
        #expect((0..<3).map { batch.columns[1].text(row: $0) } == ["0", "0", "x"])
    }

    @Test("JSON strings follow a format, JSON numbers do not")
    func json() throws {
        let schema = Schema([Column(name: "a", type: .decimal(precision: 9, scale: 2)), Column(name: "d", type: .date)])
        let formats = [ValueFormat(number: Self.german, nulls: [Array("NA".utf8)]), ValueFormat(moment: MomentPattern("%d/%m/%Y"))]
        let text = #"{"a":"1.234,5","d":"31/12/2024"}"# + "\n" + #"{"a":7.25,"d":null}"# + "\n" + #"{"a":"NA","d":"1/2/2024"}"#
        let reader = try JSONReader(source: TextSource(text.utf8), schema: schema, formats: formats)
        let result = try #require(try reader.next())
        #expect(result.rejects == [])
        #expect((0..<3).map { result.batch.columns[0].text(row: $0) } == ["1234.50", "7.25", nil])
        #expect((0..<3).map { result.batch.columns[1].text(row: $0) } == ["2024-12-31", nil, "2024-02-01"])
    }
}

extension CSVPaths {
    /// A cell's value as text; nil where it is a reject.
    fileprivate static func formatted(_ cell: String, _ type: ColumnType, _ format: ValueFormat) throws -> String? {
        let mapping = FieldMapping(columns: [Column(name: "a", type: type)], fields: [0], fieldNames: ["a"], formats: [format])
        let reader = try CSVReader(source: TextSource("a\n\"\(cell)\"\n".utf8), dialect: Dialect(header: true), mapping: mapping)
        let result = try #require(try reader.next())
        return result.rejects.isEmpty ? result.batch.columns[0].text(row: 0) : nil
    }
}
