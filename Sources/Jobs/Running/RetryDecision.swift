import AWS
import Compression
import FoundationEssentials
import HTTP
import Parquet
import Postgres
import SQL
import Tabular

extension Failure {
    /// What any error means for a job: the one place that answers "what do we retry?".
    ///
    /// Data that cannot be read is bad input. A service that is away, throttles, or lost the connection is transient.
    /// Everything else (rights, settings, our bugs) is permanent: the same attempt would fail again.
    package init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case is CancellationError:
            self.init(.interrupted, Self.interruptedCode, "The job was interrupted; it goes on later.")
        case let error as AWSError where error.kind == .cancelled: self.init(CancellationError())
        case let error as HTTPError where error.isCancellation: self.init(CancellationError())
        case let error as TabularError: self.init(error.blamesData ? .badInput : .permanent, error.code, error.message)
        case let error as ParquetError: self.init(.badInput, error.code, error.message)
        case let error as CompressionError:
            self.init(
                error.isTransient ? .transient : error.blamesData ? .badInput : .permanent, error.code, error.message)
        case let error as SQLError:
            self.init(error.blamesData ? .badInput : .permanent, error.code, error.message)
        case let error as PostgresError:
            if error.isTransient {
                self.init(.transient, error.code, error.message)
            } else {
                self.init(error.blamesData ? .badInput : .permanent, error.code, error.message)
            }
        case let error as AWSError: self.init(error.isTransient ? .transient : .permanent, error.code, error.message)
        case let error as HTTPError: self.init(error.isTransient ? .transient : .permanent, error.code, error.message)
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            self.init(.transient, "local.disk_full", "A file cannot be written: no space is left. Make room on that disk.")
        default: self.init(.permanent, "internal.error", "Unexpected error: \(error). Please report it as a bug.")
        }
    }
}

extension CompressionError {
    fileprivate var blamesData: Bool { !code.hasPrefix("output.") && code != "input.no_permission" }
}

extension SQLError {
    /// Names come from the file's header, but for the table and its key.
    fileprivate var blamesData: Bool { code != "sql.bad_table_name" && code != "sql.bad_key" }
}

extension TabularError {
    /// Whether the file is at fault rather than we or our settings.
    fileprivate var blamesData: Bool {
        !["internal.", "output.", "convert."].contains { code.hasPrefix($0) }
    }
}

extension PostgresError {
    /// Whether the rows are at fault rather than the database or our rights to it (SQLSTATE classes 22 and 23).
    fileprivate var blamesData: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("23")
    }
}
