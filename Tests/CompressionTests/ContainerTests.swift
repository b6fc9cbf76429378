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
            case .none: out
            case .gzip: try GzipByteSink(out)
            case .zstd: try ZstdByteSink(out)
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
            error?.message == "\(followed): the gzip stream is damaged near compressed byte \(whole.count): "
                + "1 member(s) are followed by bytes that are not gzip. Send the file again.")
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
