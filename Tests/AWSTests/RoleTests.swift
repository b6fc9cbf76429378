import FoundationEssentials
import SigV4
import Testing

@testable import AWS

struct CredentialProcessTests {
    @Test(
        "a command is cut into words as a shell would",
        arguments: [
            ("a b", ["a", "b"]), ("  a\t'b  c' ", ["a", "b  c"]), (#""/x y/z" --n="q r""#, ["/x y/z", "--n=q r"]),
            (#"a\ b '\' \""#, ["a b", "\\", "\""]), ("a ''", ["a", ""]), ("", []), ("a 'b", nil),
        ] as [(String, [String]?)])
    func words(command: String, expected: [String]?) {
        #expect(CredentialProcess.words(of: command) == expected)
    }

    private func load(_ command: String) async -> Result<AWSCredentials, AWSError> {
        do throws(AWSError) {
            return .success(try await CredentialProcess(command: command, source: "profile p", timing: .system).load())
        } catch {
            return .failure(error)
        }
    }

    @Test("what a program writes are the credentials")
    func output() async throws {
        let json = #"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": "2026-11-21T22:00:00Z"}"#
        let credentials = try await load("printf %s '\(json)'").get()
        #expect(credentials.keys == SigningCredentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T"))
        #expect(credentials.expiresAt == 1_795_298_400)
        #expect(credentials.source == "process of profile p")
    }

    @Test(
        "a program that fails is told of",
        arguments: [
            ("sh -c 'exit 7'", "it ended with status 7"), ("sh -c 'kill -9 $$'", "it ended with status -1"),
            ("/no/such/program", "/no/such/program cannot be started"),
            ("printf {}", "it wrote something that is not credentials of version 1"),
            (
                #"printf '{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "S"}'"#,
                "it wrote something that is not credentials of version 1"
            ),
            ("head -c 100000 /dev/zero", "it wrote too much"), ("'", "it is empty or has a quote without its end"),
        ])
    func failures(command: String, reason: String) async {
        guard case .failure(let error) = await load(command) else {
            Issue.record("credentials were found")
            return
        }
        #expect(error.message == "The credential_process of profile p gave no credentials: \(reason).")
        #expect(error.kind == .credentials)
    }
}

struct RoleProfileTests {
    private func error(_ config: String) async throws -> String? {
        let profile = Profile(name: "default", credentials: SettingsFile(text: ""), config: SettingsFile(text: config))
        let chain = CredentialChain(
            environment: ["AWS_EC2_METADATA_DISABLED": "true"], profile: profile,
            configuration: AWSConfiguration(region: "eu-central-1"), http: Moto.http, timing: .system)
        return await awsError { () async throws(AWSError) in _ = try await chain.load() }?.message
    }

    @Test(
        "a profile whose role cannot be assumed says why",
        arguments: [
            ("role_arn = r", "The profile default has a role_arn but neither source_profile nor credential_source."),
            ("role_arn = r\nmfa_serial = m", "The profile default wants an MFA code, which nobody is here to type."),
            (
                "role_arn = r\nsource_profile = gone",
                "The profile default has the source_profile gone, which the shared files do not hold."
            ),
            (
                "role_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = default",
                "The profiles default, b, default, b, default, b, default, b name each other as source_profile."
            ),
            (
                "role_arn = r\nsource_profile = b\n[profile b]\nregion = x",
                "The profile b should give the credentials for a role, but it holds no aws_access_key_id with "
                    + "aws_secret_access_key, and no credential_process."
            ),
            (
                "role_arn = r\ncredential_source = Environment",
                "The profile default should give the credentials for a role, but AWS_ACCESS_KEY_ID is not set."
            ),
            (
                "role_arn = r\ncredential_source = Moon",
                "The profile default has the credential_source Moon, which is none of Environment, EcsContainer and "
                    + "Ec2InstanceMetadata."
            ),
        ])
    func refusals(settings: String, message: String) async throws {
        let tried = " Tried before: environment (AWS_ACCESS_KEY_ID is not set)."
        #expect(try await error("[default]\n\(settings)\n") == message + tried)
    }

    @Test("a role is assumed with the keys of another profile", .enabled(if: Moto.url != nil))
    func sourceProfile() async throws {
        try await withScratch { folder in
            try Data(
                """
                [default]
                role_arn = arn:aws:iam::123456789012:role/outer
                role_session_name = test
                external_id = x y
                duration_seconds = 900
                source_profile = middle
                [profile middle]
                role_arn = arn:aws:iam::123456789012:role/inner
                source_profile = keys
                [profile keys]
                credential_process = printf '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S"}'
                """.utf8
            ).write(to: URL(filePath: "\(folder)/config"))
            let client = try Moto.client(["AWS_ACCESS_KEY_ID": "", "AWS_CONFIG_FILE": "\(folder)/config"])
            let credentials = try await client.credentials()
            #expect(credentials.source == "role of profile default")
            #expect(credentials.keys.sessionToken?.isEmpty == false)
            #expect(credentials.expiresAt != nil)
            #expect(try await client.sts.callerIdentity().arn.contains("outer/test"))
        }
    }
}
