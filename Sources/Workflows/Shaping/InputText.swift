import Compression
import Tabular

/// The text of an input's members, whatever encoding and layout the file has: UTF-8, delimited.
struct InputText: Sendable {
    let packed: PackedFile
    let encoding: TextEncoding
    let replacesInvalid: Bool
    let layout: FixedWidthLayout?

    /// Finds the encoding from the first member's beginning where it is not declared.
    /// `guesses` allows Windows-1252 where nothing marks it.
    init(_ packed: PackedFile, options: InputOptions, guesses: Bool) throws {
        self.packed = packed
        replacesInvalid = options.replacesInvalid
        layout = options.layout
        encoding = try options.encoding ?? TextEncoding(detecting: Self.start(packed), guesses: guesses)
    }

    /// The text of one member. A source is to be read, or given up, before the next is opened by the same reader.
    func open(_ reader: PackedReader, _ member: Int) throws -> any ByteSource {
        var source: any ByteSource = try reader.open(member)
        if !encoding.isUTF8 || replacesInvalid {
            source = try TranscodedByteSource(source, encoding: encoding, replacesInvalid: replacesInvalid)
        }
        if let layout { source = FixedWidthByteSource(source, layout: layout) }
        return source
    }

    private static func start(_ packed: PackedFile) throws -> [UInt8] {
        let source = try packed.reader().open(0)
        var bytes = [UInt8](repeating: 0, count: TextEncoding.sampleBytes)
        var filled = 0
        while filled < bytes.count {
            let count = try bytes.withUnsafeMutableBytes {
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes.prefix(filled))
    }
}
