import FoundationEssentials
import Glibc

/// How much memory the process may have.
enum MemoryLimit {
    /// The control group's limit (cgroup v2, then v1), else the machine's memory; in bytes.
    static var seen: Int {
        let machine = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let limits = files.compactMap { FileManager.default.contents(atPath: $0) }
            .compactMap { Int(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
            .filter { $0 > 0 }
        return min(machine, limits.min() ?? machine)
    }
}
