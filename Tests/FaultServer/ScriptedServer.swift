import Glibc
import Synchronization

/// A server on the loopback that answers each request by a script: whole answers, broken ones, or none.
///
/// One thread accepts, one thread serves each connection; both end with the server.
package final class ScriptedServer: Sendable {
    package struct Request: Sendable {
        package var line = ""
        package var headers: [String] = []
        package var body: [UInt8] = []
        /// Which connection it came over: 0, 1 …
        package var connection = 0

        package func header(_ name: String) -> String? {
            headers.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }?.split(separator: ":", maxSplits: 1)
                .last.map { String($0.drop { $0 == " " }) }
        }
    }

    package enum Step: Sendable {
        case send([UInt8])
        /// Leaves the client waiting until it goes away.
        case hold
        /// The same, and takes nothing more of what the client sends.
        case freeze
        /// Sends a byte now and then until the client goes away.
        case drip(everyMilliseconds: UInt32)
        /// Ends the connection as it should be ended.
        case close
        /// Ends the connection with a reset.
        case reset

        package static func text(_ text: String) -> Step { .send(Array(text.utf8)) }

        package static func answer(_ status: String = "200 OK", headers: [String] = [], _ body: String = "") -> Step {
            let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
            return .text(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
    }

    package typealias Script = @Sendable (Request) -> [Step]

    package let port: UInt16
    private let listener: Int32
    private let script: Script
    private let readsBodies: Bool
    private let seen = Mutex<[Request]>([])
    private let connections = Mutex<Int>(0)

    package var url: String { "http://127.0.0.1:\(port)" }
    package var requests: [Request] { seen.withLock { $0 } }

    /// - Parameter readsBodies: whether a request's body is taken before it is answered.
    package init(readsBodies: Bool = true, _ script: @escaping Script) {
        self.script = script
        self.readsBodies = readsBodies
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

    /// Answers each request by the next of a list, and all further ones by its last.
    package convenience init(inOrder answers: [[Step]]) {
        let next = Counter()
        self.init { _ in answers[min(next.count(), answers.count - 1)] }
    }

    private final class Counter: Sendable {
        private let number = Mutex(0)

        /// 0, 1, 2 …
        func count() -> Int {
            number.withLock { number in
                number += 1
                return number - 1
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
        inThread { [weak self, readsBodies] in
            defer { close(descriptor) }
            var pending: [UInt8] = []
            while var request = readRequest(descriptor, &pending, withBody: readsBodies) {
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
    case .freeze:
        waitUntilGone(descriptor, milliseconds: -1)
        return false
    case .drip(let milliseconds):
        while perform(.send([UInt8(ascii: "x")]), descriptor) {
            if waitUntilGone(descriptor, milliseconds: Int32(milliseconds)) { break }
        }
        return false
    case .close: return false
    case .reset:
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        return false
    }
}

/// Whether the client has gone away within so long.
@discardableResult
private func waitUntilGone(_ descriptor: Int32, milliseconds: Int32) -> Bool {
    let hasClosed: Int16 = 0x2000  // POLLRDHUP, which the module map does not have
    var watched = pollfd(fd: descriptor, events: hasClosed, revents: 0)
    return poll(&watched, 1, milliseconds) > 0
}

private func readRequest(_ descriptor: Int32, _ pending: inout [UInt8], withBody: Bool) -> ScriptedServer.Request? {
    let gap = Array("\r\n\r\n".utf8)
    while true {
        if let end = pending.firstRange(of: gap) {
            let lines = String(decoding: pending[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n").map(
                String.init)
            var request = ScriptedServer.Request(line: lines[0], headers: Array(lines.dropFirst()))
            let length = withBody ? request.header("Content-Length").flatMap { Int($0) } ?? 0 : 0
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
