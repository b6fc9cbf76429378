import Columns
import Compression
import Tabular

/// One column as a pipeline file or a schema file declares it.
package struct ColumnDeclaration: Hashable, Sendable {
    package var name: String
    /// What the source calls it; the same where nil.
    package var from: String?
    /// Nil: inferred.
    package var type: ColumnType?
    package var required: Bool
    /// How its values are spelled; nil: our own way, or as detected where the type is left out.
    package var format: ValueFormat?

    package init(
        name: String, from: String? = nil, type: ColumnType? = nil, required: Bool = false, format: ValueFormat? = nil
    ) {
        self.format = format
        self.name = name
        self.from = from
        self.type = type
        self.required = required
    }

    var sourceName: String { from ?? name }
}

/// How an input is to be read; what is left out is detected.
package struct InputOptions: Hashable, Sendable {
    /// What becomes of columns that are not declared, where some are.
    package enum Unknown: String, Sendable {
        /// They are kept, with inferred types.
        case add
        case drop
        /// The file is refused.
        case reject
    }

    package var format: DataFormat?
    package var hints: DialectHints
    package var columns: [ColumnDeclaration]
    package var unknown: Unknown
    /// Which members of an archive are read; nil: all. A pattern without a slash is held against a name's last part.
    package var member: KeyPattern?
    /// Archives: whether each member is a data set of its own, and not all of them one.
    package var separatesMembers = false
    /// JSON: the keys under which an array holds the rows; nil: the layout is detected.
    package var path: [String]?
    /// JSON: whether objects within rows are kept as columns of type json, not taken apart into dotted columns.
    package var keepsNested = false
    /// The file is a rejects file, whose rows are brought in.
    package var replay: ReplayedRows?
    /// What data buffers may take; nil: what is usual.
    package var memoryBytes: Int64?
    /// CSV: how many threads read at a time, at most.
    package var threads = 1
    /// Nil: detected.
    package var encoding: TextEncoding?
    /// Whether bytes that are no character of the encoding become U+FFFD.
    package var replacesInvalid = false
    /// Where the fields of a fixed-width text stand; nil for delimited text.
    package private(set) var layout: FixedWidthLayout?
    /// Whether CSV cells are kept as they are written, all columns text: for CSV output of columns that nobody declared.
    package var keepsText = false
    /// Whether a file without any records is read as one without columns, rather than refused.
    package var allowsEmpty = false

    package init(
        format: DataFormat? = nil, hints: DialectHints = DialectHints(), columns: [ColumnDeclaration] = [],
        unknown: Unknown = .add
    ) {
        self.format = format
        self.hints = hints
        self.columns = columns
        self.unknown = unknown
    }

    /// The same for a file of rows that were set aside: a CSV of its own spelling.
    package func replaying(_ rows: ReplayedRows) -> InputOptions {
        var options = self
        options.replay = rows
        (options.member, options.path) = (nil, nil)
        return options
    }

    /// Finds out how the file at `path` is wrapped, and which of its members are wanted.
    func packedFile(path: String) throws -> PackedFile {
        let limits = memoryBytes.map(UnwrapLimits.init(memoryBytes:)) ?? UnwrapLimits()
        return try PackedFile(path: path, limits: limits) { name in
            guard let member else { return true }
            let last = name.split(separator: "/").last.map(String.init) ?? name
            return member.matches(member.description.contains("/") ? name : last)
        }
    }

    /// The same options for an output of some format: what CSV says stays as it was in CSV, unless types are declared.
    package func suited(to output: DataFormat) -> InputOptions {
        var options = self
        options.keepsText = output == .csv && columns.isEmpty
        return options
    }

    /// Declares a fixed-width text.
    package mutating func setLayout(_ layout: FixedWidthLayout) {
        self.layout = layout
        format = .csv
        hints.setDelimiter([FixedWidthLayout.delimiter])
        hints.hasQuotes = false
        hints.header = hints.header ?? false
        hints.fewestFields = 1
        hints.names = layout.names
    }

    /// A delimiter or row end of one or several bytes as people write it: ASCII, with `\t`, `\r`, `\n`, `\\` and `\xHH`, or a
    /// name that ``byte(named:)`` knows; nil for anything else.
    package static func bytes(named text: String) -> [UInt8]? {
        if let byte = byte(named: text) { return [byte] }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "\\") else {
                bytes.append(first)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count > 1 else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: return nil
            }
        }
        return (1...maxDelimiterBytes).contains(bytes.count) && bytes.allSatisfy { $0 < 0x80 } ? bytes : nil
    }

    package static let maxDelimiterBytes = 8

    /// A delimiter or quote as people write it: one ASCII character, `\t`, `tab`, `^A` or `\x01`.
    package static func byte(named text: String) -> UInt8? {
        switch text {
        case "\\t", "tab", "TAB": 9
        case "^A", "\\x01": 1
        default: text.utf8.count == 1 ? text.utf8.first : nil
        }
    }
}

/// What becomes of records that are not as they should be.
package struct RejectPolicy: Hashable, Sendable {
    /// Whether bad records are set aside; otherwise the first one ends the job.
    package var rejects: Bool
    /// More than this many end the job; nil: no limit.
    package var maxRejects: Int64?
    /// More than this share of all records ends the job, 0...1; nil: no limit.
    package var maxRejectRatio: Double?

    package init(rejects: Bool = false, maxRejects: Int64? = nil, maxRejectRatio: Double? = nil) {
        self.rejects = rejects
        self.maxRejects = maxRejects
        self.maxRejectRatio = maxRejectRatio
    }
}
