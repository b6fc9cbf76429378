/// One thing said to the outside: a job's end, or a new Parquet file.
package struct Announcement: Hashable, Sendable {
    package enum DetailType: String, Sendable {
        case jobSucceeded = "Job Succeeded"
        case jobRejected = "Job Rejected"
        case jobFailed = "Job Failed"
        case parquetCreated = "Parquet Created"
    }

    /// The same however often it is sent, so that readers can drop doubles.
    package var id: String
    package var detailType: String
    package var time: Timestamp
    package var pipeline: String
    package var workflow: String
    /// One JSON object.
    package var detail: String

    package static let source = "landfall"

    package init(id: String, detailType: String, time: Timestamp, pipeline: String, workflow: String, detail: String) {
        self.id = id
        self.detailType = detailType
        self.time = time
        self.pipeline = pipeline
        self.workflow = workflow
        self.detail = detail
    }

    /// `{"id":…,"source":"landfall","detail-type":…,"time":…,"detail":{…}}` on one line: the SNS message and the
    /// line in `events.jsonl`. All fields but `detail` are plain ASCII that needs no escaping.
    package var json: String {
        #"{"id":"\#(id)","source":"\#(Self.source)","detail-type":"\#(detailType)","time":"\#(time)","detail":\#(detail)}"#
    }
}

/// Where announcements go: SNS and EventBridge, or a log file. Sent at least once.
package protocol Announcements: Sendable {
    func announce(_ announcement: Announcement) async throws
}
