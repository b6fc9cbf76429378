/// The credentials in use, loaded when first needed and again ahead of their end, by one caller for all.
///
/// How this works: within the advisory window the old keys still serve while a load runs beside the caller, and a
/// failure of it is only felt later. Within the mandatory window every caller waits for the one load that is running.
package actor CredentialCache {
    /// Before the keys' end, in seconds, as botocore has it.
    static let advisorySeconds: Int64 = 15 * 60
    static let mandatorySeconds: Int64 = 10 * 60

    package typealias Load = @Sendable () async throws(AWSError) -> AWSCredentials

    private let timing: AWSTiming
    private let load: Load
    private var current: AWSCredentials?
    private var loading: Task<Result<AWSCredentials, AWSError>, Never>?

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
            _ = startLoading()
            return current
        }
        do {
            return try await reload()
        } catch {
            if expiresAt > timing.now() { return current }
            throw error
        }
    }

    /// Forgets keys that AWS has refused as expired, unless they have been replaced already.
    func discard(_ credentials: AWSCredentials) {
        if current == credentials, credentials.expiresAt != nil { current = nil }
    }

    private func reload() async throws(AWSError) -> AWSCredentials {
        try await startLoading().value.get()
    }

    private func startLoading() -> Task<Result<AWSCredentials, AWSError>, Never> {
        if let loading { return loading }
        let load = load
        let task = Task {
            let result: Result<AWSCredentials, AWSError>
            do throws(AWSError) {
                result = .success(try await load())
            } catch {
                result = .failure(error)
            }
            ended(result)
            return result
        }
        loading = task
        return task
    }

    private func ended(_ result: Result<AWSCredentials, AWSError>) {
        loading = nil
        if case .success(let credentials) = result { current = credentials }
    }
}
