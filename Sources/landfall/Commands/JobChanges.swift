import Jobs

/// Changes jobs one after another, and says what became of each: one that is refused does not keep the others.
struct JobChanges {
    var isJSON: Bool

    private struct Report: Encodable {
        var jobs: [Change]
    }

    private struct Change: Encodable {
        var jobID: String
        /// What was done, or `refused`.
        var result: String
        var error: JobRecord.ErrorRecord?
    }

    /// `change` gives the id of the job that was changed. Throws the first failure, after all have been tried.
    func make(_ ids: [String], _ done: String, _ change: (String) async throws -> String) async throws {
        var changes: [Change] = []
        var first: Failure?
        for id in ids {
            do {
                changes.append(Change(jobID: try await change(id), result: done))
            } catch {
                let failure = Failure(error)
                first = first ?? failure
                changes.append(
                    Change(jobID: id, result: "refused", error: JobRecord.ErrorRecord(code: failure.code, message: failure.message)))
            }
        }
        if isJSON {
            try Terminal.say(report: Report(jobs: changes))
        } else {
            // The one failure of one job is told once, on stderr.
            for change in changes where change.error == nil || changes.count > 1 {
                Terminal.say("\(change.result)  \(change.jobID)" + (change.error.map { "  \($0.code): \($0.message)" } ?? ""))
            }
        }
        if let first { throw first }
    }
}
