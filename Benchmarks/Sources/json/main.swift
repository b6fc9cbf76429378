import Columns
import Compression
import Glibc
import Tabular

// Reads a JSON file as a job does: once to infer the columns, then, `rounds` times, into typed columns.
//
//     swift run -c release json orders.jsonl 5
//
// CPU time counts, not the clock's: megabytes (10^6) of text a second of one core, the best round.

func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(0 /* this process */, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

guard CommandLine.arguments.count > 1 else {
    print("usage: json FILE [rounds]")
    exit(64)
}
let path = CommandLine.arguments[1]
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 3 : 3

func measure(_ what: String, _ bytes: Int64, _ rounds: Int, _ body: () throws -> Int64) rethrows {
    var best = Double.infinity
    var count: Int64 = 0
    for _ in 0..<rounds {
        let start = cpuSeconds()
        count = try body()
        best = min(best, cpuSeconds() - start)
    }
    let rate = (Double(bytes) / best / 1e5).rounded() / 10
    print("\(what): \(rate) MB/s of one core, \(count) records")
}

let layout = try JSONLayout.detect(try openByteSource(path: path).source)
let size = try FileByteSource(path: path).size
var inspected: JSONInspection?
try measure("inference", size, 1) {
    let inspection = try JSONInspector(source: try openByteSource(path: path).source, layout: layout).inspect()
    inspected = inspection
    return inspection.records
}
guard let inspection = inspected else { exit(70) }
try measure("typed parse", size, rounds) {
    let reader = try JSONReader(
        source: try openByteSource(path: path).source, schema: Schema(inspection.columns), paths: inspection.paths.map { [$0] },
        layout: layout)
    var count: Int64 = 0
    while let result = try reader.next() { count += Int64(result.batch.rowCount) }
    return count
}
print(inspection.columns.map { "\($0.name):\($0.type)" }.joined(separator: " "))
