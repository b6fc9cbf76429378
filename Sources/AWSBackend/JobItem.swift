import AWS
import Jobs

/// A job record as a DynamoDB item, and back (`docs/ARCHITECTURE.md`, "The job record").
///
/// Moments are texts that sort as they do, except `expires_at`, which DynamoDB's TTL wants in seconds since 1970.
enum JobItem {
    /// The longest error message that is kept, in bytes of UTF-8: an item may have 400 KB in all.
    static let maxErrorBytes = 2048

    static func item(_ record: JobRecord) -> DynamoItem {
        var item: DynamoItem = [
            "job_id": .s(record.jobID),
            "pipeline": .s(record.pipeline),
            "workflow": .s(record.workflow),
            "bucket": .s(record.arrival.bucket),
            "key": .s(record.arrival.key),
            "source": .s(record.arrival.source),
            "status": .s(record.status.rawValue),
            "attempt": .number(record.attempt),
            "created_at": .s(record.createdAt.description),
            "updated_at": .s(record.updatedAt.description),
            "steps": .m(steps(record.steps)),
            "counts": .m(counts(record.counts)),
            "announcements": .l(record.announcements.map { .s($0) }),
            "expires_at": .number(record.expiresAt.seconds),
        ]
        let optional = [
            "version": record.arrival.version, "etag": record.arrival.etag, "sequencer": record.arrival.sequencer,
            "step": record.step, "owner": record.owner, "lease_until": record.leaseUntil?.description,
            "receipt": record.receipt, "ended_at": record.endedAt?.description, "asker": record.asker,
            "content_sha256": record.content, "duplicate_of": record.duplicateOf, "revision": record.revision,
        ]
        for (name, value) in optional {
            if let value { item[name] = .s(value) }
        }
        if let size = record.arrival.size { item["size"] = .number(size) }
        if let error = record.error {
            item["error"] = .m([
                "code": .s(error.code), "message": .s(error.message.clipped(toUTF8Bytes: maxErrorBytes)),
            ])
        }
        return item
    }

    /// - Throws: `Failure` `records.unreadable`, naming the attribute.
    static func record(_ item: DynamoItem, table: String) throws(Failure) -> JobRecord {
        let reader = AttributeReader(
            attributes: item, whole: "table \(table), job \(item["job_id"]?.text ?? "without an id")")
        guard let status = JobStatus(rawValue: try reader.text("status")) else { throw reader.unreadable("status") }
        return JobRecord(
            jobID: try reader.text("job_id"), pipeline: try reader.text("pipeline"),
            workflow: try reader.text("workflow"), arrival: try arrival(reader), status: status,
            step: item["step"]?.text, attempt: Int(try reader.integer("attempt")), owner: item["owner"]?.text,
            leaseUntil: item["lease_until"] == nil ? nil : try reader.moment("lease_until"),
            createdAt: try reader.moment("created_at"), updatedAt: try reader.moment("updated_at"),
            endedAt: item["ended_at"] == nil ? nil : try reader.moment("ended_at"),
            steps: try steps(reader), counts: try counts(reader), error: try error(reader),
            receipt: item["receipt"]?.text,
            announcements: (item["announcements"]?.list ?? []).compactMap(\.text),
            asker: item["asker"]?.text, content: item["content_sha256"]?.text, duplicateOf: item["duplicate_of"]?.text,
            revision: item["revision"]?.text,
            expiresAt: Timestamp(milliseconds: try reader.integer("expires_at") * 1000))
    }

    private static func arrival(_ reader: AttributeReader) throws(Failure) -> Arrival {
        let item = reader.attributes
        return Arrival(
            bucket: try reader.text("bucket"), key: try reader.text("key"), version: item["version"]?.text,
            etag: item["etag"]?.text, size: item["size"] == nil ? nil : try reader.integer("size"),
            sequencer: item["sequencer"]?.text, source: try reader.text("source"))
    }

    /// By name, as people look them up; `index` keeps their order.
    private static func steps(_ steps: [StepRecord]) -> DynamoItem {
        var items: DynamoItem = [:]
        for (index, step) in steps.enumerated() {
            var item: DynamoItem = ["index": .number(index), "started": .s(step.started.description)]
            if let ended = step.ended { item["ended"] = .s(ended.description) }
            if let result = step.result { item["result"] = .s(result) }
            items[step.name] = .m(item)
        }
        return items
    }

    private static func steps(_ reader: AttributeReader) throws(Failure) -> [StepRecord] {
        var steps: [(index: Int64, step: StepRecord)] = []
        for (name, value) in reader.attributes["steps"]?.map ?? [:] {
            let step = AttributeReader(attributes: value.map ?? [:], whole: "\(reader.whole), step \(name)")
            let record = StepRecord(
                name: name, started: try step.moment("started"),
                ended: step.attributes["ended"] == nil ? nil : try step.moment("ended"),
                result: step.attributes["result"]?.text)
            steps.append((try step.integer("index"), record))
        }
        return steps.sorted { $0.index < $1.index }.map(\.step)
    }

    private static func counts(_ counts: Counts) -> DynamoItem {
        [
            "read": .number(counts.read), "loaded": .number(counts.loaded), "written": .number(counts.written),
            "rejected": .number(counts.rejected), "filtered": .number(counts.filtered),
        ]
    }

    private static func counts(_ reader: AttributeReader) throws(Failure) -> Counts {
        let counts = AttributeReader(
            attributes: reader.attributes["counts"]?.map ?? [:], whole: "\(reader.whole), counts")
        return Counts(
            read: try counts.integer("read"), loaded: try counts.integer("loaded"),
            written: try counts.integer("written"), rejected: try counts.integer("rejected"),
            filtered: try counts.integer("filtered"))
    }

    private static func error(_ reader: AttributeReader) throws(Failure) -> JobRecord.ErrorRecord? {
        guard let map = reader.attributes["error"]?.map else { return nil }
        let error = AttributeReader(attributes: map, whole: "\(reader.whole), error")
        return JobRecord.ErrorRecord(code: try error.text("code"), message: try error.text("message"))
    }
}

/// Reads attributes that must be there and of a type.
private struct AttributeReader {
    let attributes: DynamoItem
    /// What they belong to, for messages.
    let whole: String

    func text(_ name: String) throws(Failure) -> String {
        guard let text = attributes[name]?.text else { throw unreadable(name) }
        return text
    }

    func integer(_ name: String) throws(Failure) -> Int64 {
        guard let integer = attributes[name]?.integer else { throw unreadable(name) }
        return Int64(integer)
    }

    func moment(_ name: String) throws(Failure) -> Timestamp {
        guard let moment = Timestamp(try text(name)) else { throw unreadable(name) }
        return moment
    }

    func unreadable(_ name: String) -> Failure {
        Failure(
            .permanent, "records.unreadable",
            "\(whole): attribute \(name) is missing or not as we write it. Does something else write to this table?")
    }
}
