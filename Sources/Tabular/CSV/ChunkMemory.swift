/// Memory for one chunk of text and its index; its contents stay where they are until it is filled again.
final class ChunkMemory {
    /// What a scan may read beyond the end.
    static let paddingBytes = 64

    private(set) var text: UnsafeMutablePointer<UInt8>
    /// How many bytes of text there is room for; ``paddingBytes`` more can be read.
    private(set) var capacity: Int
    let starts = IndexBuffer()
    let firstFields = IndexBuffer()
    let ends = IndexBuffer()

    init(capacity: Int) {
        self.capacity = capacity
        text = .allocate(capacity: capacity + Self.paddingBytes)
        text.initialize(repeating: 0, count: capacity + Self.paddingBytes)
    }

    deinit {
        text.deallocate()
    }

    /// Makes room for `wanted` bytes; the first `kept` stay.
    func reserve(_ wanted: Int, keeping kept: Int) {
        guard wanted > capacity else { return }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted * 2 + Self.paddingBytes)
        larger.initialize(repeating: 0, count: wanted * 2 + Self.paddingBytes)
        larger.update(from: text, count: kept)
        text.deallocate()
        text = larger
        capacity = wanted * 2
    }
}

/// Memory for an index that grows and never moves while it is read.
final class IndexBuffer {
    private(set) var elements = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    private var capacity = 1

    /// Makes room for `count` elements; what was there is lost.
    func reserve(_ count: Int) {
        guard count > capacity else { return }
        elements.deallocate()
        capacity = count + count / 2
        elements = .allocate(capacity: capacity)
    }

    deinit {
        elements.deallocate()
    }
}
