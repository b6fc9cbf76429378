import AWS
import Glibc
import HTTP

// Downloads URL (http://host/bucket/key) into FILE and says what it cost: in one stream by the HTTP client, then as S3
// objects are, in parallel ranges; `stream` or `ranges` does one of both. Compare with `curl -s -o FILE URL` under `time`.

let arguments = CommandLine.arguments
let parts = (3...4).contains(arguments.count) ? arguments[1].split(separator: "/", maxSplits: 3) : []
guard parts.count == 4 else {
    print("usage: download http://host:port/bucket/key FILE [stream|ranges]")
    exit(2)
}
let maxBytes: Int64 = 16 << 30
let path = arguments[2]

/// Seconds of processor time, user's and system's.
func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(0 /* this process */, &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
}

func measure(_ name: String, _ body: () async throws -> Int64) async throws {
    if arguments.count == 4, !name.hasSuffix(arguments[3]) { return }
    let (start, processor) = (ContinuousClock.now, processorSeconds())
    let bytes = try await body()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print("\(name): \(bytes) bytes, \(seconds) s, \(processorSeconds() - processor) s of processor time")
}

do {
    try await measure("one stream") {
        let http = HTTPClient()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        return try await http.download(HTTPRequest("GET", arguments[1]), to: descriptor, maxBytes: maxBytes).bytesWritten
    }
    unlink(path)
    let client = try AWSClient(
        environment: [
            "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://\(parts[1])", "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        ])
    try await measure("in ranges") {
        try await client.s3.getObject(bucket: String(parts[2]), key: String(parts[3]), to: path, maxBytes: maxBytes).size
    }
    unlink(path)
} catch {
    print(error)
    exit(1)
}
