import Columns

extension Column {
    /// The type of the column in a new table. An inferred decimal becomes `numeric` without precision: the next file may
    /// need more digits, and PostgreSQL would round them away without a word.
    package var postgresType: String {
        if case .decimal = type, !isDeclared { return "numeric" }
        return type.postgresType
    }
}

extension ColumnType {
    /// The PostgreSQL type that holds every value of this type.
    ///
    /// Source: PostgreSQL 15 manual, chapter 8 "Data Types".
    package var postgresType: String {
        switch self {
        case .bool: "boolean"
        case .int16: "smallint"
        case .int32: "integer"
        case .int64: "bigint"
        case .float32: "real"
        case .float64: "double precision"
        case .decimal(let precision, let scale): "numeric(\(precision),\(scale))"
        case .date: "date"
        case .time: "time without time zone"
        case .timestamp: "timestamp without time zone"
        case .timestamptz: "timestamp with time zone"
        case .text: "text"
        case .bytes: "bytea"
        case .uuid: "uuid"
        case .json: "jsonb"
        }
    }
}
