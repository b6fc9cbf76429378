// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import FoundationEssentials
import SigV4
import Testing

private let awsFolder = Vectors.folder("aws-signing-test-suite/v4")
private let botocoreFolder = Vectors.folder("botocore-aws4_testsuite")

@Suite("AWS's signing test suite", .enabled(if: awsFolder != nil))
struct AWSSuiteTests {
    struct Context: Decodable {
        struct Credentials: Decodable {
            var access_key_id: String
            var secret_access_key: String
            var token: String?
        }
        var credentials: Credentials
        var expiration_in_seconds: Int
        var normalize: Bool
        var omit_session_token: Bool?
        var region: String
        var service: String
        var sign_body: Bool
    }

    /// 2015-08-30T12:36:00Z, the time of every case.
    static let time = SigningTime(unixSeconds: 1_440_938_160)

    @Test("the suite is whole")
    func count() {
        #expect(Vectors.cases(in: awsFolder, ending: "/context.json").count == 38)
    }

    @Test("a header is signed", arguments: Vectors.cases(in: awsFolder, ending: "/context.json"))
    func header(path: String) throws {
        let (signer, request, folder, _) = try load(path)
        let signature = signer.signature(of: request, at: Self.time)
        #expect(try signature.canonicalRequest == Vectors.text("\(folder)/header-canonical-request.txt"))
        #expect(try signature.stringToSign == Vectors.text("\(folder)/header-string-to-sign.txt"))
        #expect(try signature.text == Vectors.text("\(folder)/header-signature.txt"))
        let signed = try VectorRequest(Vectors.text("\(folder)/header-signed-request.txt"))
        let authorization = signed.headers.first { $0.name == "Authorization" }?.value
        #expect(signer.sign(request, at: Self.time).last?.value == authorization)
    }

    @Test("a query is signed", arguments: Vectors.cases(in: awsFolder, ending: "/context.json"))
    func query(path: String) throws {
        let (signer, request, folder, seconds) = try load(path)
        let signature = signer.presignature(of: request, at: Self.time, seconds: seconds)
        #expect(try signature.canonicalRequest == Vectors.text("\(folder)/query-canonical-request.txt"))
        #expect(try signature.stringToSign == Vectors.text("\(folder)/query-string-to-sign.txt"))
        #expect(try signature.text == Vectors.text("\(folder)/query-signature.txt"))
        #expect(
            signer.presign(request, at: Self.time, seconds: seconds).hasSuffix("&X-Amz-Signature=\(signature.text)"))
    }

    private func load(_ path: String) throws -> (Signer, SigningRequest, String, Int) {
        let folder = String(path.dropLast("/context.json".count))
        let context = try JSONDecoder().decode(Context.self, from: Data(Vectors.text(path).utf8))
        let request = try VectorRequest(Vectors.text("\(folder)/request.txt"))
        // a token that is left out of the signature is one that the signer does not know of
        let token = context.omit_session_token == true ? nil : context.credentials.token
        let credentials = SigningCredentials(
            accessKeyID: context.credentials.access_key_id, secretAccessKey: context.credentials.secret_access_key,
            sessionToken: token)
        var signer = Signer(
            credentials: credentials, region: context.region, service: context.service,
            pathRule: PathRule(normalizes: context.normalize, encodes: true))
        signer.sendsPayloadHash = context.sign_body
        return (
            signer,
            SigningRequest(
                method: request.method, path: request.path, query: request.query, headers: request.headers,
                payloadHash: context.sign_body ? SHA256.hexadecimal(request.body) : SHA256.ofNothing),
            folder, context.expiration_in_seconds
        )
    }
}

@Suite("botocore's signing test suite", .enabled(if: botocoreFolder != nil))
struct BotocoreSuiteTests {
    @Test("the suite is whole")
    func count() {
        #expect(Vectors.cases(in: botocoreFolder, ending: ".req").count > 30)
    }

    @Test("a header is signed", arguments: Vectors.cases(in: botocoreFolder, ending: ".req"))
    func header(path: String) throws {
        let base = String(path.dropLast(4))
        var request = try VectorRequest(Vectors.text(path))
        let stamp = request.takeHeader("X-Amz-Date")
        #expect(stamp == AWSSuiteTests.time.stamp)
        _ = request.takeHeader("X-Amz-Security-Token")
        let canonical = try Vectors.text("\(base).creq")
        let token = canonical.split(separator: "\n").first { $0.hasPrefix("x-amz-security-token:") }?.dropFirst(21)
        let credentials = SigningCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            sessionToken: token.map(String.init))
        let signer = Signer(credentials: credentials, region: "us-east-1", service: "service")
        let signing = SigningRequest(
            method: request.method, path: request.path, query: request.query, headers: request.headers,
            payloadHash: SHA256.hexadecimal(request.body))
        let signature = signer.signature(of: signing, at: AWSSuiteTests.time)
        #expect(signature.canonicalRequest == canonical)
        #expect(try signature.stringToSign == Vectors.text("\(base).sts"))
        #expect(try signer.sign(signing, at: AWSSuiteTests.time).last?.value == Vectors.text("\(base).authz"))
    }
}
