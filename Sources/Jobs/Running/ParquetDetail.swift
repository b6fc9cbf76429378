import Columns

/// Where a job's rows come from, as announcements say it.
package struct AnnouncedSource: Encodable {
    package var uri: String
    package var version: String?
    package var bytes: Int64?

    package init(_ arrival: Arrival) {
        uri = arrival.source
        version = arrival.version
        bytes = arrival.size
    }
}

/// The `detail` of `Parquet Created`.
package struct ParquetDetail: Encodable {
    private struct ParquetColumn: Encodable {
        var name: String
        var type: ColumnType
        var nullable: Bool
    }

    private var jobID: String
    private var pipeline: String
    private var workflow: String
    private var source: AnnouncedSource
    private var uri: String
    private var rows: Int64
    private var bytes: Int64
    private var sha256: String
    private var partition: [OutputFile.Partition]?
    private var member: String?
    /// Left out where the file has more columns than a message can name.
    private var schema: [ParquetColumn]?

    /// SNS and EventBridge take 256 KB.
    private static let maxColumns = 1000

    private enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case pipeline, workflow, source, uri, rows, bytes, sha256, partition, member, schema
    }

    /// - Parameter columns: those of the job's rows; columns that name the file's folders are not in the file.
    package init(_ record: JobRecord, _ output: OutputFile, columns: [Receipt.ColumnReceipt]) {
        jobID = record.jobID
        pipeline = record.pipeline
        workflow = record.workflow
        source = AnnouncedSource(record.arrival)
        (uri, rows, bytes, sha256) = (output.uri, output.rows, output.bytes, output.sha256)
        (partition, member) = (output.partition, output.member)
        let folders = Set((output.partition ?? []).map(\.column))
        let columns = columns.filter { $0.member == output.member }
        if columns.count <= Self.maxColumns {
            schema = columns.filter { !folders.contains($0.name) }
                .map { ParquetColumn(name: $0.name, type: $0.type, nullable: $0.nullable) }
        }
    }

    /// The announcements of all Parquet files of a job. Ids are made from the job's id and the file's place, from 1: the same
    /// however often they are sent.
    package static func announcements(_ record: JobRecord, _ receipt: Receipt, at time: Timestamp) throws -> [Announcement] {
        try receipt.outputs.filter { $0.format == "parquet" }.enumerated().map { index, output in
            Announcement(
                id: "\(record.jobID)-\(index + 1)", detailType: Announcement.DetailType.parquetCreated.rawValue, time: time,
                pipeline: record.pipeline, workflow: record.workflow,
                detail: try ParquetDetail(record, output, columns: receipt.columns).jsonText())
        }
    }
}
