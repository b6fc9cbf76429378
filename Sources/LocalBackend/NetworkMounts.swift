import Glibc

/// The mounted file systems whose files other machines may write, by device number.
///
/// A lease on them says nothing about the other machines, and some answer "busy" for "not delegated to us".
enum NetworkMounts {
    /// The largest mount table that is read, in bytes.
    static let maxTableBytes = 1 << 20
    private static let types: Set<Substring> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "afs", "virtiofs",
    ]

    static func devices() -> Set<UInt64> {
        guard let file = try? OpenFile(reading: LocalPath("/proc/self/mountinfo")) else { return [] }
        var table: [UInt8] = []
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { block.deallocate() }
        while table.count < maxTableBytes, let count = try? file.read(into: block), count > 0 {
            table.append(contentsOf: block[..<count])
        }
        return devices(table: String(decoding: table, as: UTF8.self))
    }

    /// Reads `/proc/<pid>/mountinfo` (proc(5)): the third field is the device, and the type follows a lone hyphen.
    static func devices(table: String) -> Set<UInt64> {
        var devices: Set<UInt64> = []
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3, let hyphen = fields.firstIndex(of: "-"), hyphen + 1 < fields.count else { continue }
            let type = fields[hyphen + 1]
            guard types.contains(type) || type.hasPrefix("fuse.") else { continue }
            let numbers = fields[2].split(separator: ":").compactMap { UInt64($0) }
            if numbers.count == 2 { devices.insert(device(major: numbers[0], minor: numbers[1])) }
        }
        return devices
    }

    /// glibc's makedev(3), which is a macro.
    static func device(major: UInt64, minor: UInt64) -> UInt64 {
        (major & 0xfff) << 8 | (major & ~0xfff) << 32 | (minor & 0xff) | (minor & ~0xff) << 12
    }
}
