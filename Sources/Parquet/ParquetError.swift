/// Why a Parquet file cannot be read or written.
///
/// | code | means |
/// |---|---|
/// | `parquet.bad_magic` | the file does not begin and end as a Parquet file does |
/// | `parquet.encrypted` | the file or a column of it is encrypted |
/// | `parquet.external_column` | a column's pages are in another file |
/// | `parquet.truncated` | something reaches beyond the end of what holds it |
/// | `parquet.footer`, `parquet.schema` | the metadata contradicts itself |
/// | `parquet.thrift` | a structure is not in Thrift's compact protocol |
/// | `parquet.page` | a page is damaged |
/// | `parquet.limit` | something is larger than ``ParquetLimits`` allow |
/// | `parquet.checksum` | a page's bytes are not those that its checksum was made of |
/// | `parquet.unsupported_type` | a column that has no counterpart among our types |
/// | `parquet.unsupported_codec`, `parquet.unsupported_encoding` | a way to store pages that is not understood yet |
/// | `parquet.duplicate_column`, `parquet.unknown_column` | a name stands twice, or not at all, in the schema |
/// | `parquet.nanos` | a time has nanoseconds that microseconds cannot hold |
/// | `parquet.invalid_utf8`, `parquet.value_out_of_range` | a value that its column's type does not allow |
/// | `parquet.null_in_required`, `parquet.schema_mismatch` | a batch that does not fit the schema of the file being written |
package struct ParquetError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: String
    /// One or two sentences for people.
    package let message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }

    /// The same error, told where it happened.
    func at(_ place: String) -> ParquetError {
        ParquetError(code: code, message: "\(place): \(message)")
    }
}

extension ParquetError {
    static func truncated(_ what: String) -> ParquetError {
        ParquetError(code: "parquet.truncated", message: "\(what) reaches beyond its end. The file is cut short or damaged.")
    }

    static func page(_ detail: String) -> ParquetError {
        ParquetError(code: "parquet.page", message: "\(detail). The file is damaged.")
    }

    /// One leaf of a nested column has more or fewer elements than another.
    static let disagreement = ParquetError.page("the parts of a nested column do not agree on its elements")

    static func footer(_ detail: String) -> ParquetError {
        ParquetError(code: "parquet.footer", message: "\(detail). The file is damaged.")
    }

    static func schema(_ detail: String) -> ParquetError {
        ParquetError(code: "parquet.schema", message: "\(detail). The file is damaged.")
    }

    static func limit(_ what: String, _ found: some BinaryInteger, max: some BinaryInteger) -> ParquetError {
        ParquetError(
            code: "parquet.limit",
            message: "\(what): \(found) is more than \(max), the most that is read. "
                + "The file is damaged, or written in a way that is not supported.")
    }

    static func outOfRange(_ detail: String) -> ParquetError {
        ParquetError(code: "parquet.value_out_of_range", message: "\(detail).")
    }
}
