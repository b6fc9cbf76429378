import Glibc

// A static server for measurements: one file, whatever the path; HEAD, GET and ranges; loopback only; `sendfile`.

let arguments = CommandLine.arguments
guard (3...4).contains(arguments.count), let port = UInt16(arguments[2]) else {
    print("usage: server FILE PORT [CRC64NVME]")
    exit(2)
}
let file = open(arguments[1], O_RDONLY)
var facts = stat()
guard file >= 0, fstat(file, &facts) == 0 else {
    print("\(arguments[1]) cannot be read")
    exit(1)
}
let size = Int(facts.st_size)
let checksum = arguments.count > 3 ? arguments[3] : nil
signal(SIGPIPE, SIG_IGN)

let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
var yes: Int32 = 1
setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
var address = sockaddr_in()
address.sin_family = sa_family_t(AF_INET)
address.sin_port = port.bigEndian
address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
let isBound = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
}
guard isBound, listen(listener, 64) == 0 else {
    print("port \(port) is taken")
    exit(1)
}

print("http://127.0.0.1:\(port)/")
fflush(nil)
while true {
    let connection = accept(listener, nil, nil)
    guard connection >= 0 else { continue }
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    Session(connection: connection, file: file, size: size, checksum: checksum).start()
}
