/// An expression (condition, update, key condition, filter or projection) with what its placeholders stand for.
///
/// Placeholders of two expressions of one request share a namespace: the same one must stand for the same thing.
/// Source: DynamoDB developer guide, "Expressions".
package struct DynamoExpression: Hashable, Sendable {
    package var text: String
    /// `"#s": "status"`
    package var names: [String: String]
    /// `":s": .s("running")`
    package var values: DynamoItem

    package init(_ text: String, names: [String: String] = [:], values: DynamoItem = [:]) {
        self.text = text
        self.names = names
        self.values = values
    }
}

/// The placeholders of all expressions of a request.
struct ExpressionPlaceholders {
    private(set) var names: [String: String]?
    private(set) var values: DynamoItem?

    init(_ expressions: [DynamoExpression?], action: String) throws(AWSError) {
        var names: [String: String] = [:]
        var values: DynamoItem = [:]
        for expression in expressions.compactMap(\.self) {
            for (placeholder, name) in expression.names
            where names.updateValue(name, forKey: placeholder) ?? name != name {
                throw .invalid(.dynamoDB, action, "\(placeholder) stands for two attributes")
            }
            for (placeholder, value) in expression.values
            where values.updateValue(value, forKey: placeholder) ?? value != value {
                throw .invalid(.dynamoDB, action, "\(placeholder) stands for two values")
            }
        }
        self.names = names.isEmpty ? nil : names
        self.values = values.isEmpty ? nil : values
    }
}
