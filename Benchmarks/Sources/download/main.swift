import Glibc
import HTTP

// Downloads a URL into a file in one stream and says what it cost. Compare with `curl -s -o FILE URL`.

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    print("usage: download URL FILE")
    exit(2)
}
let maxBytes: Int64 = 16 << 30
let descriptor = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
guard descriptor >= 0 else {
    print("\(arguments[2]) cannot be made")
    exit(1)
}
let client = HTTPClient()
let start = ContinuousClock.now
do {
    let answer = try await client.download(HTTPRequest("GET", arguments[1]), to: descriptor, maxBytes: maxBytes)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var usage = rusage()
    getrusage(0 /* this process */, &usage)
    let cpu = [usage.ru_utime, usage.ru_stime].reduce(0.0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    print("status \(answer.status), \(answer.bytesWritten) bytes, \(seconds) s, \(cpu) s of processor time")
} catch {
    print(error)
    exit(1)
}
close(descriptor)
