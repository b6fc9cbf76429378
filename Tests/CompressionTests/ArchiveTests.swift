import Testing

@testable import Compression

@Suite("Archives")
struct ArchiveTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func members(_ bytes: [UInt8], limits: UnwrapLimits = UnwrapLimits(), _ isWanted: (String) -> Bool = { _ in true }) throws
        -> [String]
    {
        let file = try PackedFile(path: try folder.file("archive", bytes), limits: limits, isWanted: isWanted)
        let reader = file.reader()
        return try (file.members ?? []).enumerated().map { index, member in
            "\(member.name)=\(String(decoding: try drain(reader.open(index)), as: UTF8.self))"
        }
    }

    private func code(_ bytes: [UInt8], limits: UnwrapLimits = UnwrapLimits(), _ isWanted: (String) -> Bool = { _ in true }) -> String? {
        #expect(throws: CompressionError.self) { try members(bytes, limits: limits, isWanted) }?.code
    }

    // MARK: zip

    @Test(
        "zip members are found however they are packed",
        arguments: [
            ZipBuilder.File(name: "a.csv", text: "one,two\n1,2\n"),
            ZipBuilder.File(name: "a.csv", text: String(repeating: "one,two\n", count: 9000), method: 8),
            ZipBuilder.File(name: "a.csv", text: "one,two\n1,2\n", method: 93),
            ZipBuilder.File(name: "a.csv", text: "one,two\n1,2\n", method: 8, isZip64: true),
            ZipBuilder.File(name: "a.csv", text: "one,two\n1,2\n", method: 8, hasDescriptor: true),
            ZipBuilder.File(name: "a.csv", text: "", method: 8),
        ])
    func zipMember(file: ZipBuilder.File) throws {
        #expect(try members(ZipBuilder(files: [file]).bytes()) == ["a.csv=\(file.text)"])
    }

    @Test("members come in the order of their names; folders and what systems leave behind are passed over")
    func zipOrder() throws {
        let names = ["b.csv", "folder/", "__MACOSX/._a.csv", "a.csv", ".DS_Store", "folder/c.csv", "../up.csv", "/absolute.csv"]
        let zip = try ZipBuilder(files: names.map { ZipBuilder.File(name: $0, text: $0.hasSuffix("/") ? "" : "x") }).bytes()
        #expect(try members(zip) == ["../up.csv=x", "/absolute.csv=x", "a.csv=x", "b.csv=x", "folder/c.csv=x"])
        #expect(try members(zip) { $0.hasPrefix("folder") } == ["folder/c.csv=x"])
    }

    static let lies: [(name: String, code: String, files: [ZipBuilder.File])] = [
        ("encrypted", "archive.encrypted", [.init(name: "a", text: "x", flags: 1)]),
        ("unknown method", "archive.unsupported", [.init(name: "a", text: "x", method: 14)]),
        ("smaller than declared", "archive.corrupt", [.init(name: "a", text: "x", method: 8, declaredSize: 2)]),
        ("larger than declared", "archive.corrupt", [.init(name: "a", text: "xyz", method: 8, declaredSize: 1)]),
        ("another checksum", "archive.corrupt", [.init(name: "a", text: "xyz", declaredCRC: 1)]),
        ("beyond the file", "archive.corrupt", [.init(name: "a", text: "xyz", declaredCompressedSize: 5000)]),
        ("cut within deflate", "compressed.truncated", [.init(name: "a", text: "xyz", method: 8, declaredCompressedSize: 3)]),
        ("overlapping", "archive.corrupt", [.init(name: "a", text: "xyz"), .init(name: "b", text: "xyz", offset: 0)]),
        ("offset beyond the file", "archive.corrupt", [.init(name: "a", text: "x", isZip64: true, offset: .max)]),
        ("twice", "archive.duplicate_member", [.init(name: "a", text: "x"), .init(name: "a", text: "y")]),
        ("nothing", "archive.no_member", []),
        (
            "a declared bomb", "compressed.bomb",
            [.init(name: "a", text: "x", method: 8, isZip64: true, declaredSize: 10 << 30)]
        ),
    ]

    @Test("zip archives that lie, or hold what is not read, are refused by code", arguments: lies.indices)
    func zipLies(index: Int) throws {
        let lie = Self.lies[index]
        #expect(code(try ZipBuilder(files: lie.files).bytes()) == lie.code, "\(lie.name)")
    }

    @Test("a zip archive cut at any place, or with any byte changed, is an error or the same members")
    func zipDamage() throws {
        let whole = try ZipBuilder(files: [.init(name: "a", text: "some text, some text", method: 8), .init(name: "b", text: "stored")])
            .bytes()
        let texts = Set(["some text, some text", "stored"])
        for count in 4..<whole.count - 3 { #expect(code(Array(whole[..<count])) != nil, "cut at \(count)") }
        for at in 4..<whole.count {
            var changed = whole
            changed[at] ^= 0x41
            guard let found = try? members(changed) else { continue }
            #expect(Set(found.map { String($0.split(separator: "=").last ?? "") }) == texts, "byte \(at)")
        }
        var builder = ZipBuilder(files: [.init(name: "a", text: "x")])
        builder.declaredCount = 2
        #expect(code(try builder.bytes()) == "archive.corrupt")
    }

    // MARK: tar

    @Test("tar members have long names, are in the order of their names, and links and folders are passed over")
    func tar() throws {
        var tar = TarBuilder()
        tar.add("z.csv", "last")
        tar.add("folder/", "", type: "5")
        tar.add("link", "", type: "2")
        let long = String(repeating: "long/", count: 30) + "name.csv"
        tar.add("././@LongLink", long + "\u{0}", type: "L")
        tar.add("long", "gnu")
        tar.add("pax", "18 path=pax/a.csv\n", type: "x")
        tar.add("short", "pax")
        tar.add("._a.csv", "left behind")
        tar.add("a.csv", String(repeating: "text\n", count: 300))
        let expected = ["a.csv=\(String(repeating: "text\n", count: 300))", "\(long)=gnu", "pax/a.csv=pax", "z.csv=last"]
        #expect(try members(tar.finished()) == expected)
        for container in [Container.gzip, .zstd] {
            #expect(try members(ContainerTests.compress(tar.finished(), container)) == expected)
            let file = try PackedFile(path: try folder.file("tar", try ContainerTests.compress(tar.finished(), container)))
            #expect(file.layers == [container, .tar])
            #expect(file.description == "\(container.rawValue)+tar")
        }
    }

    @Test(
        "tar archives that lie, or hold what is not read, are refused by code",
        arguments: [
            ("S", nil, "archive.unsupported"), ("Q", nil, "archive.unsupported"), ("0", "00000777777", "archive.truncated"),
            ("0", "not a number", "archive.corrupt"), ("x", "77777777777", "archive.corrupt"),
        ] as [(Character, String?, String)])
    func tarLies(type: Character, size: String?, code expected: String) {
        var tar = TarBuilder()
        tar.add("a.csv", "text")
        tar.add("b.csv", "text", type: type, declaredSize: size)
        #expect(code(tar.finished()) == expected)
    }

    @Test("a tar archive cut anywhere is truncated, and one whose header is changed is damaged")
    func tarDamage() throws {
        var tar = TarBuilder()
        tar.add("a.csv", "text")
        tar.add("b.csv", "text")
        let whole = tar.finished()
        for count in [513, 1000, 1024, 1030, 1536, 2047, 2048, 2559] {
            #expect(code(Array(whole[..<count])) == "archive.truncated", "cut at \(count)")
        }
        var changed = whole
        changed[1030] ^= 1
        #expect(code(changed) == "archive.corrupt")
        #expect(code(whole + Array("more".utf8)) == "archive.corrupt")
    }

    // MARK: Layers and limits

    @Test("a compressed member is unwrapped; archives in archives and too many layers are not")
    func layers() throws {
        let inner = try ZipBuilder(files: [.init(name: "a", text: "x")]).bytes()
        #expect(code(try ContainerTests.compress(inner, .gzip)) == "archive.nested")
        var wrapped = Array("text".utf8)
        for _ in 0..<4 { wrapped = try ContainerTests.compress(wrapped, .gzip) }
        let path = try folder.file("four", wrapped)
        #expect(try drain(PackedFile(path: path).reader().open()) == Array("text".utf8))
        #expect(code(try ContainerTests.compress(wrapped, .gzip)) == "compressed.too_many_layers")
    }

    @Test("a bomb is stopped by its ratio, before much has come out of it", arguments: [Container.gzip, .zstd])
    func bomb(container: Container) throws {
        var limits = UnwrapLimits()
        limits.ratioFloorBytes = 1 << 20
        let bomb = try ContainerTests.compress([UInt8](repeating: 48, count: 32 << 20), container)
        let file = try PackedFile(path: try folder.file("bomb", bomb), limits: limits)
        let source = try file.reader().open()
        var count = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { buffer.deallocate() }
        let error = #expect(throws: CompressionError.self) { while true { count += try source.read(into: buffer) } }
        #expect(error?.code == "compressed.bomb")
        #expect(count <= 2 << 20)
        limits.maxBytes = 1000
        limits.ratioFloorBytes = .max
        let small = try PackedFile(path: file.path, limits: limits)
        #expect(throws: CompressionError.self) { try drain(small.reader().open()) }
    }

    @Test("the limits of entries and members are kept")
    func entryLimits() throws {
        var limits = UnwrapLimits()
        limits.maxEntries = 3
        var tar = TarBuilder()
        for name in ["a", "b", "c", "d"] { tar.add(name, "x") }
        let zip = try ZipBuilder(files: ["a", "b", "c", "d"].map { ZipBuilder.File(name: $0, text: "x") }).bytes()
        #expect(code(tar.finished(), limits: limits) == "archive.too_many_members")
        #expect(code(zip, limits: limits) == "archive.too_many_members")
        limits.maxEntries = 10
        limits.maxMembers = 3
        #expect(code(zip, limits: limits) == "archive.too_many_members")
        #expect(try members(zip, limits: limits) { $0 < "d" }.count == 3)
    }

    @Test("memory allows a window of half of it")
    func windows() {
        #expect(UnwrapLimits(memoryBytes: 256 << 20).maxWindowLog == 27)
        #expect(UnwrapLimits(memoryBytes: 4 << 30).maxWindowLog == 31)
        #expect(UnwrapLimits(memoryBytes: 0).maxWindowLog == 10)
    }
}
