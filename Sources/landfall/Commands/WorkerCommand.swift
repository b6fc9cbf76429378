import ArgumentParser
import Jobs
import Telemetry
import Worker
import Workflows

/// `landfall worker`: the daemon.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Takes files as they land, until it is told to stop.")

    @Flag(help: "Log as JSON lines, which is also what happens where stderr is no terminal.") var json = false

    func run() async throws {
        // First of all, so that a worker that is told to leave while it starts leaves as any other.
        let stop = StopSignal()
        let signals = Signals(raising: stop)
        let settings = try Settings()
        let catalog = try PipelineCatalog(folder: settings.pipelines)
        let assembly = try Assembly(settings, logsFor: json ? .machines : .operators)
        let health = Health()
        let log = assembly.log
        log.log(
            .info, "Landfall begins", [.version: Landfall.version, .owner: assembly.services.owner, .count: catalog.pipelines.count])
        let background = Task {
            await withDiscardingTaskGroup { group in
                if let address = settings.adminAddress {
                    let admin = AdminServer(address: address, health: health, metrics: assembly.metrics, log: log)
                    group.addTask { await admin.run() }
                }
                let sweep = WorkFolderSweep(services: assembly.services, keepFailed: settings.keepFailed)
                group.addTask { await sweep.run() }
                if let landing = assembly.landing {
                    group.addTask {
                        await landing.run { result in
                            if case .failure(let error) = result {
                                log.log(.error, "The landing folder cannot be scanned", [.error: Failure(error)])
                            }
                        }
                    }
                }
            }
        }
        let worker = Worker(
            queue: try assembly.arrivalQueue(),
            executor: JobExecutor(catalog: catalog, services: assembly.services, breaker: assembly.databaseBreaker()),
            concurrency: settings.concurrency, memory: settings.memory, drain: settings.drain, health: health,
            protection: assembly.busyProtection())
        await worker.run(until: stop)
        background.cancel()
        await background.value
        withExtendedLifetime(signals) {}
    }
}
