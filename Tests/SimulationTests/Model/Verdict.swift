import Jobs

/// What must be true at the end, for each file: the first paragraph of the promise.
extension World {
    func judge() {
        for message in queue.messages where !message.isDeleted { return fail("a message is left: files \(message.files)") }
        for file in files.indices { judge(file) }
        for (index, end) in ends.enumerated() where end.isAnnouncementDue && end.announced == 0 {
            fail("end \(index) of file \(end.file) (\(end.status.rawValue)) was never announced")
        }
        for (index, letter) in queue.letters.enumerated() {
            for other in queue.letters[..<index] where other.ends == letter.ends && other.message == letter.message {
                if other.rejectedAt != letter.rejectedAt { fail("two copies of message \(letter.message) have two ids") }
            }
            if letter.isNative { tally.native += 1 }
        }
    }

    private func judge(_ file: Int) {
        guard let kept = rows[file] else { return fail("file \(file) was lost: it has no record") }
        guard kept.end >= 0 else { return fail("file \(file) was lost: it is \(kept.state.status.rawValue), and no message is left") }
        let end = ends[kept.end]
        let state = files[file]
        let script = scenario.files[file]
        switch kept.state.status {
        case .succeeded:
            if state.loads != 1 { fail("file \(file) succeeded, but its rows were loaded \(state.loads) times") }
            if state.uploads == 0 { fail("file \(file) succeeded, but its output is not there") }
        case .superseded:
            if !scenario.files.contains(where: { $0.key == script.key && $0.sequence > script.sequence }) {
                fail("file \(file) is superseded, but by nothing")
            }
            if state.loads != 0 {
                tally.supersededThoughLoaded += 1
                if !state.isLoadedLate { fail("file \(file) is superseded, but its rows are loaded") }
            }
        case .rejected, .failed:
            if end.letters == 0 { fail("file \(file) \(kept.state.status.rawValue), but is not in the dead-letter queue") }
            if state.loads != 0 {
                if script.step > 0, script.fault == .permanent || script.fault == .transient {
                    tally.failedAfterLoad += 1
                } else {
                    tally.exhaustedAfterLoad += 1
                }
            }
        case .running, .cancelled: fail("file \(file) ended as \(kept.state.status.rawValue)")
        }
    }
}
