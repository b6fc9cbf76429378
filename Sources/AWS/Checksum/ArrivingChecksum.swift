import HTTP
import Synchronization

/// The sum of a body while it arrives and is still in the processor's cache, so that its file need not be read again.
///
/// Only for checks that are cheaper than the arrival itself, because the one thread of all transfers computes it.
final class ArrivingChecksum: Sendable {
    private struct Running {
        var crc: CRC?
        var sum: UInt64 = 0
        var bytes: Int64 = 0
    }

    private let running = Mutex(Running())
    private let choose: @Sendable (HTTPHeaders) -> CRC?

    /// - Parameter choose: says by an answer's headers which check is wanted, if any.
    init(_ choose: @escaping @Sendable (HTTPHeaders) -> CRC?) {
        self.choose = choose
    }

    /// Takes the next piece of a body; one at offset 0 begins anew, as each try of a call does.
    func take(_ headers: HTTPHeaders, _ piece: UnsafeRawBufferPointer, _ offset: Int64) {
        running.withLock {
            if offset == 0 { $0 = Running(crc: choose(headers)) }
            guard let crc = $0.crc, offset == $0.bytes else { return }
            $0.sum = crc.extended($0.sum, by: piece)
            $0.bytes += Int64(piece.count)
        }
    }

    /// The sum, if it is one of so many bytes.
    func sum(ofBytes count: Int64) -> UInt64? {
        running.withLock { $0.crc != nil && $0.bytes == count ? $0.sum : nil }
    }
}
