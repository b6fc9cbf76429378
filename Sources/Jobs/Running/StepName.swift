/// The named steps of all workflows.
package enum StepName: String, Sendable, CaseIterable {
    case download, transform, load, convert, validate, upload, announce
}
