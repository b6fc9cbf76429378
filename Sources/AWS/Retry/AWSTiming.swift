import Glibc

/// Clock, patience and chance, so that tests can bring their own.
package struct AWSTiming: Sendable {
    /// Unix time in seconds.
    package var now: @Sendable () -> Int64
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0..<1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    package static let system = AWSTiming(
        now: { Int64(time(nil)) },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) })
}
