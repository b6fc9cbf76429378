import Jobs
import Testing

@Suite("durations as texts")
struct DurationTextTests {
    @Test(
        "number and unit, and sums of them",
        arguments: [
            ("0s", 0), ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604_800), ("2w", 1_209_600), ("1h30m", 5400), ("3650d", 315_360_000),
        ])
    func read(_ text: String, _ seconds: Int64) {
        #expect(Duration(text: text) == .seconds(seconds))
    }

    @Test(
        "anything else is none",
        arguments: ["", "7", "d", "7 d", "-1d", "1.5h", "7D", "7dd", "1h30", "٣d", "99999999999999999999d", "3651d", "3650d1s"])
    func refused(_ text: String) {
        #expect(Duration(text: text) == nil)
    }
}
