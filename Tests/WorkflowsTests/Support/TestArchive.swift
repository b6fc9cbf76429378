/// A tar archive of some texts.
func tarArchive(_ members: [(name: String, text: String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, text) in members {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at: Int) { header.replaceSubrange(at..<at + text.utf8.count, with: text.utf8) }
        let size = String(text.utf8.count, radix: 8)
        put(name, at: 0)
        put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
        put("        0", at: 148)
        put("ustar\u{0}00", at: 257)
        put("0" + String(header.reduce(0) { $0 + Int($1) }, radix: 8) + "\u{0} ", at: 148)
        bytes += header + Array(text.utf8) + [UInt8](repeating: 0, count: (512 - text.utf8.count % 512) % 512)
    }
    return bytes + [UInt8](repeating: 0, count: 1024)
}
