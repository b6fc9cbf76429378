/// How a Parquet file is read.
package struct ParquetReadOptions: Sendable {
    /// What becomes of columns that are structures.
    package enum Structures: Hashable, Sendable {
        /// A column for each member, with a dotted name: `address.city`. A structure that is null has null members.
        case columns
        /// One column of JSON objects.
        case json
    }

    package var structures: Structures
    /// Whether a page's checksum, where it has one, is compared with its bytes.
    package var verifiesChecksums: Bool
    /// The bytes of a page when uncompressed; a larger one is `parquet.limit`. At most ``ParquetLimits/maxPageBytes``.
    package var maxPageBytes: Int
    /// Rows that cannot satisfy all of these are left out where the file's statistics tell; others may still come.
    package var filters: [ParquetFilter]

    package init(
        structures: Structures = .columns, verifiesChecksums: Bool = true,
        maxPageBytes: Int = ParquetLimits.usualPageBytes, filters: [ParquetFilter] = []
    ) {
        self.structures = structures
        self.verifiesChecksums = verifiesChecksums
        self.maxPageBytes = min(maxPageBytes, ParquetLimits.maxPageBytes)
        self.filters = filters
    }
}
