import Columns
import Jobs

/// The `detail` of `Job Succeeded`, `Job Rejected` and `Job Failed`.
private struct JobDetail: Encodable {
    struct Source: Encodable {
        var uri: String
        var version: String?
        var bytes: Int64?
    }

    var jobID: String
    var pipeline: String
    var workflow: String
    var source: Source
    var outputs: [OutputFile]
    var counts: Counts
    var error: JobRecord.ErrorRecord?
    var seconds: Double
    var receipt: String?

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case pipeline, workflow, source, outputs, counts, error, seconds, receipt
    }
}

/// The `detail` of `Parquet Created`.
private struct ParquetDetail: Encodable {
    struct ParquetColumn: Encodable {
        var name: String
        var type: ColumnType
        var nullable: Bool
    }

    var jobID: String
    var pipeline: String
    var workflow: String
    var source: JobDetail.Source
    var uri: String
    var rows: Int64
    var bytes: Int64
    var sha256: String
    /// Left out where the file has more columns than a message can name.
    var schema: [ParquetColumn]?

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case pipeline, workflow, source, uri, rows, bytes, sha256, schema
    }
}

/// Makes what a job's end is announced with. Ids are made from the job's id: the same however often they are sent.
struct JobAnnouncements {
    let record: JobRecord
    let now: Timestamp

    /// SNS and EventBridge take 256 KB, and what is still to be said stands in the job's record.
    private static let maxAnnouncedColumns = 1000

    func succeeded(_ uploaded: Uploaded) throws -> [Announcement] {
        let receipt = uploaded.receipt
        var announcements = [
            try job(.jobSucceeded, outputs: receipt.outputs, counts: receipt.counts, error: nil, receipt: uploaded.receiptURI)
        ]
        for output in receipt.outputs where output.format == DataFormat.parquet.rawValue {
            let detail = ParquetDetail(
                jobID: record.jobID, pipeline: record.pipeline, workflow: record.workflow, source: source,
                uri: output.uri, rows: output.rows, bytes: output.bytes, sha256: output.sha256,
                schema: receipt.columns.count > Self.maxAnnouncedColumns
                    ? nil : receipt.columns.map { .init(name: $0.name, type: $0.type, nullable: $0.nullable) })
            announcements.append(try announcement(.parquetCreated, number: announcements.count, detail: detail))
        }
        return announcements
    }

    func notDone(_ type: Announcement.DetailType, error: JobRecord.ErrorRecord) throws -> [Announcement] {
        [try job(type, outputs: [], counts: record.counts, error: error, receipt: nil)]
    }

    private var source: JobDetail.Source {
        JobDetail.Source(uri: record.arrival.source, version: record.arrival.version, bytes: record.arrival.size)
    }

    private func job(
        _ type: Announcement.DetailType, outputs: [OutputFile], counts: Counts, error: JobRecord.ErrorRecord?,
        receipt: String?
    ) throws -> Announcement {
        let detail = JobDetail(
            jobID: record.jobID, pipeline: record.pipeline, workflow: record.workflow, source: source, outputs: outputs,
            counts: counts, error: error, seconds: now.seconds(since: record.createdAt), receipt: receipt)
        return try announcement(type, number: 0, detail: detail)
    }

    private func announcement(
        _ type: Announcement.DetailType, number: Int, detail: some Encodable
    ) throws -> Announcement {
        Announcement(
            id: "\(record.jobID)-\(number)", detailType: type.rawValue, time: now, pipeline: record.pipeline,
            workflow: record.workflow, detail: try detail.jsonText())
    }
}
