import SigV4
import Testing

struct AwkwardKeyTests {
    static let credentials = SigningCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "token")
    /// 2026-11-21T22:00:00Z
    static let time = SigningTime(unixSeconds: 1_795_298_400)

    @Test("an awkward key is encoded and signed as botocore does it", arguments: AwkwardKey.table)
    func sign(key: String, path: String, signature: String) {
        #expect("/b/" + PercentEncoding.encode(key, keepingSlash: true) == path)
        let signer = Signer(
            credentials: Self.credentials, region: "eu-central-1", service: "s3", pathRule: .verbatim,
            sendsPayloadHash: true)
        let request = SigningRequest(
            method: "GET", path: path, headers: [(name: "Host", value: "s3.eu-central-1.amazonaws.com")])
        #expect(signer.signature(of: request, at: Self.time).text == signature)
    }

    @Test("two days, regions or services do not share a signing key")
    func keyCache() {
        let keys = SigningKeyCache()
        let request = SigningRequest(method: "GET", path: "/", headers: [(name: "Host", value: "h")])
        func signature(_ region: String, _ service: String, _ seconds: Int64, _ keys: SigningKeyCache) -> String {
            Signer(credentials: Self.credentials, region: region, service: service, keys: keys)
                .signature(of: request, at: SigningTime(unixSeconds: seconds)).text
        }
        for (region, service, seconds) in [("r", "s", 0), ("r", "t", 0), ("q", "s", 0), ("r", "s", 86_400)] {
            let cached = signature(region, service, Int64(seconds), keys)
            #expect(cached == signature(region, service, Int64(seconds), SigningKeyCache()))
        }
    }

    @Test("an unsigned payload is named in place of its hash")
    func unsigned() {
        let signer = Signer(
            credentials: Self.credentials, region: "eu-central-1", service: "s3", pathRule: .verbatim,
            sendsPayloadHash: true)
        let request = SigningRequest(
            method: "PUT", path: "/k", headers: [(name: "Host", value: "b.s3.eu-central-1.amazonaws.com")],
            payloadHash: SigningRequest.unsignedPayload)
        #expect(signer.signature(of: request, at: Self.time).canonicalRequest.hasSuffix("\nUNSIGNED-PAYLOAD"))
        let sent = signer.sign(request, at: Self.time).first { $0.name == "X-Amz-Content-Sha256" }
        #expect(sent?.value == "UNSIGNED-PAYLOAD")
    }
}
