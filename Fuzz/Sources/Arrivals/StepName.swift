/// The steps that a message may name: a stand-in for that of Jobs, which needs the rest of the program.
package enum StepName: String, Sendable, CaseIterable {
    case download, transform, load, convert, validate, upload, announce
}
