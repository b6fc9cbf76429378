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
}
