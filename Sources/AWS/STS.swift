/// The Security Token Service: who we are.
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
}

/// Whom AWS takes us for.
package struct CallerIdentity: Hashable, Sendable {
    /// Twelve digits.
    package let account: String
    package let arn: String
    package let userID: String
}
