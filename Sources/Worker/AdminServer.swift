import FlyingFox
import Jobs
import Logging
import Telemetry

/// `/livez`, `/readyz` and `/metrics`.
package struct AdminServer: Sendable {
    private let address: String
    private let health: Health
    private let metrics: Metrics
    private let log: Logger

    /// `address` is `host:port`.
    package init(address: String, health: Health, metrics: Metrics, log: Logger) {
        self.address = address
        self.health = health
        self.metrics = metrics
        self.log = log
    }

    /// Serves until cancelled. That the address is taken is logged and never fatal: the work goes on.
    package func run() async {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
            log.log(.error, "The admin address is not host:port", [.reason: address])
            return
        }
        let host = String(address[..<colon])
        do {
            let server = HTTPServer(address: try .inet(ip4: host == "localhost" ? "127.0.0.1" : host, port: port), logger: .disabled)
            await server.appendRoute("GET /livez") { _ in Self.text(.ok, "live\n") }
            await server.appendRoute("GET /readyz") { [health] _ in
                health.problem.map { Self.text(.serviceUnavailable, "\($0)\n") } ?? Self.text(.ok, "ready\n")
            }
            await server.appendRoute("GET /metrics") { [metrics] _ in Self.text(.ok, metrics.prometheusText()) }
            try await server.run()
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            log.log(.error, "The admin endpoint cannot be served", [.url: address, .reason: "\(error)"])
        }
    }

    private static func text(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
        HTTPResponse(
            statusCode: status, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: text.data(using: .utf8) ?? .init())
    }
}
