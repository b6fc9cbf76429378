// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// The Redshift Data API: SQL statements that run without a connection.
package struct RedshiftData: Sendable {
    let client: AWSClient
    private static let wire = JSONProtocol(targetPrefix: "RedshiftData", version: "1.1")

    private struct Execute: Encodable {
        struct Parameter: Encodable {
            var name: String
            var value: String
        }
        var Sql: String
        var Database: String
        var ClusterIdentifier: String?
        var WorkgroupName: String?
        var DbUser: String?
        var SecretArn: String?
        var Parameters: [Parameter]?
        var ClientToken: String?
        var StatementName: String?
    }

    private struct ExecuteAnswer: Decodable {
        var Id: String
    }

    /// Redshift Data `ExecuteStatement`: begins a statement and gives its id.
    ///
    /// - Parameters:
    ///   - parameters: values of `:name` placeholders, as text; a statement without any must give none.
    ///   - clientToken: makes a repeated call the same call (1 to 64 characters); nil makes one, so that a try whose
    ///     answer was lost does not run the statement twice.
    package func execute(
        _ sql: String, on target: RedshiftTarget, parameters: [(name: String, value: String)] = [],
        clientToken: String? = nil, statementName: String? = nil
    ) async throws(AWSError) -> String {
        var input = Execute(
            Sql: sql, Database: target.database, SecretArn: target.secretARN, ClientToken: clientToken ?? client.mark(),
            StatementName: statementName)
        switch target.place {
        case .cluster(let id, let user): (input.ClusterIdentifier, input.DbUser) = (id, user)
        case .workgroup(let name): input.WorkgroupName = name
        }
        if !parameters.isEmpty { input.Parameters = parameters.map { .init(name: $0.name, value: $0.value) } }
        return try await client.json(
            .redshiftData, Self.wire, "ExecuteStatement", subject: "\(target)", input, answer: ExecuteAnswer.self
        ).Id
    }

    private struct Statement: Encodable {
        var Id: String
    }

    private struct DescribeAnswer: Decodable {
        var Status: String?
        var Error: String?
        var ResultRows: Int64?
        var Duration: Int64?
    }

    /// Redshift Data `DescribeStatement`.
    package func statement(id: String) async throws(AWSError) -> RedshiftStatement {
        let answer = try await client.json(
            .redshiftData, Self.wire, "DescribeStatement", subject: id, Statement(Id: id), answer: DescribeAnswer.self)
        return RedshiftStatement(
            status: answer.Status ?? "", error: answer.Error, resultRows: answer.ResultRows ?? -1,
            nanoseconds: answer.Duration ?? -1)
    }

    /// Redshift Data `CancelStatement`: ends a statement that is running.
    package func cancel(id: String) async throws(AWSError) {
        _ = try await client.json(
            .redshiftData, Self.wire, "CancelStatement", subject: id, Statement(Id: id), answer: NoAnswer.self)
    }
}

/// Where a statement runs, and as whom.
package struct RedshiftTarget: Hashable, Sendable, CustomStringConvertible {
    package enum Place: Hashable, Sendable {
        /// A provisioned cluster; the user is needed where neither a secret nor the identity says it.
        case cluster(String, user: String?)
        /// Serverless.
        case workgroup(String)
    }

    package var place: Place
    package var database: String
    /// A Secrets Manager secret with user and password.
    package var secretARN: String?

    package init(_ place: Place, database: String, secretARN: String? = nil) {
        self.place = place
        self.database = database
        self.secretARN = secretARN
    }

    package var description: String {
        switch place {
        case .cluster(let id, _): "cluster \(id), database \(database)"
        case .workgroup(let name): "workgroup \(name), database \(database)"
        }
    }
}

/// How far a statement is.
package struct RedshiftStatement: Hashable, Sendable {
    /// `SUBMITTED`, `PICKED`, `STARTED`, `FINISHED`, `FAILED` or `ABORTED`.
    package var status: String
    /// Why it failed, in the database's words.
    package var error: String?
    /// -1 where nothing is known yet.
    package var resultRows: Int64
    package var nanoseconds: Int64

    package var hasEnded: Bool { ["FINISHED", "FAILED", "ABORTED"].contains(status) }
    package var hasFinished: Bool { status == "FINISHED" }
}
