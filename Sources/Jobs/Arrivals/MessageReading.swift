import SigV4

/// What one message asks for: an arrival to take, and what it says beyond that.
package struct JobRequest: Hashable, Sendable {
    package var arrival: Arrival
    /// The pipeline to use, where the message names one; else the first that matches.
    package var pipeline: String?
    /// Do this step of the job and no further; nil: all of it.
    package var step: StepName?
    /// The Step Functions task that waits for the request's end.
    package var taskToken: String?

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
        if message["landfall"] != nil {
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
                "the body is none of: S3 notification, EventBridge event, SNS envelope, Landfall message")
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
            guard record["eventSource"]?.text == "aws:s3", let name = record["eventName"]?.text else {
                guard let source = record["eventSource"]?.text else {
                    return .notUnderstood("a record has no eventSource or eventName")
                }
                others.append(source)
                continue
            }
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

    // MARK: Our own

    private static func own(_ message: JSONValue) -> MessageReading {
        guard message["landfall"]?.int64 == 1 else {
            return .notUnderstood("the Landfall message has a version other than 1")
        }
        guard let source = message["source"]?.text, let place = SourceURI(source) else {
            return .notUnderstood("the Landfall message has no source of the form s3://bucket/key or file:///path")
        }
        let arrival = Arrival(
            bucket: message["bucket"]?.text ?? place.bucket, key: message["key"]?.text ?? place.key,
            version: version(message["version"]), etag: etag(message["etag"]), size: message["size"]?.int64,
            sequencer: message["sequencer"]?.text, source: source)
        return .requests(
            [JobRequest(arrival: arrival, pipeline: message["pipeline"]?.text)], shape: "Landfall message")
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
