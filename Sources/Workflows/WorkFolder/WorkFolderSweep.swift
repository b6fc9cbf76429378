import Jobs
import Logging
import Telemetry

/// Removes the scratch folders that nobody needs: those of jobs that are done, those of undone jobs after a while, and those
/// that tasks which died have left.
package struct WorkFolderSweep: Sendable {
    /// What a sweep did.
    package struct Report: Hashable, Sendable {
        /// Job ids whose folders are gone.
        package var removed: [String] = []
        /// How many folders stay: of jobs that run, and of undone ones for a while.
        package var kept = 0
        /// How many could not be removed whole, or whose record could not be read; the next sweep tries again.
        package var failed = 0
    }

    private let services: JobServices
    private let keepFailed: Duration
    /// So that removing a large folder keeps no job from a thread.
    private let thread = WorkThreads(count: 1)

    /// How long after the end of a sweep the next one begins, at the most and at the least: where folders are to be kept for a
    /// shorter time than the hour, sweeps follow that.
    package static let interval = Duration.seconds(3600)
    package static let leastInterval = Duration.seconds(10)

    /// `keepFailed`: how long the folder of a job that ended undone is kept after its end, and one that no record speaks of after
    /// its last change.
    package init(services: JobServices, keepFailed: Duration) {
        self.services = services
        self.keepFailed = keepFailed
    }

    /// Sweeps now and then every hour, or sooner where folders are kept for less, until cancelled.
    package func run() async {
        while !Task.isCancelled {
            let report = await sweep()
            if !report.removed.isEmpty {
                services.log.log(.info, "Work folder swept", [.path: services.workRoot, .count: report.removed.count])
            }
            if report.failed > 0 {
                services.log.log(
                    .warning, "Folders could not be swept; the next sweep tries again", [.path: services.workRoot, .count: report.failed])
            }
            try? await Task.sleep(for: min(Self.interval, max(keepFailed, Self.leastInterval)))
        }
    }

    /// Sweeps once.
    package func sweep() async -> Report {
        await withTaskExecutorPreference(thread) {
            guard let root = WorkFolderRoot(path: services.workRoot) else { return Report() }
            var report = Report()
            for name in root.halfRemoved() where !root.removeRest(name) { report.failed += 1 }
            for jobID in root.jobFolders() {
                if Task.isCancelled { break }
                do {
                    guard try await isDue(jobID, root) else {
                        report.kept += 1
                        continue
                    }
                } catch {
                    report.failed += 1
                    continue
                }
                switch root.remove(jobID) {
                case .whole: report.removed.append(jobID)
                case .partial: report.failed += 1
                case .byOthers: break
                }
            }
            return report
        }
    }

    private func isDue(_ jobID: String, _ root: WorkFolderRoot) async throws -> Bool {
        let oldest = services.clock.now().advanced(by: .zero - keepFailed)
        guard let record = try await services.records.find(jobID) else {
            return root.lastChange(jobID).map { $0 <= oldest } ?? false
        }
        switch record.status {
        case .running: return false
        case .succeeded, .superseded: return !services.keepsScratch
        case .rejected, .failed, .cancelled: return record.endedAt ?? record.updatedAt <= oldest
        }
    }
}
