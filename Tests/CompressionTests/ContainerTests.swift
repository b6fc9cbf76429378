import Testing

@testable import Compression

@Suite("Compressed files")
struct ContainerTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    static func compress(_ bytes: [UInt8], _ container: Container) throws -> [UInt8] {
        let out = CollectingSink()
        let sink: any ByteSink =
            switch container {
            case .zlib, .bzip2, .zip, .tar: throw CompressionError(code: "", message: "not written")
            case .none: out
            case .gzip: try CompressingByteSink.gzip(out)
            case .zstd: try CompressingByteSink.zstd(out)
            }
        var rest = bytes[...]
        while !rest.isEmpty {
            try Array(rest.prefix(50_021)).withUnsafeBytes { try sink.write($0) }
            rest = rest.dropFirst(50_021)
        }
        try sink.finish()
        #expect(out.isFinished)
        return out.bytes
    }

    @Test("what a sink compresses, a source found by content gives back", arguments: [Container.none, .gzip, .zstd])
    func roundTrip(container: Container) throws {
        for sample in samples {
            let path = try folder.file("sample", try Self.compress(sample.bytes, container))
            let (source, found) = try openByteSource(path: path)
            #expect(found == container, "\(sample.name)")
            #expect(try drain(source) == sample.bytes, "\(sample.name)")
        }
    }

    @Test("several members or frames are one stream", arguments: [Container.gzip, .zstd])
    func severalMembers(container: Container) throws {
        let bytes =
            try Self.compress(Array("one ".utf8), container) + Self.compress([], container)
            + Self.compress(Array("two".utf8), container)
        let path = try folder.file("sample", bytes)
        #expect(try drain(openByteSource(path: path).source) == Array("one two".utf8))
    }

    @Test("a stream cut at any place is truncated", arguments: [Container.gzip, .zstd])
    func truncated(container: Container) throws {
        let whole = try Self.compress(Array("some text, some text, and some more text".utf8), container)
        for count in 4..<whole.count {
            let path = try folder.file("sample", Array(whole[..<count]))
            let error = #expect(throws: CompressionError.self) { try drain(openByteSource(path: path).source) }
            #expect(error?.code == "compressed.truncated", "cut at \(count)")
        }
    }

    @Test("a changed byte in the data is found", arguments: [Container.gzip, .zstd])
    func corrupt(container: Container) throws {
        let text = samples[5].bytes
        var whole = try Self.compress(text, container)
        whole[whole.count / 2] ^= 0x55
        let path = try folder.file("sample", whole)
        let error = #expect(throws: CompressionError.self) { try drain(openByteSource(path: path).source) }
        #expect(["compressed.corrupt", "compressed.truncated"].contains(error?.code))
    }

    @Test("zeros after the last gzip member are padding, anything else is damage")
    func padding() throws {
        let whole = try Self.compress(Array("text".utf8), .gzip)
        let padded = try folder.file("padded", whole + [UInt8](repeating: 0, count: 1000))
        #expect(try drain(openByteSource(path: padded).source) == Array("text".utf8))
        let followed = try folder.file("followed", whole + Array("more".utf8))
        let error = #expect(throws: CompressionError.self) { try drain(openByteSource(path: followed).source) }
        #expect(
            error?.message
                == "\(followed): behind the end of the gzip stream, at compressed byte \(whole.count), 1 member(s) are followed by "
                + "other bytes. Cut the file there, or send it again.")
    }

    /// `text`, compressed by bzip2.
    static let bzip2: [UInt8] = [
        66, 90, 104, 57, 49, 65, 89, 38, 83, 89, 203, 40, 211, 45, 0, 0, 0, 129, 128, 2, 0, 4, 64, 32, 0, 33, 152, 25, 131, 44, 46, 228,
        138, 112, 161, 33, 150, 81, 166, 90,
    ]

    @Test("bzip2 streams, several of them too, are found by content and read; cut or changed ones are refused")
    func bzip2() throws {
        let path = try folder.file("sample", Self.bzip2 + Self.bzip2)
        let (source, container) = try openByteSource(path: path)
        #expect(container == .bzip2)
        #expect(try drain(source) == Array("texttext".utf8))
        for count in 4..<Self.bzip2.count {
            let cut = try folder.file("sample", Array(Self.bzip2[..<count]))
            let error = #expect(throws: CompressionError.self) { try drain(openByteSource(path: cut).source) }
            #expect(error?.code == "compressed.truncated", "cut at \(count)")
        }
        var changed = Self.bzip2
        changed[20] ^= 1
        let error = #expect(throws: CompressionError.self) { try drain(openByteSource(path: folder.file("sample", changed)).source) }
        #expect(error?.code == "compressed.corrupt")
    }

    @Test("a zlib stream is found by content and read")
    func zlib() throws {
        // `text` in one stored block of deflate, with its Adler-32.
        let bytes: [UInt8] = [0x78, 0x9C, 0x01, 4, 0, 0xFB, 0xFF, 0x74, 0x65, 0x78, 0x74, 0x04, 0x67, 0x01, 0xC6]
        let (source, container) = try openByteSource(path: folder.file("sample", bytes))
        #expect(container == .zlib)
        #expect(try drain(source) == Array("text".utf8))
    }

    @Test("a skippable zstd frame is skipped, at the front too")
    func skippableFrame() throws {
        let bytes = try [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3] + Self.compress(Array("text".utf8), .zstd)
        let path = try folder.file("sample", bytes)
        let (source, container) = try openByteSource(path: path)
        #expect(container == .zstd)
        #expect(try drain(source) == Array("text".utf8))
    }

    @Test("a zstd window beyond the limit is refused by name")
    func window() throws {
        // A frame header (RFC 8878 section 3.1.1.1): window descriptor 0x98 is 2^29 bytes; then one raw block.
        let path = try folder.file("sample", [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x98, 0x09, 0x00, 0x00, 0x41])
        let error = #expect(throws: CompressionError.self) { try drain(openByteSource(path: path).source) }
        #expect(error?.code == "compressed.window_too_large")
    }

    @Test("the bytes taken from the file are counted, not those that come out")
    func counting() throws {
        let bytes = try Self.compress(samples[3].bytes, .zstd)
        let (source, _) = try openByteSource(path: try folder.file("sample", bytes))
        _ = try drain(source)
        #expect(source.fileBytesRead == Int64(bytes.count))
    }

    @Test("a missing file, a folder and a place that cannot be written say so")
    func files() throws {
        func code(_ body: () throws -> Void) -> String? { #expect(throws: CompressionError.self, performing: body)?.code }
        #expect(code { _ = try openByteSource(path: folder.path + "/none") } == "input.not_found")
        #expect(code { _ = try openByteSource(path: folder.path) } == "input.not_a_file")
        #expect(code { _ = try FileByteSink(path: folder.path + "/none/file") } == "output.not_creatable")
        #expect(
            code {
                let sink = try FileByteSink(path: "/dev/full")
                try samples[3].bytes.withUnsafeBytes { try sink.write($0) }
                try sink.finish()
            } == "output.no_space")
    }
}
