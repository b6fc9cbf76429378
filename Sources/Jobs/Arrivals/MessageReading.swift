import SigV4

/// What one message asks for: an arrival to take, and what it says beyond that.
package struct JobRequest: Hashable, Sendable {
    package var arrival: Arrival
    /// The pipeline to use, where the message names one; else the first that matches.
    package var pipeline: String?
    /// The workflow that the pipeline must have, where the message names one.
    package var workflow: String?
    /// The job that the message speaks of, where it names one: then it is known what arrived.
    package var jobID: String?
    /// Do this step of the job and no further; nil: all of it.
    package var step: StepName?
    /// The Step Functions task that waits for the request's end.
    package var taskToken: String?
    /// The pipeline that made the file, where Landfall itself did: that one does not take it.
    package var madeBy: String?

    package init(arrival: Arrival, pipeline: String? = nil, step: StepName? = nil, taskToken: String? = nil) {
        self.arrival = arrival
        self.pipeline = pipeline
        self.step = step
        self.taskToken = taskToken
    }
}

/// How a message body is to be understood. Total: every body is one of these.
package enum MessageReading: Hashable, Sendable {
    /// Files to take. `shape` names the kind of message, for people.
    case requests([JobRequest], shape: String)
    /// Nothing to do: acknowledged and counted. The text says what it was.
    case ignored(String)
    /// No shape of ours; the text says what was expected.
    case notUnderstood(String)

    /// How deep envelopes may stand in each other.
    private static let maxEnvelopes = 3

    /// Reads a body: S3 notifications, EventBridge events, both within SNS envelopes, test events and our own messages.
    package init(body: String) {
        self.init(body: body, envelopes: 0)
    }

    private init(body: String, envelopes: Int) {
        guard let message = JSONValue(text: body), case .object = message else {
            self = .notUnderstood("the body is no JSON object")
            return
        }
        if let token = Self.taskToken(message) {
            self = Self.task(message, token: token, depth: envelopes)
        } else if message["landfall"] != nil {
            self = Self.own(message)
        } else if message["Records"] != nil {
            self = Self.notification(message)
        } else if message["Event"]?.text == "s3:TestEvent" {
            self = .ignored("S3 test event")
        } else if let type = message["Type"]?.text, message["TopicArn"] != nil {
            self = Self.envelope(message, type: type, depth: envelopes)
        } else if let source = message["source"]?.text, let detailType = message["detail-type"]?.text {
            self = Self.event(message, source: source, detailType: detailType)
        } else {
            self = .notUnderstood(
                "the body is none of: S3 notification, EventBridge event, SNS envelope, Landfall message, Step Functions task")
        }
    }

    // MARK: Amazon SNS envelope

    private static func envelope(_ message: JSONValue, type: String, depth: Int) -> MessageReading {
        guard type == "Notification" else { return .ignored("SNS \(type)") }
        guard depth < maxEnvelopes, let body = message["Message"]?.text else {
            return .notUnderstood("the SNS envelope holds no Message, or another envelope too many")
        }
        switch MessageReading(body: body, envelopes: depth + 1) {
        case .requests(let requests, let shape): return .requests(requests, shape: "\(shape) in an SNS envelope")
        case .ignored(let what): return .ignored("\(what) in an SNS envelope")
        case .notUnderstood(let why): return .notUnderstood("within the SNS envelope, \(why)")
        }
    }

    // MARK: S3 event notification (S3 user guide, "Event message structure")

    private static func notification(_ message: JSONValue) -> MessageReading {
        guard case .array(let records)? = message["Records"] else { return .notUnderstood("Records is no list") }
        var requests: [JobRequest] = []
        var others: [String] = []
        for record in records {
            guard let source = record["eventSource"]?.text else { return .notUnderstood("a record has no eventSource") }
            guard source == "aws:s3" else {
                others.append(source)
                continue
            }
            guard let name = record["eventName"]?.text else { return .notUnderstood("an S3 record has no eventName") }
            guard name.hasPrefix("ObjectCreated:") || name.hasPrefix("s3:ObjectCreated:") else {
                others.append(name)
                continue
            }
            if let version = record["eventVersion"]?.text, !version.hasPrefix("2.") {
                return .notUnderstood("the S3 event has version \(version); 2.x is understood")
            }
            let object = record["s3"]?["object"]
            guard let bucket = record["s3"]?["bucket"]?["name"]?.text, let encoded = object?["key"]?.text else {
                return .notUnderstood("an S3 record has no bucket name or no object key")
            }
            guard let key = PercentEncoding.decode(encoded, plusIsSpace: true) else {
                return .notUnderstood("the object key of an S3 record is not form-encoded UTF-8")
            }
            requests.append(
                JobRequest(
                    arrival: Arrival(
                        bucket: bucket, key: key, version: version(object?["versionId"]), etag: etag(object?["eTag"]),
                        size: object?["size"]?.int64, sequencer: object?["sequencer"]?.text)))
        }
        if requests.isEmpty {
            return .ignored(others.isEmpty ? "S3 notification without records" : "event \(others[0])")
        }
        return .requests(requests, shape: "S3 notification")
    }

    // MARK: EventBridge (S3 user guide, "EventBridge event message structure")

    private static func event(_ message: JSONValue, source: String, detailType: String) -> MessageReading {
        if source == Announcement.source, detailType == Announcement.DetailType.parquetCreated.rawValue {
            return parquetCreated(message)
        }
        guard source == "aws.s3", detailType == "Object Created" else {
            return .ignored("event \(source) \"\(detailType)\"")
        }
        let object = message["detail"]?["object"]
        guard let bucket = message["detail"]?["bucket"]?["name"]?.text, let key = object?["key"]?.text else {
            return .notUnderstood("the EventBridge event has no bucket name or no object key")
        }
        let arrival = Arrival(
            bucket: bucket, key: key, version: version(object?["version-id"]),
            etag: etag(object?["etag"] ?? object?["eTag"]), size: object?["size"]?.int64,
            sequencer: object?["sequencer"]?.text)
        return .requests([JobRequest(arrival: arrival)], shape: "EventBridge event")
    }

    /// A file that a job of ours has written: an arrival as any other.
    private static func parquetCreated(_ message: JSONValue) -> MessageReading {
        guard let uri = message["detail"]?["uri"]?.text, let place = SourceURI(uri) else {
            return .notUnderstood("the event \"Parquet Created\" has no uri of the form s3://bucket/key or file:///path")
        }
        let arrival = Arrival(
            bucket: place.bucket, key: place.key, size: message["detail"]?["bytes"]?.int64, source: uri)
        var request = JobRequest(arrival: arrival)
        request.madeBy = message["detail"]?["pipeline"]?.text ?? ""
        return .requests([request], shape: "event \"Parquet Created\"")
    }

    // MARK: Our own

    private static func own(_ message: JSONValue) -> MessageReading {
        guard message["landfall"]?.int64 == 1 else {
            return .notUnderstood("the Landfall message has a version other than 1")
        }
        return asked(message, shape: "Landfall message")
    }

    /// What a message says in our own words: where the file is, or which job is meant, and what to do with it.
    private static func asked(_ message: JSONValue, shape: String) -> MessageReading {
        let jobID = message["job_id"]?.text
        let arrival: Arrival
        if let source = message["source"]?.text {
            guard let place = SourceURI(source) else {
                return .notUnderstood("the \(shape) has no source of the form s3://bucket/key or file:///path")
            }
            arrival = Arrival(
                bucket: message["bucket"]?.text ?? place.bucket, key: message["key"]?.text ?? place.key,
                version: version(message["version"]), etag: etag(message["etag"]), size: message["size"]?.int64,
                sequencer: message["sequencer"]?.text, source: source)
        } else if let bucket = message["bucket"]?.text, let key = message["key"]?.text, !bucket.isEmpty, !key.isEmpty {
            arrival = Arrival(
                bucket: bucket, key: key, version: version(message["version"]), etag: etag(message["etag"]),
                size: message["size"]?.int64, sequencer: message["sequencer"]?.text)
        } else if jobID != nil {
            arrival = Arrival(bucket: "", key: "", source: "")
        } else {
            return .notUnderstood("the \(shape) has neither a source of the form s3://bucket/key or file:///path nor a job_id")
        }
        var request = JobRequest(arrival: arrival, pipeline: message["pipeline"]?.text, taskToken: message["task_token"]?.text)
        request.workflow = message["workflow"]?.text
        request.jobID = jobID
        if let name = message["step"]?.text {
            guard let step = StepName(rawValue: name) else {
                let known = StepName.allCases.map(\.rawValue).joined(separator: ", ")
                return .notUnderstood("the \(shape) asks for step \"\(name)\"; there are \(known)")
            }
            request.step = step
        }
        return .requests([request], shape: shape)
    }

    // MARK: Step Functions ("Wait for a Callback with Task Token")

    private static let tokenNames = ["TaskToken", "taskToken", "task_token"]
    private static let inputNames = ["Input", "input", "Payload", "payload", "Event", "event", "Message", "message"]

    /// The token of a task that waits; our own message with one is read as such.
    private static func taskToken(_ message: JSONValue) -> String? {
        guard message["landfall"] == nil else { return nil }
        return tokenNames.lazy.compactMap { message[$0]?.text }.first { !$0.isEmpty }
    }

    /// A state machine sends what its author chose beside the token: an event, in a member or around the token, or our words.
    private static func task(_ message: JSONValue, token: String, depth: Int) -> MessageReading {
        let shape = "Step Functions task"
        guard case .object(var members) = message, depth < maxEnvelopes else {
            return .notUnderstood("the \(shape) stands in an envelope too many")
        }
        for name in tokenNames { members[name] = nil }
        var inner = JSONValue.object(members)
        if members["source"] == nil, members["Records"] == nil, members["bucket"] == nil, members["job_id"] == nil,
            let input = inputNames.lazy.compactMap({ members[$0] }).first
        {
            inner = input.text.flatMap { JSONValue(text: $0) } ?? input
        }
        let reading: MessageReading
        if inner["landfall"] != nil {
            reading = own(inner)
        } else if inner["Records"] != nil || inner["detail-type"] != nil || inner["TopicArn"] != nil {
            guard let text = inner.jsonText else { return .notUnderstood("the \(shape)'s input cannot be read") }
            reading = MessageReading(body: text, envelopes: depth + 1)
        } else {
            reading = asked(inner, shape: shape)
        }
        guard case .requests(var requests, let innerShape) = reading else { return reading }
        guard requests.count == 1 else {
            return .notUnderstood("the \(shape) speaks of \(requests.count) files; one token can answer for one")
        }
        requests[0].taskToken = token
        return .requests(requests, shape: innerShape == shape ? shape : "\(innerShape) in a \(shape)")
    }

    // MARK: Parts

    /// An unversioned bucket's objects have no version, or the version "null".
    private static func version(_ value: JSONValue?) -> String? {
        guard let text = value?.text, text != "null", !text.isEmpty else { return nil }
        return text
    }

    private static func etag(_ value: JSONValue?) -> String? {
        guard let text = value?.text else { return nil }
        let bare = text.hasPrefix("\"") && text.hasSuffix("\"") && text.count >= 2 ? String(text.dropFirst().dropLast()) : text
        return bare.isEmpty ? nil : bare
    }
}

/// `s3://bucket/key` or `file:///path`, taken apart.
package struct SourceURI: Hashable, Sendable {
    package enum Scheme: String, Sendable { case s3, file }

    package var scheme: Scheme
    /// Empty for files.
    package var bucket: String
    /// The object's key, or the file's absolute path.
    package var key: String

    package init?(_ text: String) {
        if text.hasPrefix("s3://") {
            let rest = text.dropFirst(5)
            guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex else { return nil }
            scheme = .s3
            bucket = String(rest[..<slash])
            key = String(rest[rest.index(after: slash)...])
            if key.isEmpty { return nil }
        } else if text.hasPrefix("file:///") {
            guard let path = PercentEncoding.decode(String(text.dropFirst(7))) else { return nil }
            scheme = .file
            bucket = ""
            key = path
        } else {
            return nil
        }
    }

    /// The URI of a file at an absolute path.
    package static func file(_ path: String) -> String {
        "file://" + PercentEncoding.encode(path, keepingSlash: true)
    }
}
