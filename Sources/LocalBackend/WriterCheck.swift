import Glibc

/// Whether somebody has a file open for writing.
///
/// How this works: Linux grants a read lease on a file only while nobody has it open for writing (fcntl(2),
/// "Leases"). The lease is given back at once; only the answer counts. Should a writer come in that instant, the
/// kernel tells the lease's holder by a signal whose default would end the process, so one that is ignored by
/// default is asked for first.
struct WriterCheck: Sendable {
    enum Answer: Sendable {
        case free, beingWritten
        /// The file system or our rights do not allow leases.
        case unknown
    }

    // <fcntl.h> hides these without _GNU_SOURCE, which Swift's import of glibc does not set.
    private static let setSignal: CInt = 10
    private static let setLease: CInt = 1024

    private let networkDevices: Set<UInt64>

    /// Reads which file systems are mounted.
    init() {
        networkDevices = NetworkMounts.devices()
    }

    /// `descriptor` must be open for reading only.
    func check(_ descriptor: CInt) -> Answer {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, !networkDevices.contains(UInt64(facts.st_dev)) else { return .unknown }
        let answer = Self.takeLease(descriptor)
        if answer == .free { _ = fcntl(descriptor, Self.setLease, CInt(F_UNLCK)) }
        return answer
    }

    /// Takes a read lease where the answer is `free`; closing the descriptor gives it back too.
    static func takeLease(_ descriptor: CInt) -> Answer {
        guard fcntl(descriptor, setSignal, SIGURG) == 0 else { return .unknown }
        if fcntl(descriptor, setLease, CInt(F_RDLCK)) == 0 { return .free }
        return errno == EAGAIN || errno == EBUSY ? .beingWritten : .unknown
    }
}
