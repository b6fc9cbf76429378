/// A structure in Thrift's compact protocol, taken apart so that one of its values can be changed and the rest stays whole.
struct ThriftTree {
    indirect enum Value {
        case bool(Bool)
        case byte(UInt8)
        case number(UInt8, UInt64)
        case raw([UInt8])
        case text([UInt8])
        case list(UInt8, [Value])
        case fields([(id: Int, value: Value)])
    }

    private var root: Value = .fields([])
    /// How many bytes of the input belong to the structure.
    private(set) var consumed = 0
    private var bytes: ArraySlice<UInt8>
    private var depth = 0

    init(_ input: ArraySlice<UInt8>) {
        bytes = input
        root = readFields()
        consumed = input.count - bytes.count
    }

    // MARK: Reading, of anything

    private mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    private mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let next = byte()
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { break }
        }
        return value
    }

    private mutating func take(_ count: UInt64) -> [UInt8] {
        let count = Int(min(count, UInt64(bytes.count)))
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    private mutating func readFields() -> Value {
        var fields: [(id: Int, value: Value)] = []
        var id = 0
        depth += 1
        defer { depth -= 1 }
        while let header = bytes.popFirst(), header != 0, fields.count < 1000 {
            let delta = Int(header >> 4)
            id = delta == 0 ? Int(truncatingIfNeeded: varint() >> 1) & 0x7FFF : id + delta
            fields.append((id, read(header & 15, isField: true)))
        }
        return .fields(fields)
    }

    private mutating func read(_ type: UInt8, isField: Bool) -> Value {
        switch type {
        case 1, 2: return isField ? .bool(type == 1) : .byte(byte())
        case 3: return .byte(byte())
        case 4, 5, 6: return .number(type, varint())
        case 7: return .raw(take(8))
        case 8: return .text(take(varint()))
        case 9, 10:
            let header = byte()
            let count = header >> 4 == 15 ? varint() : UInt64(header >> 4)
            var elements: [Value] = []
            while elements.count < min(count, 2000), !bytes.isEmpty, depth < 40 { elements.append(read(header & 15, isField: false)) }
            return .list(header & 15, elements)
        case 12: return depth < 40 ? readFields() : .fields([])
        default: return .raw([])
        }
    }

    // MARK: Changing

    /// Changes one value; `next` gives a random number below its argument.
    mutating func mutate(_ next: (Int) -> Int) {
        var left = next(max(1, Self.count(root)))
        root = Self.changed(root, &left, next)
    }

    private static func count(_ value: Value) -> Int {
        switch value {
        case .list(_, let elements): 1 + elements.reduce(0) { $0 + count($1) }
        case .fields(let fields): 1 + fields.reduce(0) { $0 + count($1.value) }
        default: 1
        }
    }

    private static let numbers: [UInt64] = [
        0, 1, 2, 3, 4, 6, 8, 10, 16, 62, 64, 126, 128, 254, 256, 510, 65_534, 131_070, 0xFFFF_FFFE, 0xFFFF_FFFF, 0x1_0000_0000,
        0x7FFF_FFFF_FFFF_FFFE, .max, .max - 1,
    ]

    private static func changed(_ value: Value, _ left: inout Int, _ next: (Int) -> Int) -> Value {
        if left == 0 {
            left -= 1
            return change(value, next)
        }
        left -= 1
        switch value {
        case .list(let type, let elements): return .list(type, elements.map { left < 0 ? $0 : changed($0, &left, next) })
        case .fields(let fields): return .fields(fields.map { ($0.id, left < 0 ? $0.value : changed($0.value, &left, next)) })
        default: return value
        }
    }

    private static func change(_ value: Value, _ next: (Int) -> Int) -> Value {
        switch value {
        case .bool(let flag): return .bool(!flag)
        case .byte: return .byte(UInt8(next(256)))
        case .number(let type, let number):
            switch next(4) {
            case 0: return .number(type, number &+ 2)
            case 1: return .number(type, number &- 2)
            case 2: return .number(type, number ^ 1 << UInt64(next(36)))
            default: return .number(type, numbers[next(numbers.count)])
            }
        case .raw(let bytes): return .raw(bytes.map { _ in UInt8(next(256)) })
        case .text(let bytes):
            return next(2) == 0 ? .text(Array(bytes.dropLast(next(bytes.count + 1)))) : .text(bytes + bytes + [UInt8(next(256))])
        case .list(let type, var elements):
            guard !elements.isEmpty else { return value }
            let place = next(elements.count)
            switch next(3) {
            case 0: elements.remove(at: place)
            case 1: elements.insert(elements[place], at: next(elements.count))
            default: elements.swapAt(place, next(elements.count))
            }
            return .list(type, elements)
        case .fields(var fields):
            guard !fields.isEmpty else { return value }
            let place = next(fields.count)
            if next(2) == 0 { fields.remove(at: place) } else { fields[place].id = 1 + next(16) }
            return .fields(fields.sorted { $0.id < $1.id })
        }
    }

    // MARK: Writing

    var encoded: [UInt8] {
        var out: [UInt8] = []
        Self.write(root, to: &out)
        return out
    }

    private static func append(_ value: UInt64, to out: inout [UInt8]) {
        var rest = value
        while rest > 0x7F {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }

    private static func type(_ value: Value) -> UInt8 {
        switch value {
        case .bool(let flag): flag ? 1 : 2
        case .byte: 3
        case .number(let type, _): type
        case .raw: 7
        case .text: 8
        case .list: 9
        case .fields: 12
        }
    }

    private static func write(_ value: Value, to out: inout [UInt8]) {
        switch value {
        case .bool: break
        case .byte(let byte): out.append(byte)
        case .number(_, let number): append(number, to: &out)
        case .raw(let bytes): out += bytes
        case .text(let bytes):
            append(UInt64(bytes.count), to: &out)
            out += bytes
        case .list(let type, let elements):
            if elements.count < 15 {
                out.append(UInt8(elements.count) << 4 | type)
            } else {
                out.append(0xF0 | type)
                append(UInt64(elements.count), to: &out)
            }
            for element in elements { write(element, to: &out) }
        case .fields(let fields):
            var last = 0
            for (id, value) in fields {
                let delta = id - last
                if 1...15 ~= delta {
                    out.append(UInt8(delta) << 4 | type(value))
                } else {
                    out.append(type(value))
                    append(UInt64(id) << 1, to: &out)
                }
                last = id
                write(value, to: &out)
            }
            out.append(0)
        }
    }
}
