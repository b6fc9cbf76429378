import Foundation
import Jobs
import Testing

struct TimestampTests {
    private static let moments: [(Int64, String, String)] = [
        (0, "1970-01-01T00:00:00.000Z", "01011970000000"),
        (1, "1970-01-01T00:00:00.001Z", "01011970000000"),
        (-1, "1969-12-31T23:59:59.999Z", "31121969235959"),
        (1_769_864_709_250, "2026-01-31T13:05:09.250Z", "31012026130509"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z", "29022024000000"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z", "31129999235959"),
    ]

    @Test("a moment's text and folder name are its own, and the text comes back", arguments: moments)
    func golden(_ milliseconds: Int64, _ text: String, _ folder: String) {
        let moment = Timestamp(milliseconds: milliseconds)
        #expect(moment.description == text)
        #expect(moment.folderName == folder)
        #expect(Timestamp(text) == moment)
    }

    @Test("many moments come back from text and from JSON, and their texts sort as they do")
    func roundTrips() throws {
        let moments = (0..<2000).map { Timestamp(milliseconds: Int64($0) * 1_234_567_891 - 500_000_000_000) }
        #expect(moments.map { Timestamp($0.description) } == moments)
        #expect(moments.map(\.description) == moments.map(\.description).sorted())
        let json = try JSONEncoder().encode(moments)
        #expect(try JSONDecoder().decode([Timestamp].self, from: json) == moments)
    }

    @Test(
        "what is no such text is nil",
        arguments: [
            "", "2026-01-31", "2026-01-31T13:05:09Z", "2026-01-31T13:05:09.250", "2026-01-31 13:05:09.250Z",
            "2026-02-30T13:05:09.250Z", "2026-13-01T13:05:09.250Z", "2026-01-31T24:05:09.250Z", "2026-01-31T13:60:09.250Z",
            "2026-01-31T13:05:60.250Z", "2026x01-31T13:05:09.250Z", "2026-01-31T13.05:09.250Z", "+026-01-31T13:05:09.250Z",
            "2026-01-31T-1:05:09.250Z", "2026-01-31T13:05:09.25éZ",
        ])
    func others(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("time goes on by durations and back into seconds")
    func arithmetic() {
        let start = Timestamp(milliseconds: 1_000)
        #expect(start.advanced(by: .milliseconds(1_500)) == Timestamp(milliseconds: 2_500))
        #expect(start.advanced(by: .seconds(-2)) == Timestamp(milliseconds: -1_000))
        #expect(start.advanced(by: .seconds(2)).seconds(since: start) == 2)
        #expect(Timestamp(milliseconds: -1).seconds == -1)
    }
}
