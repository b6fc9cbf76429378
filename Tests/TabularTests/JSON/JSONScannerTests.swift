import Foundation
import Testing

@testable import Tabular

@Suite("Scanning JSON")
struct JSONScannerTests {
    private static func isOneValue(_ bytes: some Collection<UInt8>) -> Bool {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        defer { copy.deallocate() }
        _ = copy.initialize(fromContentsOf: bytes)
        return JSONScanner.isOneValue(UnsafeBufferPointer(copy))
    }

    @Test(
        "values by the book are taken",
        arguments: [
            "null", "true", "false", "0", "-0", "12", "-1.5", "1e5", "1E-05", "0.10", "\"\"", "\"é\"", #""\"\\\/\b\f\n\r\t\u00e9""#,
            #""\ud83d\ude00""#, "[]", "[1,2]", "[ ]", "{}", #"{"a":1}"#, #"{"a":{"b":[null]}}"#, " \t\r\n1 \t\r\n", #"{"a":1,"a":2}"#,
            #"{"":0}"#, "\"\u{7F}\"",
        ])
    func taken(_ text: String) {
        #expect(Self.isOneValue(text.utf8))
    }

    @Test(
        "all else is not",
        arguments: [
            "", " ", "nul", "nulll", "True", "01", "-01", "+1", "1.", ".5", "1e", "1e+", "--1", "-", "0x1", "NaN", "Infinity", "'a'", "\"",
            "\"a", #""\""#, #""\x""#, #""\u12""#, #""\u12g4""#, "\"\t\"", "\"\n\"", "\"\u{0}\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
            "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:2}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "1 2",
            "{}{}", "[]]", "// x\n1", "1 // x", "\u{FEFF}1", "\u{A0}1", "\u{B}1",
        ])
    func refused(_ text: String) {
        #expect(!Self.isOneValue(text.utf8))
    }

    @Test(
        "strings must be UTF-8", arguments: [[34, 0xE9, 34], [34, 0xED, 0xA0, 0x80, 34], [34, 0xC3, 34], [34, 0xF8, 34]] as [[UInt8]])
    func encoding(_ bytes: [UInt8]) {
        #expect(!Self.isOneValue(bytes))
    }

    @Test("the depth of values is limited", arguments: [("[", "]"), ("{\"a\":", "}")])
    func depth(open: String, close: String) {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(Self.isOneValue(nested(JSONScanner.maxDepth - 1).utf8))
        #expect(!Self.isOneValue(nested(JSONScanner.maxDepth).utf8))
        #expect(!Self.isOneValue(String(repeating: open, count: 1_000_000).utf8))
    }

    private static let suite: [String] = {
        guard let shared = ProcessInfo.processInfo.environment["LANDFALL_SHARED"] else { return [] }
        let folder = "\(shared)/corpora/3-json/JSONTestSuite/test_parsing"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
    }()

    @Test("JSONTestSuite: y files are taken, n files are not, i files do no harm", .enabled(if: !suite.isEmpty, "needs LANDFALL_SHARED"))
    func jsonTestSuite() throws {
        var counts: [Character: Int] = [:]
        for path in Self.suite {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let isTaken = Self.isOneValue(try Data(contentsOf: URL(fileURLWithPath: path)))
            if name.hasPrefix("y_") { #expect(isTaken, "\(name)") }
            if name.hasPrefix("n_") { #expect(!isTaken, "\(name)") }
            counts[name.first ?? "?", default: 0] += 1
        }
        #expect(counts["y", default: 0] > 50 && counts["n", default: 0] > 100)
    }
}
