import Glibc

/// A port whose queue of connections is full and stays so: the system drops whatever knocks.
package final class FullListener {
    private let listener: Int32
    private var knocking: [Int32] = []
    private let port: UInt16
    /// More than a queue of none takes.
    private static let connections = 4

    package var url: String { "http://127.0.0.1:\(port)/" }

    package init?() {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 0) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isListening else { return nil }
        for _ in 0..<Self.connections {
            let knock = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            knocking.append(knock)
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(knock, $0, length) }
            }
        }
    }

    deinit {
        for descriptor in knocking + [listener] { close(descriptor) }
    }
}
