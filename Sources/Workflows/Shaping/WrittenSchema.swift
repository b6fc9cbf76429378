import Columns

extension Schema {
    /// The schema as it is written: a column can hold nulls unless the pipeline requires a value, because what one file
    /// happens to lack says nothing about the next.
    var asWritten: Schema {
        Schema(
            columns.map { column in
                var column = column
                column.nullable = column.nullable || !column.isDeclared
                return column
            })
    }
}
