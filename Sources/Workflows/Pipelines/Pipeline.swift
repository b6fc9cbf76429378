import Columns
import SQL
import SigV4
import Tabular

/// A pipeline: which arrivals it takes, how their data is read, and where it goes. One YAML file each
/// (`docs/PIPELINES.md`).
package struct Pipeline: Hashable, Sendable {
    package enum Workflow: String, Sendable, CaseIterable {
        case loader, convertor
    }

    /// Which arrivals a pipeline takes.
    package struct Match: Hashable, Sendable {
        /// The bucket's exact name; nil takes any.
        package var bucket: String?
        /// A pattern over the whole key; nil takes any.
        package var key: KeyPattern?

        package init(bucket: String? = nil, key: KeyPattern? = nil) {
            self.bucket = bucket
            self.key = key
        }

        package func takes(bucket: String, key: String) -> Bool {
            (self.bucket == nil || self.bucket == bucket) && (self.key?.matches(key) ?? true)
        }
    }

    /// Where a loader's rows go.
    package struct Target: Hashable, Sendable {
        package var table: TableName
        package var mode: LoadMode

        package init(table: TableName, mode: LoadMode) {
            self.table = table
            self.mode = mode
        }
    }

    /// The file that a pipeline writes.
    package struct Output: Hashable, Sendable {
        package var format: DataFormat
        /// `s3://bucket/prefix` or a folder; nil: the default output.
        package var to: String?
        package var options: OutputOptions

        package init(format: DataFormat, to: String? = nil, options: OutputOptions = OutputOptions()) {
            self.format = format
            self.to = to
            self.options = options
        }
    }

    package var name: String
    package var match: Match
    package var workflow: Workflow
    package var input: InputOptions
    package var rows: RejectPolicy
    /// Set for loaders.
    package var target: Target?
    package var output: Output
    package var lineage: LineageColumns
    /// What becomes of a corrected file under a key that was loaded before.
    package var resend = LoadHistory.Resend.append
    /// Whether a file is refused whose content was taken before, under another key.
    package var refusesDuplicates = false
    /// A digest of the file that the pipeline was read from; empty for one made by flags.
    package var digest = ""

    package init(
        name: String, match: Match = Match(), workflow: Workflow, input: InputOptions = InputOptions(),
        rows: RejectPolicy = RejectPolicy(), target: Target? = nil, output: Output,
        lineage: LineageColumns = LineageColumns()
    ) {
        self.name = name
        self.match = match
        self.workflow = workflow
        self.input = input
        self.rows = rows
        self.target = target
        self.output = output
        self.lineage = lineage
    }

    /// A digest of the pipeline and of the software's version: while it is the same, the same file goes the same way.
    package func revision(software: String) -> String {
        String(SHA256.hexadecimal("\(software)\n\(name)\n\(digest)").prefix(16))
    }
}
