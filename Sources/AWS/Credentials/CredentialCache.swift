/// The credentials in use, loaded when first needed and again ahead of their end, by one caller for all.
///
/// How this works: within the advisory window the old keys still serve while a load runs beside the caller, and a
/// failure of it is only felt later. Within the mandatory window every caller waits for the one load that is running.
package actor CredentialCache {
    /// Before the keys' end, in seconds, as botocore has it.
    static let advisorySeconds: Int64 = 15 * 60
    static let mandatorySeconds: Int64 = 10 * 60

    package typealias Load = @Sendable () async throws(AWSError) -> AWSCredentials

    private typealias Waiter = CheckedContinuation<Result<AWSCredentials, AWSError>, Never>

    private let timing: AWSTiming
    private let load: Load
    private var current: AWSCredentials?
    private var isLoading = false
    /// Who waits for the load that is running. Each can leave on its own; the load goes on for the others.
    private var waiting: [Int: Waiter] = [:]
    private var waitersSoFar = 0

    package init(timing: AWSTiming = .system, load: @escaping Load) {
        self.timing = timing
        self.load = load
    }

    /// Keys that are given and never change.
    package init(fixed credentials: AWSCredentials) {
        self.init { () async throws(AWSError) in credentials }
    }

    package func credentials() async throws(AWSError) -> AWSCredentials {
        guard let current else { return try await reload() }
        guard let expiresAt = current.expiresAt else { return current }
        let left = expiresAt - timing.now()
        if left > Self.advisorySeconds { return current }
        if left > Self.mandatorySeconds {
            startLoading()
            return current
        }
        do {
            return try await reload()
        } catch {
            if error.kind != .cancelled, expiresAt > timing.now() { return current }
            throw error
        }
    }

    /// Forgets keys that AWS has refused as expired, unless they have been replaced already.
    func discard(_ credentials: AWSCredentials) {
        if current == credentials, credentials.expiresAt != nil { current = nil }
    }

    /// Waits for a load; a caller that is cancelled is let go at once.
    private func reload() async throws(AWSError) -> AWSCredentials {
        waitersSoFar += 1
        let number = waitersSoFar
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiter) in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(Self.cancelled))
                } else {
                    waiting[number] = continuation
                    startLoading()
                }
            }
        } onCancel: {
            Task { await leave(number) }
        }
        return try result.get()
    }

    private static let cancelled = AWSError(
        .cancelled, service: "aws", action: "Credentials", message: "Waiting for AWS credentials was cancelled.")

    private func leave(_ number: Int) {
        waiting.removeValue(forKey: number)?.resume(returning: .failure(Self.cancelled))
    }

    private func startLoading() {
        if isLoading { return }
        isLoading = true
        let load = load
        Task {
            do throws(AWSError) {
                ended(.success(try await load()))
            } catch {
                ended(.failure(error))
            }
        }
    }

    private func ended(_ result: Result<AWSCredentials, AWSError>) {
        isLoading = false
        if case .success(let credentials) = result { current = credentials }
        let waiting = self.waiting
        self.waiting = [:]
        for continuation in waiting.values { continuation.resume(returning: result) }
    }
}
