/// The distinct 64-bit words of a column chunk in the order of their first appearance, found by open addressing.
struct WordDictionary: ~Copyable {
    private(set) var count = 0
    /// The words; the first ``count`` are set.
    private(set) var words: UnsafeMutablePointer<Int64>
    private var capacity: Int
    private static let minCapacity = 16
    /// An index plus one, 0 where the slot is free. Twice as many as there is room for words.
    private var slots: UnsafeMutablePointer<UInt32>

    init() {
        capacity = Self.minCapacity
        words = .allocate(capacity: capacity)
        slots = .allocate(capacity: capacity * 2)
        slots.initialize(repeating: 0, count: capacity * 2)
    }

    deinit {
        words.deallocate()
        slots.deallocate()
    }

    mutating func removeAll() {
        guard count > 0 else { return }
        count = 0
        slots.update(repeating: 0, count: capacity * 2)
    }

    /// Forgets all words, and gives the memory back.
    mutating func free() {
        words.deallocate()
        slots.deallocate()
        count = 0
        capacity = Self.minCapacity
        words = .allocate(capacity: capacity)
        slots = .allocate(capacity: capacity * 2)
        slots.initialize(repeating: 0, count: capacity * 2)
    }

    /// Writes the index of each word, giving new ones to those not seen before.
    ///
    /// - Returns: how many slots were looked at in all, by which bad luck and bad intent show.
    mutating func add(_ values: UnsafePointer<Int64>, count added: Int, into out: UnsafeMutablePointer<UInt32>) -> Int {
        if count + added > capacity { grow(to: count + added) }
        let slots = self.slots
        let words = self.words
        let mask = capacity &* 2 &- 1
        var count = self.count
        var probes = added
        for i in 0..<added {
            let value = values[i]
            var slot = Self.hash(value) & mask
            while true {
                let entry = slots[slot]
                if entry == 0 {
                    words[count] = value
                    out[i] = UInt32(truncatingIfNeeded: count)
                    count &+= 1
                    slots[slot] = UInt32(truncatingIfNeeded: count)
                    break
                }
                if words[Int(entry &- 1)] == value {
                    out[i] = entry &- 1
                    break
                }
                slot = (slot &+ 1) & mask
                probes &+= 1
            }
        }
        self.count = count
        return probes
    }

    @inline(__always)
    private static func hash(_ value: Int64) -> Int {
        let mixed = UInt64(bitPattern: value).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: mixed.high ^ mixed.low >> 32)
    }

    /// To a power of two, of which only the words in use take memory.
    private mutating func grow(to wanted: Int) {
        var grown = capacity * 2
        while grown < wanted { grown *= 2 }
        let larger = UnsafeMutablePointer<Int64>.allocate(capacity: grown)
        larger.initialize(from: words, count: count)
        words.deallocate()
        slots.deallocate()
        words = larger
        capacity = grown
        slots = .allocate(capacity: capacity * 2)
        slots.initialize(repeating: 0, count: capacity * 2)
        let mask = capacity * 2 - 1
        for i in 0..<count {
            var slot = Self.hash(words[i]) & mask
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(i + 1)
        }
    }
}
