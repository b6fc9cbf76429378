/// What bounds the memory and the time that any file can take, however damaged or malicious it is.
package enum ParquetLimits {
    /// The metadata at the end of a file, in bytes.
    package static let maxFooterBytes = 64 << 20
    /// The header of a page with its statistics, in bytes.
    static let maxPageHeaderBytes = 8 << 20
    /// A page when uncompressed, in bytes: the most that can be asked for, and what a reader allows unless asked.
    package static let maxPageBytes = 1 << 30
    package static let usualPageBytes = 160 << 20
    /// The values of a dictionary.
    static let maxDictionaryValues = 8 << 20
    /// A part of the page index, in bytes; a larger one is not used.
    static let maxPageIndexBytes = 16 << 20
    /// Values and nulls of one row of a leaf inside lists, and the bytes of its JSON text.
    static let maxRowEntries = 8 << 20
    package static let maxJSONBytes = 64 << 20
    /// Structures and lists inside each other, in Thrift.
    static let maxThriftDepth = 48
    /// Elements of one list in Thrift: row groups, columns, schema elements.
    static let maxListElements = 1 << 20
    /// Groups inside each other, in a schema.
    static let maxSchemaDepth = 100
    /// Digits of a decimal that is read as text.
    static let maxDecimalDigits = 1000
    /// Values of a block in DELTA_BINARY_PACKED.
    static let maxDeltaBlockValues = 1 << 20
    /// Bytes of one text or bytes column in a batch; the batch ends early beyond it.
    static let maxBatchColumnBytes = 64 << 20
    /// Bytes that are read ahead, all columns together, and for one column.
    static let readAheadBytes = 32 << 20
    static let columnReadAheadBytes = 16 << 10...1 << 20
    /// Bytes of unfinished pages that a writer holds, all columns together, and the smallest page that it is cut to.
    static let openPageBytes = 96 << 20
    static let minPageBytes = 8 << 10
    /// One value that is written, in bytes.
    package static let maxValueBytes = 512 << 20
}
