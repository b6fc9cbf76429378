import FoundationEssentials
import Jobs

/// What a Step Functions task is told about its request's end.
package enum TaskReply: Hashable, Sendable {
    /// JSON: the receipt, with `job_id`, `outcome` and `status` in front.
    case success(String)
    case failure(code: String, cause: String)
}

extension JobExecutor {
    /// What to tell the task that waits for this execution; nil where the message comes back.
    package func reply(_ execution: Execution, _ request: JobRequest) async -> TaskReply? {
        switch execution.outcome {
        case .retry, .interrupted: return nil
        case .rejected:
            let error = execution.record?.error
            return .failure(
                code: error?.code ?? execution.failure?.code ?? "internal.error",
                cause: error?.message ?? execution.failure?.message ?? "")
        case .done, .alreadyDone, .superseded:
            guard let record = execution.record else { return .success("{}") }
            // Another task asked for a job that was not done: it learns so as the first one did.
            if record.status.isUndone {
                return .failure(code: record.error?.code ?? "internal.error", cause: record.error?.message ?? "")
            }
            return .success(await output(execution, record, request))
        }
    }

    private func output(_ execution: Execution, _ record: JobRecord, _ request: JobRequest) async -> String {
        var members: [String: JSONValue] = [
            "job_id": .string(record.jobID), "pipeline": .string(record.pipeline), "workflow": .string(record.workflow),
            "status": .string(record.status.rawValue), "outcome": .string(execution.outcome.name),
            "source": .string(record.arrival.source),
        ]
        if let step = request.step, let result = record.steps.first(where: { $0.name == step.rawValue })?.result {
            members["step"] = .string(step.rawValue)
            members["result"] = JSONValue(text: result) ?? .null
        }
        if let uri = record.receipt { members["receipt_uri"] = .string(uri) }
        let short = JSONValue.object(members).jsonText ?? "{}"
        guard record.status == .succeeded, request.step == nil else { return Self.fitting(short, or: "{}") }
        if let receipt = execution.receipt, let text = try? receipt.jsonText() {
            members["receipt"] = JSONValue(text: text)
        } else {
            members["receipt"] = await storedReceipt(record)
        }
        return Self.fitting(JSONValue.object(members).jsonText ?? short, or: short)
    }

    /// A receipt that is too long for an answer is left out: its URI stays.
    private static func fitting(_ text: String, or short: String) -> String {
        text.utf16.count <= TaskCallbacks.maxOutputCharacters ? text : short
    }

    /// The receipt as it was stored, for a job that ended before its task was told.
    private func storedReceipt(_ record: JobRecord) async -> JSONValue? {
        guard let uri = record.receipt, let place = SourceURI(uri) else { return nil }
        let folder = "\(services.scratch(of: record))/reply"
        let path = "\(folder)/receipt.json"
        defer { Scratch.remove(services.scratch(of: record)) }
        do {
            try Scratch.make(folder)
            _ = try await services.store.download(Arrival(bucket: place.bucket, key: place.key, source: uri), to: path)
        } catch {
            services.log.log(.warning, "The receipt could not be read again", [.jobID: record.jobID, .error: Failure(error)])
            return nil
        }
        return FileManager.default.contents(atPath: path).flatMap { JSONValue(text: String(decoding: $0, as: UTF8.self)) }
    }
}

extension Outcome {
    /// As the design spells it.
    package var name: String {
        switch self {
        case .done: "done"
        case .alreadyDone: "alreadyDone"
        case .superseded: "superseded"
        case .retry: "retry"
        case .rejected: "rejected"
        case .interrupted: "interrupted"
        }
    }
}
