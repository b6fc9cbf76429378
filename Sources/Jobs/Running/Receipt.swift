import Columns

/// A file that a job has written.
package struct OutputFile: Hashable, Sendable, Codable {
    package var uri: String
    package var format: String
    package var bytes: Int64
    package var rows: Int64
    package var sha256: String
    /// What all rows have in the columns that name the file's folders, outermost first; nil where none do.
    package var partition: [Partition]?
    /// The archive's member whose rows are in it; nil where members are one data set.
    package var member: String?

    /// A value in a path: `day=2026-01-31`.
    package struct Partition: Hashable, Sendable, Codable {
        package var column: String
        /// Nil: null.
        package var value: String?

        package init(column: String, value: String?) {
            self.column = column
            self.value = value
        }
    }

    package init(
        uri: String, format: String, bytes: Int64, rows: Int64, sha256: String, partition: [Partition]? = nil, member: String? = nil
    ) {
        self.partition = partition
        self.member = member
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
        /// How many different values there are, to about 2 %.
        package var distinct: Int64
        /// Over all values, whatever their order (``ColumnDigest``).
        package var checksum: String
        /// The archive's member that has the column; nil where members are one data set.
        package var member: String?

        package init(
            name: String, type: ColumnType, nullable: Bool, reason: String?, nulls: Int64, distinct: Int64, checksum: String
        ) {
            self.distinct = distinct
            self.name = name
            self.type = type
            self.nullable = nullable
            self.reason = reason
            self.nulls = nulls
            self.checksum = checksum
        }
    }

    /// What reading the output back has shown.
    package struct Validation: Hashable, Sendable, Codable {
        /// What was compared and is the same.
        package var compared: [String]
        package var rows: Int64
        package var files: Int
        /// How the format keeps apart what it could confuse.
        package var rules: [String]
        /// What the format cannot hold, and so was not compared.
        package var notKept: [String]

        enum CodingKeys: String, CodingKey {
            case notKept = "not_kept"
            case compared, rows, files, rules
        }

        package init(compared: [String], rows: Int64, files: Int, rules: [String], notKept: [String]) {
            self.compared = compared
            self.rows = rows
            self.files = files
            self.rules = rules
            self.notKept = notKept
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
