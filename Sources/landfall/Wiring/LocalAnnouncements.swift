import Jobs
import LocalBackend
import Workflows

/// Announcements of the local backend: lines of a file; and new Parquet files that a pipeline takes are arrivals, as a rule of
/// EventBridge makes them on AWS.
struct LocalAnnouncements: Announcements {
    let events: EventsFile
    let queue: LocalQueue
    /// Nil where there are none.
    let catalog: PipelineCatalog?

    func announce(_ announcement: Announcement) async throws {
        try await events.announce(announcement)
        guard announcement.detailType == Announcement.DetailType.parquetCreated.rawValue, let catalog,
            case .requests(let requests, _) = MessageReading(body: announcement.json), let request = requests.first,
            (try? catalog.pipeline(for: request)) != nil
        else { return }
        try await queue.send(announcement.json)
    }
}
