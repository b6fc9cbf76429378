/// Where a conversion's files lie: one file, or a folder of several.
package enum OutputPlace: Hashable, Sendable {
    case file(path: String)
    /// Names are `<partition>/<stem>part-00000<ending>`, numbered within each partition.
    case folder(path: String, stem: String, ending: String)

    /// The path of a file that was written there.
    package func path(of file: WrittenFile) -> String {
        switch self {
        case .file(let path): path
        case .folder(let folder, _, _): "\(folder)/\(file.name)"
        }
    }

    private static let numberDigits = 5

    /// The name of a partition's next file; of the only one, its own.
    func name(number: Int, partition: String) -> String {
        switch self {
        case .file(let path): return path.split(separator: "/").last.map(String.init) ?? path
        case .folder(_, let stem, let ending):
            let digits = String(number)
            let padded = String(repeating: "0", count: max(0, Self.numberDigits - digits.utf8.count)) + digits
            return (partition.isEmpty ? "" : partition + "/") + "\(stem)part-\(padded)\(ending)"
        }
    }
}
