import FoundationEssentials
import Jobs

/// All pipelines of a deployment, in file-name order.
package struct PipelineCatalog: Sendable {
    package let pipelines: [Pipeline]

    package init(_ pipelines: [Pipeline]) {
        self.pipelines = pipelines
    }

    /// Reads every `.yaml` and `.yml` file of a folder. Two pipelines of one name are an error.
    package init(folder: String) throws(Failure) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw Failure(
                .permanent, "settings.no_pipelines", "The pipeline folder \(folder) cannot be read. Make it, or set LANDFALL_PIPELINES.")
        }
        var pipelines: [Pipeline] = []
        for name in names.sorted() where name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            let pipeline = try Self.read(path: "\(folder)/\(name)")
            guard !pipelines.contains(where: { $0.name == pipeline.name }) else {
                throw Failure(
                    .permanent, "settings.repeated_key", "\(folder)/\(name): another file has a pipeline named \"\(pipeline.name)\" too.")
            }
            pipelines.append(pipeline)
        }
        self.pipelines = pipelines
    }

    package static func read(path: String) throws(Failure) -> Pipeline {
        guard let bytes = FileManager.default.contents(atPath: path), let text = String(validating: bytes, as: UTF8.self)
        else { throw Failure(.permanent, "settings.no_pipelines", "The pipeline file \(path) cannot be read as UTF-8 text.") }
        return try PipelineFile.read(text: text, file: path)
    }

    package func named(_ name: String) -> Pipeline? {
        pipelines.first { $0.name == name }
    }

    /// The pipeline for a request: the one it names, else the first that takes its arrival (and has the workflow it names).
    package func pipeline(for request: JobRequest) throws(Failure) -> Pipeline {
        let arrival = request.arrival
        if let name = request.pipeline {
            guard let pipeline = named(name) else {
                let hint = Nearest.hint(for: name, among: pipelines.map(\.name))
                throw Failure(.permanent, "pipeline.not_found", "The message names pipeline \"\(name)\", which there is not\(hint).")
            }
            return pipeline
        }
        let match = pipelines.first {
            $0.match.takes(bucket: arrival.bucket, key: arrival.key)
                && (request.workflow == nil || request.workflow == $0.workflow.rawValue)
                && (request.madeBy == nil || $0.takesFiles(madeBy: request.madeBy))
        }
        guard let match else {
            throw Failure(
                .permanent, "pipeline.no_match",
                "No pipeline takes key \"\(arrival.key)\" of bucket \"\(arrival.bucket)\""
                    + (request.workflow.map { " with the workflow \"\($0)\"" } ?? "")
                    + ". Add one, or change a match, and redrive the message.")
        }
        return match
    }
}

extension Pipeline {
    /// What pipelines make is for others that say so by their match, not for those that take just anything.
    fileprivate func takesFiles(madeBy maker: String?) -> Bool {
        maker != name && (match.bucket != nil || match.key != nil)
    }
}
