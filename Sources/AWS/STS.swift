import SigV4

/// The Security Token Service: who we are, and whom we may be.
package struct STS: Sendable {
    let client: AWSClient
    static let version = "2011-06-15"

    /// STS `GetCallerIdentity`.
    package func callerIdentity() async throws(AWSError) -> CallerIdentity {
        let action = "GetCallerIdentity"
        let root = try await client.query(
            .sts, action, version: Self.version, subject: "the credentials in use", parameters: [])
        guard let result = root["GetCallerIdentityResult"], let account = result.text("Account"),
            let arn = result.text("Arn"), let userID = result.text("UserId")
        else { throw .badResponse(.sts, action, "it names no identity") }
        return CallerIdentity(account: account, arn: arn, userID: userID)
    }

    /// How long a role's keys are good for, in seconds (API reference, `AssumeRole`).
    package static let roleSeconds = 900...43_200

    /// STS `AssumeRole`.
    ///
    /// - Parameters:
    ///   - session: names this use of the role in logs, 2 to 64 characters.
    ///   - externalID: what the role's owner demands of third parties.
    ///   - seconds: 900...43,200; nil takes STS's hour.
    package func assumeRole(
        arn: String, session: String, externalID: String? = nil, seconds: Int? = nil, source: String
    ) async throws(AWSError) -> AWSCredentials {
        let action = "AssumeRole"
        var parameters = [(name: "RoleArn", value: arn), (name: "RoleSessionName", value: session)]
        if let externalID { parameters.append((name: "ExternalId", value: externalID)) }
        if let seconds { parameters.append((name: "DurationSeconds", value: String(seconds))) }
        let root = try await client.query(.sts, action, version: Self.version, subject: arn, parameters: parameters)
        return try Self.credentials(in: root, action, source: source)
    }

    /// The keys in an answer to `AssumeRole` and its kin.
    static func credentials(
        in root: XMLElement, _ action: String, source: String
    ) throws(AWSError) -> AWSCredentials {
        guard let keys = root["\(action)Result"]?["Credentials"], let id = keys.text("AccessKeyId"),
            let secret = keys.text("SecretAccessKey")
        else { throw .badResponse(.sts, action, "it holds no credentials") }
        return AWSCredentials(
            SigningCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: keys.text("SessionToken")),
            expiresAt: keys.text("Expiration").flatMap(TimeText.iso8601), source: source)
    }
}

/// Whom AWS takes us for.
package struct CallerIdentity: Hashable, Sendable {
    /// Twelve digits.
    package let account: String
    package let arn: String
    package let userID: String
}
