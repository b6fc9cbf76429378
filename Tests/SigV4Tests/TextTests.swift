import SigV4
import Testing

struct TextTests {
    @Test("what is not unreserved is encoded with upper-case digits")
    func encode() {
        #expect(PercentEncoding.encode("aZ09-._~") == "aZ09-._~")
        #expect(PercentEncoding.encode("a b/c+é") == "a%20b%2Fc%2B%C3%A9")
        #expect(PercentEncoding.encode("a b/c", keepingSlash: true) == "a%20b/c")
        #expect(PercentEncoding.encode("%41") == "%2541")
    }

    @Test(
        "decoding gives the text, or nil for what is broken",
        arguments: [
            ("a%20b", "a b"), ("a+b", "a+b"), ("%c3%A9", "é"), ("%", nil), ("%4", nil), ("%zz", nil), ("%ff", nil),
            ("", ""),
        ] as [(String, String?)])
    func decode(text: String, decoded: String?) {
        #expect(PercentEncoding.decode(text) == decoded)
    }

    @Test("a plus is a space in form data only")
    func plus() {
        #expect(PercentEncoding.decode("in%2Fa+b%2B.csv", plusIsSpace: true) == "in/a b+.csv")
    }

    @Test(
        "an instant is spelled as signatures want it",
        arguments: [
            (0, "19700101T000000Z"), (1_440_938_160, "20150830T123600Z"), (951_827_696, "20000229T123456Z"),
            (-1, "19691231T235959Z"), (253_402_300_799, "99991231T235959Z"), (Int64.max, "99991231T235959Z"),
        ] as [(Int64, String)])
    func stamp(seconds: Int64, stamp: String) {
        let time = SigningTime(unixSeconds: seconds)
        #expect(time.stamp == stamp)
        #expect(time.day == String(stamp.prefix(8)))
    }

    @Test("seconds and fields are the same instant both ways")
    func roundTrip() {
        for seconds in stride(
            from: CivilTime.range.lowerBound, through: CivilTime.range.upperBound, by: 86_400 * 97 + 3601)
        {
            #expect(CivilTime(unixSeconds: seconds).unixSeconds == seconds)
        }
    }

    @Test("secrets do not show in any text of credentials")
    func secrets() {
        let credentials = SigningCredentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "hushtoo")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(text.contains("AKID"))
            #expect(!text.contains("hush"))
        }
    }
}
