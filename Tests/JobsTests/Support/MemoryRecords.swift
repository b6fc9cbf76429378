import Jobs

/// Job records in memory, conditional as the seam demands.
actor MemoryRecords: JobRecords {
    private(set) var records: [String: JobRecord] = [:]
    private(set) var writes = 0
    /// How many writes look as if somebody else had been first, because they were sent twice.
    private var answersToLose = 0
    /// Runs before each create and replace: what another worker does in between.
    private var meanwhile: @Sendable (inout [String: JobRecord]) -> Void = { _ in }

    func find(_ jobID: String) -> JobRecord? { records[jobID] }

    func create(_ record: JobRecord) -> Bool {
        meanwhile(&records)
        guard records[record.jobID] == nil else { return false }
        records[record.jobID] = record
        writes += 1
        defer { answersToLose = max(0, answersToLose - 1) }
        return answersToLose == 0
    }

    func replace(_ record: JobRecord, expecting fence: JobRecord.Fence) -> Bool {
        meanwhile(&records)
        guard records[record.jobID]?.fence == fence else { return false }
        records[record.jobID] = record
        writes += 1
        defer { answersToLose = max(0, answersToLose - 1) }
        return answersToLose == 0
    }

    func list(status: JobStatus?, limit: Int) -> [JobRecord] {
        Array(records.values.filter { status == nil || $0.status == status }.prefix(limit))
    }

    func relatives(of record: JobRecord) -> [JobRecord] { records.values.filter(record.isRelative) }

    func loseAnswers(_ count: Int) { answersToLose = count }

    func put(_ record: JobRecord) { records[record.jobID] = record }

    func interfere(_ meanwhile: @escaping @Sendable (inout [String: JobRecord]) -> Void) { self.meanwhile = meanwhile }
}
