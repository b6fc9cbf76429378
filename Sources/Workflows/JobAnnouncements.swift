import Columns
import Jobs

/// The `detail` of `Job Succeeded`, `Job Rejected` and `Job Failed`.
private struct JobDetail: Encodable {
    var jobID: String
    var pipeline: String
    var workflow: String
    var source: AnnouncedSource
    /// The first of them; the receipt has all.
    var outputs: [OutputFile]
    /// How many more there are.
    var outputsOmitted: Int?
    var counts: Counts
    var error: JobRecord.ErrorRecord?
    var seconds: Double
    var receipt: String?

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id", outputsOmitted = "outputs_omitted"
        case pipeline, workflow, source, outputs, counts, error, seconds, receipt
    }
}

/// Makes what a job's end is announced with. Ids are made from the job's id: the same however often they are sent.
struct JobAnnouncements {
    let record: JobRecord
    let now: Timestamp

    /// SNS and EventBridge take 256 KB.
    private static let maxNamedOutputs = 100
    /// What is still to be said stands in the job's record, which has 400 KB on DynamoDB.
    private static let maxKeptBytes = 64 << 10

    /// As they stand in the job's record.
    func succeeded(_ uploaded: Uploaded) throws -> [AnnouncementRecord] {
        let receipt = uploaded.receipt
        let job = try job(
            .jobSucceeded, outputs: receipt.outputs, counts: receipt.counts, error: nil, receipt: uploaded.receiptURI)
        let files = try ParquetDetail.announcements(record, receipt, at: now)
        guard files.reduce(0, { $0 + $1.detail.utf8.count }) <= Self.maxKeptBytes || files.count < 2 else {
            return [AnnouncementRecord(job), AnnouncementRecord(outputsOf: record, at: now)]
        }
        return [AnnouncementRecord(job)] + files.map(AnnouncementRecord.init)
    }

    func notDone(_ type: Announcement.DetailType, error: JobRecord.ErrorRecord) throws -> [AnnouncementRecord] {
        [AnnouncementRecord(try job(type, outputs: [], counts: record.counts, error: error, receipt: nil))]
    }

    private func job(
        _ type: Announcement.DetailType, outputs: [OutputFile], counts: Counts, error: JobRecord.ErrorRecord?,
        receipt: String?
    ) throws -> Announcement {
        let omitted = outputs.count - Self.maxNamedOutputs
        let detail = JobDetail(
            jobID: record.jobID, pipeline: record.pipeline, workflow: record.workflow, source: AnnouncedSource(record.arrival),
            outputs: Array(outputs.prefix(Self.maxNamedOutputs)), outputsOmitted: omitted > 0 ? omitted : nil, counts: counts,
            error: error, seconds: now.seconds(since: record.createdAt), receipt: receipt)
        return Announcement(
            id: "\(record.jobID)-0", detailType: type.rawValue, time: now, pipeline: record.pipeline, workflow: record.workflow,
            detail: try detail.jsonText())
    }
}
