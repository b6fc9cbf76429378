import Glibc
import HTTP
import SigV4
import Testing

@testable import AWS

@Suite("An emulator that checks signatures and policies", .enabled(if: Moto.url != nil))
struct AuthorisationTests {
    private static let iam = AWSService(
        name: "iam", endpointPrefix: "iam", signingName: "iam", endpointID: "IAM", errorFormat: .xml)
    private static let policy =
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:GetQueueAttributes","dynamodb:*"],"Resource":"*"}]}"#

    private func client(_ url: String, id: String, secret: String) throws -> AWSClient {
        try AWSClient(
            environment: [
                "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": id,
                "AWS_SECRET_ACCESS_KEY": secret,
            ], http: Moto.http)
    }

    private func iam(_ client: AWSClient, _ action: String, _ more: [String: String] = [:]) async throws -> XMLElement {
        let parameters = [(name: "UserName", value: "u")] + more.map { (name: $0.key, value: $0.value) }
        return try await client.query(Self.iam, action, version: "2010-05-08", subject: "u", parameters: parameters)
    }

    @Test("the right secret is let in, a wrong one is not, and an action that is not allowed is named")
    func policies() async throws {
        let (url, process) = try #require(Moto.launch())
        defer {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        let root = try client(url, id: "test", secret: "test")
        let bucket = try await root.makeBucket()
        let queue = try await root.makeQueue()
        let table = try await root.makeTable()
        _ = try await iam(root, "CreateUser")
        _ = try await iam(root, "PutUserPolicy", ["PolicyName": "p", "PolicyDocument": Self.policy])
        let made = try await iam(root, "CreateAccessKey")
        let key = try #require(made["CreateAccessKeyResult"]?["AccessKey"])
        let (id, secret) = (try #require(key.text("AccessKeyId")), try #require(key.text("SecretAccessKey")))
        let switched = try await Moto.http.send(
            HTTPRequest(
                "POST", "\(url)/moto-api/reset-auth", headers: [(name: "Content-Type", value: "text/plain")],
                body: .bytes(Array("0".utf8))))
        #expect(switched.isSuccess)

        let right = try client(url, id: id, secret: secret)
        // the emulator checks other characters wrongly, of botocore too; AwkwardKeyTests has them
        for key in ["plain.csv", "a/deep/file name~.csv"] {
            _ = try await right.s3.putObject(bucket: bucket, key: key, body: .bytes([1, 2, 3]))
            #expect(try await right.s3.getBytes(bucket: bucket, key: key, maxBytes: 9).bytes == [1, 2, 3])
        }
        #expect(try await right.s3.listObjects(bucket: bucket, prefix: "a").entries.count == 1)
        try await right.dynamoDB.putItem(table: table, item: ["job_id": .s("é")])
        _ = try await right.sqs.queueAttributes(queueURL: queue)

        let wrong = try client(url, id: id, secret: secret + "x")
        let refused = await awsError { () async throws(AWSError) in
            _ = try await wrong.s3.getBytes(bucket: bucket, key: "plain.csv", maxBytes: 9)
        }
        #expect(refused?.kind == .credentials)
        #expect(refused?.awsCode == "SignatureDoesNotMatch")
        let unsigned = await awsError { () async throws(AWSError) in
            try await wrong.dynamoDB.putItem(table: table, item: ["job_id": .s("x")])
        }
        #expect(unsigned?.kind == .credentials)
        #expect(unsigned?.awsCode == "SignatureDoesNotMatch")

        let denied = await awsError { () async throws(AWSError) in
            _ = try await right.sqs.send(queueURL: queue, body: "b")
        }
        #expect(denied?.kind == .accessDenied)
        #expect(denied?.isTransient == false)
        #expect(
            denied?.message.hasSuffix(
                "The identity in use needs permission for this action on this resource: sqs:SendMessage.") == true)
    }
}
