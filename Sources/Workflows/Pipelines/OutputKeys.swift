import Jobs

/// The keys of an output that say how its files are written.
enum OutputKeys {
    static func read(_ section: inout YAMLMapping, _ format: DataFormat) throws(Failure) -> OutputOptions {
        var options = OutputOptions()
        options.compression = try section.choice("compression", OutputOptions.compressions)
        options.compressionLevel = try section.integer("compression_level", in: 1...22)
        do {
            try options.checkLevel("compression_level")
        } catch {
            throw section.failure(
                "compression_level", String(error.message.trimmingPrefix("compression_level").drop { $0 == ":" || $0 == " " }))
        }
        options.split.partitionBy = try section.strings("partition_by") ?? []
        guard Set(options.split.partitionBy).count == options.split.partitionBy.count else {
            throw section.failure("partition_by", "names a column twice.")
        }
        options.split.fileBytes = try bytes("file_bytes", &section).map(Int64.init)
        options.split.fileRows = try section.integer("file_rows", in: 1...Int.max).map(Int64.init)
        if format == .parquet { try parquet(&section, &options) }
        return options
    }

    private static func parquet(_ section: inout YAMLMapping, _ options: inout OutputOptions) throws(Failure) {
        options.rowGroupRows = try section.integer("row_group_rows", in: 1...10_000_000)
        options.parquet.rowGroupBytes = try bytes("row_group_bytes", &section)
        options.parquet.pageVersion = try section.integer("page_version", in: 1...2)
        options.parquet.encodings = try section.choice("encodings", ParquetOutputOptions.encodingNames)
        options.parquet.bloomFilters = try section.strings("bloom_filters") ?? []
        for text in try section.strings("sorted_by") ?? [] {
            guard let column = ParquetOutputOptions.sortingColumn(text) else {
                throw section.failure("sorted_by", "needs columns, like [day, \"id desc nulls last\"].")
            }
            options.parquet.sortedBy.append(column)
        }
        guard var metadata = try section.mapping("metadata") else { return }
        for key in metadata.keys {
            guard !key.hasPrefix(ParquetOutputOptions.ownKeyPrefix) else {
                throw metadata.failure(key, "begins like our own keys (\(ParquetOutputOptions.ownKeyPrefix)…); choose another name.")
            }
            options.parquet.metadata[key] = try metadata.string(key) ?? ""
        }
    }

    private static func bytes(_ key: String, _ section: inout YAMLMapping) throws(Failure) -> Int? {
        guard let text = try section.string(key) else { return nil }
        guard let bytes = ByteCount.parse(text) else { throw section.failure(key, "must be bytes, or like 128MiB, found \"\(text)\".") }
        return bytes
    }
}
