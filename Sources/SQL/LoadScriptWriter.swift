import Columns

/// Writes a load's script as a stream: ``begin()``, any number of ``copy(_:)``, ``finish(checksum:)``.
///
/// Holds the text of one batch at a time. One thread at a time may use it.
package final class LoadScriptWriter {
    private enum Place { case start, rows, end }

    private let script: LoadScript
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    private let encoder: CopyTextEncoder
    private var place = Place.start
    /// How many rows have been copied.
    package private(set) var rows: Int64 = 0
    /// The numbers of the rows of a replay.
    private var replayed: [Int64] = []

    /// The sink takes the script's bytes in order; what it throws is thrown on.
    package init(_ script: LoadScript, sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.script = script
        self.sink = sink
        encoder = CopyTextEncoder(constants: script.constants, writesRecordNumber: script.writesRecordNumber)
    }

    /// Writes everything up to the first row.
    package func begin() throws {
        precondition(place == .start, "a script begins once")
        place = .rows
        try write(script.head)
    }

    /// Writes one line a row. The batch has the script's columns.
    ///
    /// Throws ``SQLError`` with a code of ``UnstorableCell`` for a value that PostgreSQL cannot hold; the script is of
    /// no use then.
    package func copy(_ batch: ColumnBatch) throws {
        precondition(place == .rows, "rows stand between begin and finish")
        precondition(
            batch.columns.map(\.type) == script.schema.columns.map(\.type),
            "the batch has other columns than the script")
        try encoder.encode(batch, to: sink)
        rows += Int64(batch.rowCount)
        if script.replay != nil { replayed += batch.recordNumbers }
    }

    /// Ends the rows and writes the merge, the ledger's row and the commit.
    package func finish(checksum: String?) throws {
        precondition(place == .rows, "a script ends once, after it began")
        place = .end
        try write(script.tail(rows: rows, checksum: checksum, replayed: replayed))
    }

    private func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { try sink(UnsafeRawBufferPointer($0)) }
    }
}
