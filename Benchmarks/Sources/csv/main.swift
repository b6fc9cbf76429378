import Columns
import Compression
import Glibc
import Tabular

// Reads a CSV file as a job does: once to infer the columns, then, `rounds` times, into typed columns; as its header is declared, and
// by its own habits.
//
//     swift run -c release csv orders.csv 5
//
// CPU time counts, not the clock's: megabytes (10^6) of text a second of one core, the best round. A third argument is how many
// threads parse; by the clock is said then too.

func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(0 /* this process */, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

guard CommandLine.arguments.count > 1 else {
    print("usage: csv FILE [rounds]")
    exit(64)
}
let path = CommandLine.arguments[1]
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 3 : 3
let threads = CommandLine.arguments.count > 3 ? Int(CommandLine.arguments[3]) ?? 1 : 1

func measure(_ what: String, _ bytes: Int64, _ rounds: Int, _ body: () throws -> Int64) rethrows {
    var best = Double.infinity
    var bestByClock = Double.infinity
    var count: Int64 = 0
    for _ in 0..<rounds {
        let start = cpuSeconds()
        let clock = ContinuousClock.now
        count = try body()
        best = min(best, cpuSeconds() - start)
        bestByClock = min(bestByClock, (ContinuousClock.now - clock) / .seconds(1))
    }
    func rate(_ seconds: Double) -> Double { (Double(bytes) / seconds / 1e5).rounded() / 10 }
    print("\(what): \(rate(best)) MB/s of one core, \(rate(bestByClock)) by the clock, \(count) records")
}

let size = try FileByteSource(path: path).size
for (name, hints) in [("declared", DialectHints(delimiter: 44, header: true)), ("automatic", DialectHints())] {
    var inspected: CSVInspection?
    try measure("\(name): inference", size, 1) {
        let found = try CSVInspector(hints: hints) { try openByteSource(path: path).source }.inspect()
        inspected = found
        return found.records
    }
    guard let inspected else { break }
    let columns = inspected.columns
    let mapping = FieldMapping(columns: columns, fields: Array(columns.indices), fieldNames: columns.map(\.name), formats: inspected.formats)
    try measure("\(name): typed parsing", size, rounds) {
        let reader = try CSVReader(
            source: try openByteSource(path: path).source, dialect: inspected.dialect, mapping: mapping, threads: threads)
        var rows: Int64 = 0
        while let result = try reader.next() { rows += Int64(result.recordCount) }
        return rows
    }
}
