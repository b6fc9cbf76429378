/// The events of a schedule in words.
final class Trace {
    private(set) var lines: [String] = []

    func add(_ now: Int64, _ text: String) {
        let rest = String(now % 1000)
        lines.append("\(now / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)  \(text)")
    }
}
