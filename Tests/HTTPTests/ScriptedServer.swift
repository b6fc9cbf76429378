import Glibc
import Synchronization

/// A server on the loopback that answers each request by a script: whole answers, broken ones, or none.
///
/// One thread accepts, one thread serves each connection; both end with the server.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var line = ""
        var headers: [String] = []
        var body: [UInt8] = []
        /// Which connection it came over: 0, 1 …
        var connection = 0

        func header(_ name: String) -> String? {
            headers.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }?.split(separator: ":", maxSplits: 1)
                .last.map { String($0.drop { $0 == " " }) }
        }
    }

    enum Step: Sendable {
        case send([UInt8])
        /// Leaves the client waiting until it goes away.
        case hold
        /// Ends the connection as it should be ended.
        case close
        /// Ends the connection with a reset.
        case reset

        static func text(_ text: String) -> Step { .send(Array(text.utf8)) }

        static func answer(_ status: String = "200 OK", headers: [String] = [], _ body: String = "") -> Step {
            let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
            return .text(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
    }

    typealias Script = @Sendable (Request) -> [Step]

    let port: UInt16
    private let listener: Int32
    private let script: Script
    private let seen = Mutex<[Request]>([])
    private let connections = Mutex<Int>(0)

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { seen.withLock { $0 } }

    init(_ script: @escaping Script) {
        self.script = script
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0)
                getsockname(descriptor, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        inThread { [listener, weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    close(listener)
                    return
                }
                guard let self else {
                    close(connection)
                    return
                }
                self.begin(connection)
            }
        }
    }

    deinit {
        // wakes the accepting thread, which closes it
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func begin(_ descriptor: Int32) {
        let number = connections.withLock { count in
            count += 1
            return count - 1
        }
        inThread { [weak self] in
            defer { close(descriptor) }
            var pending: [UInt8] = []
            while var request = readRequest(descriptor, &pending) {
                request.connection = number
                guard let steps = self?.answer(request) else { return }
                for step in steps where !perform(step, descriptor) { return }
            }
        }
    }

    private func answer(_ request: Request) -> [Step] {
        seen.withLock { $0.append(request) }
        return script(request)
    }
}

/// Does one step; false where the connection is over.
private func perform(_ step: ScriptedServer.Step, _ descriptor: Int32) -> Bool {
    switch step {
    case .send(let bytes):
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    case .hold:
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
        return false
    case .close: return false
    case .reset:
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        return false
    }
}

private func readRequest(_ descriptor: Int32, _ pending: inout [UInt8]) -> ScriptedServer.Request? {
    let gap = Array("\r\n\r\n".utf8)
    while true {
        if let end = pending.firstRange(of: gap) {
            let lines = String(decoding: pending[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n").map(
                String.init)
            var request = ScriptedServer.Request(line: lines[0], headers: Array(lines.dropFirst()))
            let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
            while pending.count < end.upperBound + length { if !more(descriptor, &pending) { return nil } }
            request.body = Array(pending[end.upperBound..<end.upperBound + length])
            pending.removeFirst(end.upperBound + length)
            return request
        }
        if !more(descriptor, &pending) { return nil }
    }
}

private func more(_ descriptor: Int32, _ pending: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count <= 0 { return false }
    pending += buffer[..<count]
    return true
}

private func inThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
        return nil
    }
    precondition(pthread_create(&thread, nil, entry, context) == 0)
    pthread_detach(thread)
}
