import AWSBackend
import Foundation
import Jobs
import LocalBackend
import Testing

/// The implementations that every seam's suite runs against.
enum Backend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case local, aws

    /// All that can run here; see the test "the AWS backend is tested too".
    static let available: [Backend] = Moto.isAvailable ? [.local, .aws] : [.local]

    var testDescription: String { rawValue }
}

@Suite("the conformance suites")
struct ConformanceTests {
    @Test("the AWS backend is tested too", .enabled(if: Moto.isAvailable, Moto.missing))
    func awsIsThere() {
        #expect(Backend.available == Backend.allCases)
    }
}

/// A queue of its own, and what moves its time.
struct QueueBench {
    let queue: any ArrivalQueue
    /// Nil where only real time moves it; then a receive waits for it.
    let clock: ManualClock?
    private let folder: TemporaryFolder?

    init(_ backend: Backend) async throws {
        switch backend {
        case .local:
            let folder = try TemporaryFolder()
            let clock = ManualClock()
            let folders = try LocalFolders(root: folder.path)
            queue = LocalQueue(database: try LocalDatabase(path: folders.database), clock: clock.wallClock)
            self.clock = clock
            self.folder = folder
        case .aws:
            let moto = try Moto.required()
            queue = SQSQueue(
                sqs: moto.client.sqs, queueURL: try await moto.makeQueue().url,
                deadLetterURL: try await moto.makeQueue().url)
            clock = nil
            folder = nil
        }
    }

    /// The messages that are visible `seconds` from now, or earlier.
    func receive(after seconds: Int, visibility: Duration = .seconds(60)) async throws -> [QueueMessage] {
        clock?.advance(by: .seconds(seconds))
        return try await queue.receive(
            max: 10, wait: clock == nil ? .seconds(seconds) : .zero, visibility: visibility)
    }
}

/// A place for records.
struct RecordsBench {
    let records: any JobRecords
    private let folder: TemporaryFolder?

    init(_ backend: Backend) async throws {
        switch backend {
        case .local:
            let folder = try TemporaryFolder()
            let folders = try LocalFolders(root: folder.path)
            records = LocalJobRecords(database: try LocalDatabase(path: folders.database))
            self.folder = folder
        case .aws:
            let moto = try Moto.required()
            records = DynamoDBJobRecords(dynamoDB: moto.client.dynamoDB, table: try await moto.makeTable())
            folder = nil
        }
    }
}

/// A place for objects, and a scratch folder.
struct StoreBench {
    let store: any ObjectStore
    let scratch: TemporaryFolder
    private let place: Place

    private enum Place {
        case folder(TemporaryFolder)
        case bucket(String, Moto)
    }

    init(_ backend: Backend) async throws {
        scratch = try TemporaryFolder()
        switch backend {
        case .local:
            store = FolderStore()
            place = .folder(try TemporaryFolder())
        case .aws:
            let moto = try Moto.required()
            store = S3Store(s3: moto.client.s3)
            place = .bucket(try await moto.makeBucket(), moto)
        }
    }

    func uri(_ key: String) -> String {
        switch place {
        case .folder(let folder): FileURI.uri(ofPath: folder(key))
        case .bucket(let bucket, _): "s3://\(bucket)/\(key)"
        }
    }

    /// Puts an object there by another road than the store's own.
    func put(_ bytes: [UInt8], _ key: String) async throws {
        switch place {
        case .folder(let folder): try folder.write(bytes, to: key)
        case .bucket(let bucket, let moto):
            _ = try await moto.client.s3.putObject(bucket: bucket, key: key, body: .bytes(bytes))
        }
    }

    /// What the event of the object that is there now would say.
    func arrival(_ key: String) async throws -> Arrival {
        let facts = try await store.describe(uri(key))
        return Arrival(
            bucket: "any", key: key, version: facts.version, etag: facts.etag, size: facts.size, source: uri(key))
    }
}
