import SigV4
import Synchronization
import Testing

@testable import AWS

/// A clock that is set by hand, and loads that are counted.
private final class Loads: Sendable {
    let now = Mutex<Int64>(1_000_000)
    let count = Mutex<Int>(0)
    let fails = Mutex<Bool>(false)
    let lifetime: Int64 = 3600

    func cache() -> CredentialCache {
        let timing = AWSTiming(now: { [self] in now.withLock { $0 } }, sleep: { _ in }, random: { 0 })
        return CredentialCache(timing: timing) { [self] () async throws(AWSError) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            await Task.yield()
            if fails.withLock({ $0 }) { throw .credentials("down") }
            return AWSCredentials(
                SigningCredentials(accessKeyID: "K\(number)", secretAccessKey: "s"),
                expiresAt: now.withLock { $0 } + lifetime, source: "test")
        }
    }

    func advance(_ seconds: Int64) { now.withLock { $0 += seconds } }
}

struct CredentialCacheTests {
    @Test("callers at the same time share one load")
    func shared() async throws {
        let loads = Loads()
        let cache = loads.cache()
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.credentials().keys.accessKeyID } }
            for try await key in group { #expect(key == "K1") }
        }
        #expect(loads.count.withLock { $0 } == 1)
    }

    @Test("a caller that is cancelled is let go at once, and the load goes on for the others")
    func cancelled() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (end, ending) = AsyncStream.makeStream(of: Void.self)
        let cache = CredentialCache { () async throws(AWSError) in
            begin.yield()
            for await _ in end { break }
            return AWSCredentials(SigningCredentials(accessKeyID: "K", secretAccessKey: "s"), source: "test")
        }
        let leaving = Task {
            await awsError { () async throws(AWSError) in _ = try await cache.credentials() }
        }
        let staying = Task { try await cache.credentials().keys.accessKeyID }
        for await _ in begun { break }
        leaving.cancel()
        // the load has not ended yet
        #expect(await leaving.value?.kind == .cancelled)
        ending.yield()
        #expect(try await staying.value == "K")
    }

    @Test("keys are kept until their advisory window")
    func kept() async throws {
        let loads = Loads()
        let cache = loads.cache()
        _ = try await cache.credentials()
        loads.advance(3600 - 15 * 60 - 1)
        #expect(try await cache.credentials().keys.accessKeyID == "K1")
        #expect(loads.count.withLock { $0 } == 1)
    }

    @Test("within the advisory window the old keys serve while new ones come")
    func advisory() async throws {
        let loads = Loads()
        let cache = loads.cache()
        _ = try await cache.credentials()
        loads.advance(3600 - 15 * 60)
        #expect(try await cache.credentials().keys.accessKeyID == "K1")
        var key = "K1"
        while key == "K1" {
            await Task.yield()
            key = try await cache.credentials().keys.accessKeyID
        }
        #expect(key == "K2")
        #expect(loads.count.withLock { $0 } == 2)
    }

    @Test("within the mandatory window everyone waits for new keys")
    func mandatory() async throws {
        let loads = Loads()
        let cache = loads.cache()
        _ = try await cache.credentials()
        loads.advance(3600 - 10 * 60)
        #expect(try await cache.credentials().keys.accessKeyID == "K2")
    }

    @Test("keys that are still good serve when none come; once expired the failure is told")
    func failure() async throws {
        let loads = Loads()
        let cache = loads.cache()
        _ = try await cache.credentials()
        loads.fails.withLock { $0 = true }
        loads.advance(3600 - 1)
        #expect(try await cache.credentials().keys.accessKeyID == "K1")
        loads.advance(1)
        await #expect(throws: AWSError.self) { try await cache.credentials() }
        loads.fails.withLock { $0 = false }
        #expect(try await cache.credentials().keys.accessKeyID != "K1")
    }
}
