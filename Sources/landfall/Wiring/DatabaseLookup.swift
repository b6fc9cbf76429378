import AWS
import Jobs
import Postgres
import SigV4

/// Finds the database's URL: from the settings, or from a secret.
struct DatabaseLookup: Sendable {
    let url: String?
    let secretID: String?
    let aws: AWSClient?

    func databaseURL() async throws -> DatabaseURL {
        if let url { return try DatabaseURL(url) }
        guard let secretID else {
            throw Failure(
                .permanent, "settings.no_database",
                "The pipeline loads into PostgreSQL, but neither LANDFALL_DATABASE_URL nor LANDFALL_DATABASE_SECRET is set.")
        }
        guard let aws else {
            throw Failure(.permanent, "settings.no_aws", "LANDFALL_DATABASE_SECRET is set, but no AWS client could be made.")
        }
        return try DatabaseURL(try Self.url(fromSecret: try await aws.secretsManager.secretText(id: secretID), id: secretID))
    }

    /// A secret holds a URL, or RDS's JSON: `host`, `port`, `username`, `password`, `dbname`.
    private static func url(fromSecret text: String, id: String) throws(Failure) -> String {
        if text.hasPrefix("postgres") { return text }
        guard let secret = JSONValue(text: text), let host = secret["host"]?.text, let user = secret["username"]?.text,
            let password = secret["password"]?.text
        else {
            throw Failure(
                .permanent, "settings.bad_secret",
                "The secret \(id) holds neither a postgresql:// URL nor RDS's JSON with host, username and password.")
        }
        let port = secret["port"]?.int64 ?? 5432
        let database = secret["dbname"]?.text ?? "postgres"
        let encode = { (text: String) in PercentEncoding.encode(text) }
        return "postgresql://\(encode(user)):\(encode(password))@\(host):\(port)/\(encode(database))"
    }
}
