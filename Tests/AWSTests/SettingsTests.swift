import FoundationEssentials
import HTTP
import SigV4
import Testing

@testable import AWS

struct EndpointTests {
    private func configuration(_ environment: [String: String], config: String = "") throws -> AWSConfiguration {
        try AWSConfiguration(
            environment: environment,
            profile: Profile(name: "default", credentials: SettingsFile(text: ""), config: SettingsFile(text: config)))
    }

    @Test(
        "a region has the host names of its partition",
        arguments: [
            ("eu-central-1", "sqs.eu-central-1.amazonaws.com"), ("cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com"),
        ])
    func standard(region: String, host: String) throws {
        let endpoint = try configuration(["AWS_REGION": region]).endpoint(of: .sqs)
        #expect(endpoint == Endpoint(scheme: "https", authority: host, isCustom: false))
    }

    @Test(
        "FIPS and dual-stack endpoints have names of their own",
        arguments: [
            ("eu-west-1", "s3", true, false, "s3-fips.eu-west-1.amazonaws.com"),
            ("eu-west-1", "s3", false, true, "s3.dualstack.eu-west-1.amazonaws.com"),
            ("us-gov-west-1", "s3", true, true, "s3-fips.dualstack.us-gov-west-1.amazonaws.com"),
            ("us-east-1", "sqs", true, false, "sqs-fips.us-east-1.amazonaws.com"),
            ("us-east-1", "sqs", false, true, "sqs.us-east-1.api.aws"),
            ("cn-north-1", "sts", true, true, "sts-fips.cn-north-1.api.amazonwebservices.com.cn"),
        ])
    func variants(region: String, service: String, isFIPS: Bool, isDualStack: Bool, host: String) throws {
        let service = try #require(AWSService.all.first { $0.name == service })
        let environment = [
            "AWS_REGION": region, "AWS_USE_FIPS_ENDPOINT": "\(isFIPS)", "AWS_USE_DUALSTACK_ENDPOINT": "\(isDualStack)",
        ]
        #expect(try configuration(environment).endpoint(of: service).authority == host)
        let config = "[default]\nuse_fips_endpoint=\(isFIPS)\nuse_dualstack_endpoint = \(isDualStack)\n"
        #expect(try configuration(["AWS_REGION": region], config: config).endpoint(of: service).authority == host)
    }

    @Test("checksums are on unless a setting wants them only where they are required")
    func checksums() throws {
        let region = ["AWS_REGION": "eu-west-1"]
        #expect(try configuration(region).sendsChecksums)
        #expect(try configuration(region).verifiesChecksums)
        let config = "[default]\nrequest_checksum_calculation = when_required\nresponse_checksum_validation=WHEN_REQUIRED"
        #expect(try !configuration(region, config: config).sendsChecksums)
        #expect(try !configuration(region, config: config).verifiesChecksums)
    }

    @Test("the most particular endpoint wins")
    func order() throws {
        let config = """
            [default]
            region = eu-west-1
            endpoint_url = http://profile:1
            services = local
            [services local]
            sqs =
              endpoint_url = http://services:2
            """
        func authority(_ environment: [String: String], _ service: AWSService) throws -> String {
            try configuration(environment, config: config).endpoint(of: service).authority
        }
        #expect(try authority([:], .sqs) == "services:2")
        #expect(try authority([:], .s3) == "profile:1")
        #expect(try authority(["AWS_ENDPOINT_URL": "http://all:3"], .sqs) == "all:3")
        let both = ["AWS_ENDPOINT_URL": "http://all:3", "AWS_ENDPOINT_URL_SQS": "http://own:4"]
        #expect(try authority(both, .sqs) == "own:4")
        #expect(try authority(both, .secretsManager) == "all:3")
        #expect(try authority(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], .s3) == "s3.eu-west-1.amazonaws.com")
    }

    @Test(
        "an endpoint URL is read, or refused",
        arguments: [
            ("http://127.0.0.1:5000", "http|127.0.0.1:5000|"),
            ("HTTPS://Host.Example:443/a/b/", "https|host.example|/a/b"),
            ("http://h:80", "http|h|"), ("http://[::1]:4566/", "http|[::1]:4566|"), ("ftp://h", nil), ("h:80", nil),
            ("http://", nil), ("http://u:p@h", nil), ("http://h?q", nil), ("http://:80", nil),
        ] as [(String, String?)])
    func urls(url: String, parts: String?) {
        #expect(Endpoint(url: url).map { "\($0.scheme)|\($0.authority)|\($0.path)" } == parts)
    }

    @Test("a missing or impossible setting is an error that says what to do")
    func mistakes() {
        let missing = #expect(throws: AWSError.self) { try configuration([:]) }
        #expect(missing?.message == "No AWS region is set. Set AWS_REGION, or region in the profile default.")
        #expect(missing?.code == "aws.settings")
        #expect(throws: AWSError.self) { try configuration(["AWS_REGION": "evil.example/"]) }
        #expect(throws: AWSError.self) { try configuration(["AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_S3": "x"]) }
    }

    @Test("the region comes from the environment before the profile")
    func region() throws {
        let config = "[default]\nregion=eu-west-1\n"
        #expect(try configuration([:], config: config).region == "eu-west-1")
        #expect(try configuration(["AWS_DEFAULT_REGION": "a-1"], config: config).region == "a-1")
        #expect(try configuration(["AWS_DEFAULT_REGION": "a-1", "AWS_REGION": "b-2"], config: config).region == "b-2")
    }
}

struct CredentialTests {
    private func chain(_ environment: [String: String]) throws -> CredentialChain {
        let profile = try Profile(environment: environment)
        let configuration = AWSConfiguration(region: "eu-central-1")
        return CredentialChain(
            environment: environment, profile: profile, configuration: configuration, http: Moto.http, timing: .system)
    }

    private static let nowhere = ["AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"]

    @Test("when there are none, the error lists every place and why it did not serve")
    func none() async throws {
        let chain = try chain(Self.nowhere)
        let error = await awsError { () async throws(AWSError) in _ = try await chain.load() }
        #expect(
            error?.message
                == "No AWS credentials were found. Tried: environment (AWS_ACCESS_KEY_ID is not set); "
                + "role of profile default (no such profile in the shared files); "
                + "web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set); "
                + "profile default (no such profile in the shared files); "
                + "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set); "
                + "instance metadata (AWS_EC2_METADATA_DISABLED is true).")
        #expect(error?.code == "aws.credentials")
    }

    @Test("the environment comes before the shared files, which come before the rest")
    func order() async throws {
        try await withScratch { folder in
            try Data(
                """
                # ours
                [default]
                aws_access_key_id = FROMFILE
                aws_secret_access_key = filesecret
                [other]
                aws_access_key_id=OTHER
                aws_secret_access_key=othersecret
                aws_session_token=token
                """.utf8
            ).write(to: URL(filePath: "\(folder)/credentials"))
            var environment = Self.nowhere
            environment["AWS_SHARED_CREDENTIALS_FILE"] = "\(folder)/credentials"
            #expect(try await chain(environment).load().keys.accessKeyID == "FROMFILE")
            environment["AWS_PROFILE"] = "other"
            let other = try await chain(environment).load()
            #expect(
                other.keys
                    == SigningCredentials(accessKeyID: "OTHER", secretAccessKey: "othersecret", sessionToken: "token"))
            #expect(other.source == "profile other")
            environment["AWS_PROFILE"] = "absent"
            await #expect(throws: AWSError.self) { try await chain(environment).load() }
            environment["AWS_ACCESS_KEY_ID"] = "ENV"
            await #expect(throws: AWSError.self) { try await chain(environment).load() }
            environment["AWS_SECRET_ACCESS_KEY"] = "envsecret"
            #expect(try await chain(environment).load().keys.accessKeyID == "ENV")
        }
    }

    @Test(
        "the container's endpoint must be on this machine or behind TLS",
        arguments: [
            (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"], "http://169.254.170.2/v2/x"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:8080/x?y=1"], "http://127.0.0.1:8080/x?y=1"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/x"], "http://[fd00:ec2::23]/x"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://anywhere.example/x"], "https://anywhere.example/x"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://anywhere.example/x"], "refused"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.evil.example/x"], "refused"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "file:///x"], "refused"),
        ])
    func containerHosts(environment: [String: String], url: String) {
        let source = ContainerCredentials(
            environment: environment, metadata: MetadataFetch(http: Moto.http, timing: .system))
        do throws(AWSError) {
            #expect(try source.url() == url)
        } catch {
            #expect(url == "refused")
        }
    }

    @Test("keys are read from what the endpoints answer")
    func temporaryKeys() throws {
        let body =
            "{\"RoleArn\":\"r\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"2026-11-21T22:00:00Z\"}"
        let keys = try TemporaryKeys.read(HTTPResponse(status: 200, body: Array(body.utf8)), source: "container")
        #expect(keys.keys == SigningCredentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T"))
        #expect(keys.expiresAt == 1_795_298_400)
        #expect(!"\(keys)".contains("S ") && !"\(keys)".contains("T"))
        let notYet = #expect(throws: AWSError.self) {
            try TemporaryKeys.read(HTTPResponse(status: 503), source: "container")
        }
        #expect(notYet?.isTransient == true)
        let error = #expect(throws: AWSError.self) {
            try TemporaryKeys.read(HTTPResponse(status: 200, body: Array("{}".utf8)), source: "container")
        }
        #expect(error?.isTransient == false)
    }
}
