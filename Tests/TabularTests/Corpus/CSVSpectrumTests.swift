import Columns
import Foundation
import Testing

@testable import Tabular

/// csv-spectrum (`LANDFALL_SHARED`, corpora/2-csv): each CSV file with what it means, as JSON.
@Suite("csv-spectrum")
struct CSVSpectrumTests {
    private static let folder = ProcessInfo.processInfo.environment["LANDFALL_SHARED"].map { "\($0)/corpora/2-csv/csv-spectrum" } ?? ""
    private static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/csvs")) ?? [])
        .filter { $0.hasSuffix(".csv") }.map { String($0.dropLast(4)) }.sorted()

    @Test("every file means what its JSON says", .enabled(if: !names.isEmpty, "needs LANDFALL_SHARED"), arguments: names)
    func file(_ name: String) throws {
        let text = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/csvs/\(name).csv")))
        let json = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/json/\(name).json"))
        let expected = try JSONDecoder().decode([[String: String]].self, from: json)
        let head = try CSVInspector(hints: DialectHints()) { TextSource(text) }.head()
        let (dialect, names) = (head.dialect, head.names)
        let columns = names.map { Column(name: $0, type: .text) }
        let reading = try CSVPaths.whole(text, dialect, columns)
        #expect(reading.rejects == [])
        let rows = reading.rows.map { Dictionary(uniqueKeysWithValues: zip(names, $0.map { $0 ?? "" })) }
        #expect(rows == expected)
        #expect(try CSVPaths.disagreement(text, dialect, columns, with: reading, chunks: 1...(text.count + 1)) == nil)
    }
}
