/// A block of memory that grows as it is filled and is used again for the next batch.
final class GrowingBytes {
    /// Bytes behind the capacity that may be read and written, so that short cells are copied 16 bytes at once.
    static let padding = 16

    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    var count = 0

    init(capacity: Int = 1 << 16) {
        self.capacity = capacity
        base = .allocate(capacity: capacity + Self.padding)
        base.initialize(repeating: 0, count: capacity + Self.padding)
    }

    deinit { base.deallocate() }

    /// Makes room for some more bytes and gives the place where they go.
    func reserve(_ bytes: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity - count < bytes { grow(to: count + bytes) }
        return base + count
    }

    func append(_ bytes: some Collection<UInt8>) {
        let place = reserve(bytes.count)
        _ = UnsafeMutableBufferPointer(start: place, count: bytes.count).update(fromContentsOf: bytes)
        count += bytes.count
    }

    /// `end` is one past the last byte written since ``reserve(_:)``.
    func advance(to end: UnsafeMutablePointer<UInt8>) { count = end - base }

    private func grow(to needed: Int) {
        let larger = max(needed, capacity * 2)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger + Self.padding)
        moved.initialize(repeating: 0, count: larger + Self.padding)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = larger
    }
}
