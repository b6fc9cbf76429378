import Glibc

/// The distinct byte strings of a column chunk in the order of their first appearance, found by open addressing.
struct BytesDictionary: ~Copyable {
    private(set) var count = 0
    /// All values as PLAIN encodes them: this is the dictionary page.
    let plain = ByteBuffer()
    /// Where each value's bytes begin in ``plain``, and how many they are.
    private(set) var places: [(start: UInt32, count: UInt32)] = []
    /// How many slots were looked at beyond the first, by which bad luck and bad intent show.
    private(set) var extraProbes = 0
    private let isFixed: Bool
    /// The upper half of the hash, then an index plus one; 0 where the slot is free.
    private var slots: UnsafeMutablePointer<UInt64>
    private var slotCount = minSlots
    private static let minSlots = 32
    /// Slots that are kept for the next chunk.
    private static let keptSlots = 1 << 14

    /// - Parameter isFixed: all values have one length, which is then not stored.
    init(isFixed: Bool) {
        self.isFixed = isFixed
        slots = .allocate(capacity: Self.minSlots)
        slots.initialize(repeating: 0, count: Self.minSlots)
    }

    deinit {
        slots.deallocate()
    }

    mutating func removeAll() {
        guard count > 0 else { return }
        count = 0
        extraProbes = 0
        plain.removeAll()
        places.removeAll(keepingCapacity: true)
        if slotCount > Self.keptSlots {
            freeSlots()
        } else {
            slots.update(repeating: 0, count: slotCount)
        }
    }

    /// Forgets all values, and gives the memory back.
    mutating func free() {
        count = 0
        extraProbes = 0
        plain.removeAll(keepingAtMost: 0)
        places = []
        freeSlots()
    }

    private mutating func freeSlots() {
        slots.deallocate()
        slotCount = Self.minSlots
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
    }

    /// The index of a value, a new one where it was not seen before.
    @inline(__always)
    mutating func index(of value: UnsafeRawPointer, count length: Int) -> UInt32 {
        let hash = Self.hash(value, length)
        let mask = slotCount &- 1
        let tag = hash & 0xFFFF_FFFF_0000_0000
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return insert(value, length, tag: tag, slot: slot) }
            if entry & 0xFFFF_FFFF_0000_0000 == tag {
                let index = Int(UInt32(truncatingIfNeeded: entry)) &- 1
                let place = places[index]
                if Int(place.count) == length, memcmp(plain.base + Int(place.start), value, length) == 0 {
                    return UInt32(truncatingIfNeeded: index)
                }
            }
            slot = (slot &+ 1) & mask
            extraProbes &+= 1
        }
    }

    private mutating func insert(_ value: UnsafeRawPointer, _ length: Int, tag: UInt64, slot: Int) -> UInt32 {
        plain.appendPlain(value, count: length, isFixed: isFixed)
        places.append((UInt32(truncatingIfNeeded: plain.count - length), UInt32(truncatingIfNeeded: length)))
        count += 1
        slots[slot] = tag | UInt64(count)
        if count * 2 > slotCount { grow() }
        return UInt32(places.count - 1)
    }

    private mutating func grow() {
        slots.deallocate()
        slotCount *= 4
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        let mask = slotCount - 1
        for (index, place) in places.enumerated() {
            let hash = Self.hash(UnsafeRawPointer(plain.base + Int(place.start)), Int(place.count))
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index + 1)
        }
    }

    /// Multiplies eight bytes at a time into 128 bits and folds them, as wyhash does.
    @inline(__always)
    private static func hash(_ value: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var state = UInt64(truncatingIfNeeded: count) ^ 0xA076_1D64_78BD_642F
        var at = 0
        while at &+ 8 <= count {
            state = fold(state ^ value.loadUnaligned(fromByteOffset: at, as: UInt64.self), 0xE703_7ED1_A0B4_28DB)
            at &+= 8
        }
        var rest: UInt64 = 0
        if at < count {
            if count >= 8 {
                rest = value.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            } else if count >= 4 {
                rest =
                    UInt64(value.loadUnaligned(as: UInt32.self)) << 32
                    | UInt64(value.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            } else {
                rest =
                    UInt64(value.load(as: UInt8.self)) << 16
                    | UInt64(value.load(fromByteOffset: count >> 1, as: UInt8.self)) << 8
                    | UInt64(value.load(fromByteOffset: count &- 1, as: UInt8.self))
            }
        }
        return fold(state ^ rest, 0x8EBC_6AF0_9C88_C6E3)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

extension ByteBuffer {
    /// Appends a byte string as PLAIN encodes it: with its length before it, unless all have the same.
    @inline(__always)
    func appendPlain(_ value: UnsafeRawPointer, count length: Int, isFixed: Bool) {
        let target = reserve(length &+ 4)
        if isFixed {
            target.copyMemory(from: value, byteCount: length)
            advance(length)
        } else {
            target.storeBytes(of: UInt32(truncatingIfNeeded: length).littleEndian, as: UInt32.self)
            (target + 4).copyMemory(from: value, byteCount: length)
            advance(length &+ 4)
        }
    }
}
