import Columns

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
