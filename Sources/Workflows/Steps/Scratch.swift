import FoundationEssentials
import Glibc
import Jobs

/// A job's scratch folder: where its steps hand files over.
enum Scratch {
    static func make(_ folder: String) throws(Failure) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            if let full = noSpace(error, folder) { throw full }
            throw Failure(
                .permanent, "output.not_creatable",
                "The folder \(folder) cannot be made. Check LANDFALL_WORK_DIR and the rights to it.")
        }
    }

    /// Writes a small file as a whole.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            if let full = noSpace(error, path) { throw full }
            throw Failure(.permanent, "output.write_failed", "\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// A full disk is somebody else's to empty: the next attempt may find room.
    private static func noSpace(_ error: any Error, _ path: String) -> Failure? {
        guard (error as? CocoaError)?.code == .fileWriteOutOfSpace else { return nil }
        return Failure(.transient, "output.no_space", "\(path): no space is left to write it. Free some, then try again.")
    }

    /// Makes a folder that is empty: what an earlier attempt left in it is gone.
    static func makeEmpty(_ folder: String) throws(Failure) {
        try? FileManager.default.removeItem(atPath: folder)
        try make(folder)
    }

    /// Moves a folder of the latest of the earlier attempts that has it, in one go: who still wrote there writes elsewhere.
    static func inherit(_ name: String, from earlier: [String], to folder: String) {
        for other in earlier where rename("\(other)/\(name)", "\(folder)/\(name)") == 0 { return }
    }

    static func mark(_ path: String) throws(Failure) -> FileMark {
        guard let mark = FileMark(path: path) else {
            throw Failure(.transient, "work.file_gone", "The file \(path) was just written and is gone.")
        }
        return mark
    }

    /// The most bytes a file name may have, with room for endings.
    private static let maxNameBytes = 200

    /// A key's last part as a file name: never empty, hidden, too long or outside its folder.
    static func safeName(_ name: String) -> String {
        var safe = name.map { $0 == "/" || $0 == "\0" ? "_" : $0 }
        while safe.first == "." { safe[0] = "_" }
        var text = String(safe)
        // The end is kept: it names the format.
        while text.utf8.count > maxNameBytes { text.removeFirst() }
        return text.isEmpty ? "input" : text
    }

    /// Removes a finished job's folder, and the job's own folder above it when it is empty.
    static func remove(_ folder: String) {
        try? FileManager.default.removeItem(atPath: folder)
        let parent = folder.split(separator: "/").dropLast().joined(separator: "/")
        let path = folder.hasPrefix("/") ? "/" + parent : parent
        if let left = try? FileManager.default.contentsOfDirectory(atPath: path), left.isEmpty {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}
