/// Bytes that grow at the end and are used again: like an array, but room is not set to zero before it is written.
final class ByteBuffer {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 0) {
        self.capacity = capacity
        base = .allocate(byteCount: max(1, capacity), alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    var isEmpty: Bool { count == 0 }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
    var end: UnsafeMutableRawPointer { base + count }

    /// Makes room for `room` bytes more.
    ///
    /// - Returns: where to write them; ``advance(_:)`` then counts those written.
    @discardableResult
    func reserve(_ room: Int) -> UnsafeMutableRawPointer {
        if capacity - count < room {
            capacity = max(capacity * 2, count + room)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            larger.copyMemory(from: base, byteCount: count)
            base.deallocate()
            base = larger
        }
        return base + count
    }

    @inline(__always)
    func advance(_ written: Int) {
        assert(written >= 0 && count + written <= capacity)
        count &+= written
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        advance(bytes.count)
    }

    func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    func appendVarint(_ value: UInt64) {
        let out = reserve(10)
        var written = 0
        var rest = value
        while rest > 0x7F {
            out.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: written, as: UInt8.self)
            written += 1
            rest >>= 7
        }
        out.storeBytes(of: UInt8(rest), toByteOffset: written, as: UInt8.self)
        advance(written + 1)
    }

    func appendZigzag(_ value: Int64) {
        appendVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Forgets the bytes, keeps the memory.
    func removeAll() {
        count = 0
    }

    /// Forgets the bytes, and the memory too where it has grown beyond `capacity`.
    func removeAll(keepingAtMost limit: Int) {
        count = 0
        guard capacity > limit else { return }
        base.deallocate()
        capacity = limit
        base = .allocate(byteCount: max(1, capacity), alignment: 16)
    }
}
