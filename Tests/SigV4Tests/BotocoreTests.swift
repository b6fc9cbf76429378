import FoundationEssentials
import Glibc
import SigV4
import Testing

/// Random requests that botocore has signed just now, where there is a Python that has it (`LANDFALL_PYTHON`).
private enum Botocore {
    struct Signed: Decodable, Sendable {
        var method: String
        var service: String
        var region: String
        var path: String
        var query: [[String]]
        var headers: [[String]]
        var body: String
        var token: String?
        var seconds: Int64
        var expires: Int
        var presigned: Bool
        /// The value of `Authorization`, or of `X-Amz-Signature`.
        var result: String
    }

    static let count = 500
    static let seed = ProcessInfo.processInfo.environment["LANDFALL_SEED"].flatMap { Int($0) } ?? Int.random(in: 0..<1 << 31)
    static let requests = sign()

    private static func sign() -> [Signed] {
        let python = ProcessInfo.processInfo.environment["LANDFALL_PYTHON"] ?? "python3"
        let package = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let script = "\(package)/Tests/TestBed/sign_with_botocore.py"
        guard let pipe = popen("'\(python)' '\(script)' \(seed) \(count) 2>/dev/null", "r") else { return [] }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let got = fread(&buffer, 1, buffer.count, pipe), got > 0 { text += buffer[..<got] }
        guard pclose(pipe) == 0 else { return [] }
        return (try? JSONDecoder().decode([Signed].self, from: Data(text))) ?? []
    }
}

@Suite("botocore signing the same requests", .enabled(if: !Botocore.requests.isEmpty))
struct BotocoreTests {
    @Test("random requests are signed as botocore signs them, in headers and in the query")
    func same() {
        #expect(Botocore.requests.count == Botocore.count)
        for (number, one) in Botocore.requests.enumerated() {
            let isS3 = one.service == "s3"
            let signer = Signer(
                credentials: SigningCredentials(
                    accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                    sessionToken: one.token),
                region: one.region, service: one.service, pathRule: isS3 ? .verbatim : .standard,
                sendsPayloadHash: isS3 && !one.presigned)
            let hash = SHA256.hexadecimal(Array(one.body.utf8))
            let request = SigningRequest(
                method: one.method, path: one.path, query: one.query.map { (name: $0[0], value: $0[1]) },
                headers: one.headers.map { (name: $0[0], value: $0[1]) },
                payloadHash: isS3 && one.presigned ? SigningRequest.unsignedPayload : hash)
            let time = SigningTime(unixSeconds: one.seconds)
            let found =
                one.presigned
                ? signer.presignature(of: request, at: time, seconds: one.expires).text
                : signer.sign(request, at: time).last?.value
            #expect(found == one.result, "request \(number) of LANDFALL_SEED=\(Botocore.seed): \(one)")
        }
    }
}
