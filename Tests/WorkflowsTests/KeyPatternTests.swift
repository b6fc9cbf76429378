import Testing
import Workflows

struct KeyPatternTests {
    @Test(
        "a pattern takes whole keys",
        arguments: [
            ("a.csv", "a.csv", true), ("a.csv", "b.csv", false), ("a.csv", "x/a.csv", false), ("", "", true), ("", "a", false),
            ("*.csv", "a.csv", true), ("*.csv", ".csv", true), ("*.csv", "x/a.csv", false), ("*.csv", "a.csv.gz", false),
            ("*.csv*", "a.csv.gz", true), ("*", "a/b", false), ("*/*", "a/b", true), ("*/*", "a/b/c", false),
            ("orders/*/x", "orders//x", true),
            ("**", "a/b/c.csv", true), ("**", "", true), ("**.csv", "a/b.csv", true), ("a**z", "a/b/z", true),
            ("a**z", "az", true), ("orders/**", "orders/", true), ("orders/**", "orders", false),
            ("orders/**/*.csv", "orders/a.csv", true), ("orders/**/*.csv", "orders/2026/01/a.csv", true),
            ("orders/**/*.csv", "orders2026/a.csv", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/b", true),
            ("a/**/b", "a/xb", false), ("**/a.csv", "a.csv", true), ("**/a.csv", "x/y/a.csv", true), ("**/a.csv", "xa.csv", false),
            ("a?.csv", "a1.csv", true), ("a?.csv", "a.csv", false), ("a?b", "a/b", false), ("?", "é", true), ("??", "é", false),
            ("{csv,txt}", "csv", true), ("{csv,txt}", "txt", true), ("{csv,txt}", "json", false),
            ("a.{csv,json}.{gz,zst}", "a.json.zst", true), ("a.{csv,json}.{gz,zst}", "a.csv.bz2", false),
            ("a{,.bak}.csv", "a.csv", true), ("a{,.bak}.csv", "a.bak.csv", true), ("{a*,b?}/c", "aaa/c", true),
            ("{a*,b?}/c", "b/c", false),
            ("a.b", "axb", false), ("a+b (1)[x]$", "a+b (1)[x]$", true), ("[ab]", "a", false), ("A", "a", false),
        ])
    func matches(_ pattern: String, _ key: String, _ isMatch: Bool) throws {
        #expect(try #require(KeyPattern(pattern)).matches(key) == isMatch)
    }

    @Test(
        "a pattern with a brace without its other half, or with too many alternatives, is none",
        arguments: ["{a", "a}", "a}b{", "{a,{b,c}", String(repeating: "{a,b}", count: 9)])
    func none(_ pattern: String) {
        #expect(KeyPattern(pattern) == nil)
    }

    @Test("as many alternatives as are allowed work")
    func alternatives() throws {
        let pattern = try #require(KeyPattern(String(repeating: "{a,b}", count: 8)))
        #expect(pattern.matches("abababab"))
        #expect(!pattern.matches("ababababa"))
    }

    @Test("a pattern made to be slow is not")
    func manyStars() throws {
        let pattern = try #require(KeyPattern(String(repeating: "*a", count: 30) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 1024)))
    }
}
