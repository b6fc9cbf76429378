/// Which ranges of an object have come, kept in a file beside it so that a download that was killed goes on.
///
/// How this works: the first line says which object, how large, and how it is cut. Each further line is the number of a
/// range whose bytes have been written. A last line without its end is not believed, nor is anything after it; a
/// journal of another object is begun afresh. That bytes are truly on the disk is shown by the checksum at the end.
struct RangeJournal {
    static let maxBytes = 16 << 10

    let cut: RangeCut
    private(set) var done: Set<Int>
    private let descriptor: Int32

    /// - Parameter identity: what names the object's bytes: its ETag and version.
    static func open(
        _ path: String, identity: String, cut: RangeCut, hasData: Bool
    ) -> Result<RangeJournal, LocalFile.Failure> {
        let title = "landfall-ranges 1 \(cut.size) \(cut.rangeBytes) \(identity)"
        var done: Set<Int> = []
        if hasData, case .success(let bytes?) = LocalFile.read(path, maxBytes: maxBytes) {
            done = read(String(decoding: bytes, as: UTF8.self), title: title, count: cut.count)
        }
        // what was read is written anew, without a torn line at its end
        return LocalFile.create(path).flatMap { descriptor in
            let lines = [title] + done.sorted().map(String.init)
            guard LocalFile.write(lines.map { "\($0)\n" }.joined(), to: descriptor) else {
                _ = LocalFile.shut(descriptor)
                return .failure(.current)
            }
            return .success(RangeJournal(cut: cut, done: done, descriptor: descriptor))
        }
    }

    static func read(_ text: String, title: String, count: Int) -> Set<Int> {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard let first = lines.first, first == title else { return [] }
        var done: Set<Int> = []
        for line in lines.dropFirst() {
            guard let number = Int(line), (0..<count).contains(number) else { return done }
            done.insert(number)
        }
        return done
    }

    var missing: [Int] { (0..<cut.count).filter { !done.contains($0) } }

    mutating func note(_ number: Int) -> Bool {
        done.insert(number)
        return LocalFile.write("\(number)\n", to: descriptor)
    }

    func close() { _ = LocalFile.shut(descriptor) }
}
