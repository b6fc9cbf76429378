import Columns

/// A file that a job has written.
package struct OutputFile: Hashable, Sendable, Codable {
    package var uri: String
    package var format: String
    package var bytes: Int64
    package var rows: Int64
    package var sha256: String

    package init(uri: String, format: String, bytes: Int64, rows: Int64, sha256: String) {
        self.uri = uri
        self.format = format
        self.bytes = bytes
        self.rows = rows
        self.sha256 = sha256
    }
}

/// The proof of a job: what came in, what went out, and that nothing is missing between them.
package struct Receipt: Hashable, Sendable, Codable {
    package struct Source: Hashable, Sendable, Codable {
        package var uri: String
        package var version: String?
        package var bytes: Int64
        package var sha256: String
        package var format: String
        package var compression: String

        package init(
            uri: String, version: String?, bytes: Int64, sha256: String, format: String, compression: String
        ) {
            self.uri = uri
            self.version = version
            self.bytes = bytes
            self.sha256 = sha256
            self.format = format
            self.compression = compression
        }
    }

    package struct ColumnReceipt: Hashable, Sendable, Codable {
        package var name: String
        package var type: ColumnType
        package var nullable: Bool
        package var reason: String?
        package var nulls: Int64
        /// Over all values, whatever their order (``ColumnDigest``).
        package var checksum: String

        package init(
            name: String, type: ColumnType, nullable: Bool, reason: String?, nulls: Int64, checksum: String
        ) {
            self.name = name
            self.type = type
            self.nullable = nullable
            self.reason = reason
            self.nulls = nulls
            self.checksum = checksum
        }
    }

    package struct Validation: Hashable, Sendable, Codable {
        /// What was compared.
        package var compared: String
        package var rows: Int64

        package init(compared: String, rows: Int64) {
            self.compared = compared
            self.rows = rows
        }
    }

    package struct Load: Hashable, Sendable, Codable {
        package var table: String
        package var mode: String
        package var rows: Int64
        /// Whether an earlier attempt had loaded the file already.
        package var alreadyLoaded: Bool

        enum CodingKeys: String, CodingKey {
            case alreadyLoaded = "already_loaded"
            case table, mode, rows
        }

        package init(table: String, mode: String, rows: Int64, alreadyLoaded: Bool) {
            self.table = table
            self.mode = mode
            self.rows = rows
            self.alreadyLoaded = alreadyLoaded
        }
    }

    package struct StepTiming: Hashable, Sendable, Codable {
        package var name: String
        package var seconds: Double

        package init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    package var jobID: String
    package var pipeline: String
    package var workflow: String
    package var software: String
    package var startedAt: Timestamp
    package var seconds: Double
    package var attempt: Int
    package var source: Source
    package var counts: Counts
    package var columns: [ColumnReceipt]
    package var outputs: [OutputFile]
    package var load: Load?
    package var validated: Bool
    package var validation: Validation?
    package var steps: [StepTiming]

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case startedAt = "started_at"
        case pipeline, workflow, software, seconds, attempt, source, counts, columns, outputs, load, validated,
            validation, steps
    }

    package init(
        jobID: String, pipeline: String, workflow: String, software: String, startedAt: Timestamp, seconds: Double,
        attempt: Int, source: Source, counts: Counts, columns: [ColumnReceipt], outputs: [OutputFile], load: Load?,
        validated: Bool, validation: Validation?, steps: [StepTiming]
    ) {
        self.jobID = jobID
        self.pipeline = pipeline
        self.workflow = workflow
        self.software = software
        self.startedAt = startedAt
        self.seconds = seconds
        self.attempt = attempt
        self.source = source
        self.counts = counts
        self.columns = columns
        self.outputs = outputs
        self.load = load
        self.validated = validated
        self.validation = validation
        self.steps = steps
    }
}
