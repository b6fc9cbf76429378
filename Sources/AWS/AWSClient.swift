import HTTP
import SigV4
import Synchronization

/// Calls AWS: finds the endpoint, signs, sends, tries again where that can help, and reads errors.
///
/// Each service is a small struct over this client; ``perform(_:)`` is the one road that all calls take. Make one client
/// for the process.
package final class AWSClient: Sendable {
    package let configuration: AWSConfiguration
    private let transport: Transport
    private let credentialCache: CredentialCache
    private let timing: AWSTiming
    private let quota = RetryQuota()
    private let signingKeys = SigningKeyCache()
    /// Seconds that the services' clocks are ahead of ours.
    private let clockSkew = Mutex<Int64>(0)

    /// Where S3 has told us that buckets are.
    private let bucketRegions = BucketRegions()

    /// Clocks that differ by less can sign requests (SigV4 allows 5 minutes).
    static let maxClockSkewSeconds: Int64 = 240

    /// Sends one request; the body of a good answer goes to the destination, where there is one.
    typealias Transport = @Sendable (HTTPRequest, AWSCall.Destination?) async throws(HTTPError) -> HTTPResponse

    init(
        configuration: AWSConfiguration, credentials: CredentialCache, timing: AWSTiming, transport: @escaping Transport
    ) {
        self.configuration = configuration
        self.timing = timing
        self.transport = transport
        credentialCache = credentials
    }

    /// - Parameter transfers: carries the bodies of files, if it is another client than `http`: its thread waits for
    ///   the disk, and a slow one should not keep the heartbeats of messages waiting too.
    package convenience init(
        configuration: AWSConfiguration, credentials: CredentialCache, http: HTTPClient, transfers: HTTPClient? = nil,
        timing: AWSTiming = .system
    ) {
        let transfers = transfers ?? http
        self.init(configuration: configuration, credentials: credentials, timing: timing) {
            (request, destination) async throws(HTTPError) in
            guard let destination else {
                return try await (request.body.isFile ? transfers : http).send(request)
            }
            return try await transfers.download(
                request, to: destination.descriptor, at: destination.offset ?? 0, maxBytes: destination.maxBytes,
                watch: destination.checksum?.take)
        }
    }

    /// Takes region, endpoints, retries and the credential chain from the environment and the shared files that it
    /// names. Nothing is sent before the first call.
    package convenience init(
        environment: [String: String], http: HTTPClient? = nil, timing: AWSTiming = .system
    ) throws(AWSError) {
        let profile = try Profile(environment: environment)
        let configuration = try AWSConfiguration(environment: environment, profile: profile)
        let settings = HTTPClientSettings(
            caBundlePath: configuration.caBundlePath, proxies: HTTPProxies(environment: environment))
        let http = http ?? HTTPClient(settings)
        let chain = CredentialChain(
            environment: environment, profile: profile, configuration: configuration, http: http, timing: timing)
        let cache = CredentialCache(timing: timing) { () async throws(AWSError) in try await chain.load() }
        self.init(
            configuration: configuration, credentials: cache, http: http, transfers: HTTPClient(settings), timing: timing)
    }

    /// The credentials that the next call would be signed with.
    package func credentials() async throws(AWSError) -> AWSCredentials {
        try await credentialCache.credentials()
    }

    /// The clock, in Unix seconds.
    func now() -> Int64 { timing.now() }

    /// 32 digits that no other call gets.
    func mark() -> String {
        Hexadecimal.encode((0..<16).map { _ in UInt8(timing.random() * 256) })
    }

    /// Sends a call, again where that can help, and gives the answer of the first success.
    func perform(_ call: AWSCall) async throws(AWSError) -> HTTPResponse {
        var call = call
        if let bucket = call.bucket, let region = bucketRegions[bucket] { call.move(toRegion: region, configuration) }
        var retries = RetrySession(policy: configuration.retry, quota: quota, service: call.service)
        var mends = Set<Mend>()
        while true {
            let credentials = try await self.credentials()
            do throws(AWSError) {
                let response = try await attempt(call, credentials)
                retries.succeeded()
                return response
            } catch {
                if let mend = mend(for: error, of: call, credentials), mends.insert(mend).inserted {
                    await apply(mend, error, credentials, &call)
                    continue
                }
                guard let delay = retries.delay(after: error, random: timing.random()) else {
                    throw error.after(attempts: retries.attempts)
                }
                try await pause(delay, call)
            }
        }
    }

    /// One try: sign, send, and read the error if it is one.
    private func attempt(_ call: AWSCall, _ credentials: AWSCredentials) async throws(AWSError) -> HTTPResponse {
        let request = sign(call, credentials)
        if let destination = call.destination, destination.offset == nil,
            !LocalFile.resize(destination.descriptor, to: 0)
        {
            throw .file(call.service, call.action, "the destination", "it cannot be emptied")
        }
        let response: HTTPResponse
        do {
            response = try await transport(request, call.destination)
        } catch {
            throw AWSError(error, to: call)
        }
        guard response.isSuccess else { throw AWSError(response, to: call) }
        if let range = call.demandedRange, response.headers["content-range"] != range {
            throw .badResponse(
                call.service, call.action,
                "\(call.subject): asked for \(range), got \(response.headers["content-range"] ?? "no range")")
        }
        if call.mayFailWithSuccessStatus, let root = try? XMLReader.read(response.body), root.name == "Error" {
            var failed = response
            failed.status = 500
            throw AWSError(failed, to: call)
        }
        return response
    }

    private func sign(_ call: AWSCall, _ credentials: AWSCredentials) -> HTTPRequest {
        let isS3 = call.service == .s3
        let signer = Signer(
            credentials: credentials.keys, region: call.region ?? configuration.region, service: call.service.signingName,
            pathRule: isS3 ? .verbatim : .standard, sendsPayloadHash: isS3, keys: signingKeys)
        let headers = [(name: "Host", value: call.endpoint.authority)] + call.headers
        let request = SigningRequest(
            method: call.method, path: call.wirePath, query: call.query, headers: headers, payloadHash: call.payloadHash
        )
        let time = SigningTime(unixSeconds: timing.now() + clockSkew.withLock { $0 })
        return HTTPRequest(
            call.method, call.url, headers: headers + signer.sign(request, at: time), body: call.body,
            limits: call.limits)
    }

    /// A cause that can be put right at once; each is tried once for a call.
    private enum Mend: Hashable {
        case clock, credentials, region
    }

    private static let expiredCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]

    private func mend(for error: AWSError, of call: AWSCall, _ credentials: AWSCredentials) -> Mend? {
        if let region = error.bucketRegion, region != call.region ?? configuration.region { return .region }
        guard error.kind == .credentials || (error.status == 403 && error.awsCode == nil) else { return nil }
        if let code = error.awsCode, Self.expiredCodes.contains(code) {
            return credentials.expiresAt == nil ? nil : .credentials
        }
        guard let server = error.serverTime else { return nil }
        let ours = timing.now() + clockSkew.withLock { $0 }
        return abs(server - ours) > Self.maxClockSkewSeconds ? .clock : nil
    }

    private func apply(_ mend: Mend, _ error: AWSError, _ credentials: AWSCredentials, _ call: inout AWSCall) async {
        switch mend {
        case .region:
            guard let bucket = call.bucket, let region = error.bucketRegion else { return }
            bucketRegions.remember(bucket, region)
            call.move(toRegion: region, configuration)
        case .credentials: await credentialCache.discard(credentials)
        case .clock:
            guard let server = error.serverTime else { return }
            let now = timing.now()
            clockSkew.withLock { $0 = server - now }
        }
    }

    private func pause(_ delay: Duration, _ call: AWSCall) async throws(AWSError) {
        do {
            try await timing.sleep(delay)
        } catch {
            throw .cancelled(call.service, call.action)
        }
    }
}

extension AWSError {
    /// Says how often it was tried, where that was more than once.
    fileprivate func after(attempts: Int) -> AWSError {
        guard attempts > 1 else { return self }
        var error = self
        error.message += " Tried \(attempts) times."
        return error
    }
}

extension AWSClient {
    package var s3: S3 { S3(client: self) }
    package var sqs: SQS { SQS(client: self) }
    package var dynamoDB: DynamoDB { DynamoDB(client: self) }
    package var sns: SNS { SNS(client: self) }
    package var eventBridge: EventBridge { EventBridge(client: self) }
    package var secretsManager: SecretsManager { SecretsManager(client: self) }
    package var sts: STS { STS(client: self) }
    package var stepFunctions: StepFunctions { StepFunctions(client: self) }
    package var redshiftData: RedshiftData { RedshiftData(client: self) }
    package var logs: CloudWatchLogs { CloudWatchLogs(client: self) }
}

extension HTTPBody {
    fileprivate var isFile: Bool {
        switch self {
        case .none, .bytes: false
        case .file, .trailedFile: true
        }
    }
}
