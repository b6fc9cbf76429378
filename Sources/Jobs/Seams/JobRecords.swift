/// Where job records live: a DynamoDB table, or SQLite.
///
/// Errors are the implementation's own (`AWSError`, `LocalError`); a lost race is no error but `false`.
package protocol JobRecords: Sendable {
    /// The record of a job, strongly consistent; nil where there is none.
    func find(_ jobID: String) async throws -> JobRecord?

    /// Stores a new record; false where the job has one already.
    func create(_ record: JobRecord) async throws -> Bool

    /// Replaces a record; false where it is no longer as `fence` says, and then nothing was written.
    func replace(_ record: JobRecord, expecting fence: JobRecord.Fence) async throws -> Bool

    /// Records by status (nil: all), latest change first. `limit` is 1 or more.
    func list(status: JobStatus?, limit: Int) async throws -> [JobRecord]

    /// Other jobs of the same pipeline that run or succeeded, and took another version of the same key, or the same content
    /// under another key. The DynamoDB table looks among the latest only, in an index that follows the
    /// table within about a second.
    func relatives(of record: JobRecord) async throws -> [JobRecord]
}

extension JobRecord {
    /// Whether the other job belongs to ``JobRecords/relatives(of:)``.
    package func isRelative(_ other: JobRecord) -> Bool {
        guard other.jobID != jobID, other.pipeline == pipeline, other.status == .running || other.status == .succeeded else {
            return false
        }
        return isOtherVersion(other) || isSameContent(other)
    }

    /// Whether the other job took another version of this job's key.
    package func isOtherVersion(_ other: JobRecord) -> Bool {
        other.arrival.bucket == arrival.bucket && other.arrival.key == arrival.key
    }

    /// Whether the other job took the same content under another key.
    package func isSameContent(_ other: JobRecord) -> Bool {
        content != nil && other.content == content && !isOtherVersion(other)
    }
}
