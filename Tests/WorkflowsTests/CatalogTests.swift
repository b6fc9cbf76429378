import Jobs
import Testing
import Workflows

struct CatalogTests {
    private static func file(_ name: String, _ match: String) -> String { "name: \(name)\nmatch: \(match)\nworkflow: convertor\n" }

    private static func request(_ key: String, bucket: String = "raw", pipeline: String? = nil) -> JobRequest {
        JobRequest(arrival: Arrival(bucket: bucket, key: key), pipeline: pipeline)
    }

    private static func catalog() throws -> (PipelineCatalog, TestFolder) {
        let folder = try TestFolder()
        try folder.write(file("last", "{ key: '**/*.csv' }"), to: "30.yaml")
        try folder.write(file("first", "{ bucket: raw, key: 'a/*.csv' }"), to: "10.yml")
        try folder.write(file("second", "{ key: 'a/**' }"), to: "20.yaml")
        try folder.write("not a pipeline", to: "notes.txt")
        return (try PipelineCatalog(folder: folder.path), folder)
    }

    @Test("pipelines stand in the order of their file names, and other files are left alone")
    func order() throws {
        let (catalog, _) = try Self.catalog()
        #expect(catalog.pipelines.map(\.name) == ["first", "second", "last"])
    }

    @Test(
        "the first pipeline that takes an arrival gets it; one that the message names wins",
        arguments: [
            (request("a/1.csv"), "first"), (request("a/1.csv", bucket: "other"), "second"), (request("a/1.txt"), "second"),
            (request("b/1.csv"), "last"), (request("a/1.csv", pipeline: "last"), "last"),
        ])
    func routed(_ request: JobRequest, _ name: String) throws {
        let (catalog, _) = try Self.catalog()
        #expect(try catalog.pipeline(for: request).name == name)
    }

    @Test("an arrival that no pipeline takes is told by key and bucket")
    func noMatch() throws {
        let (catalog, _) = try Self.catalog()
        #expect(
            throws: Failure(
                .permanent, "pipeline.no_match",
                #"No pipeline takes key "b/1.txt" of bucket "raw". Add one, or change a match, and redrive the message."#)
        ) { try catalog.pipeline(for: Self.request("b/1.txt")) }
    }

    @Test("a pipeline that a message names and that is not there is told with the nearest")
    func notFound() throws {
        let (catalog, _) = try Self.catalog()
        #expect(
            throws: Failure(
                .permanent, "pipeline.not_found", #"The message names pipeline "frist", which there is not (did you mean "first"?)."#)
        ) { try catalog.pipeline(for: Self.request("a/1.csv", pipeline: "frist")) }
    }

    @Test("two pipelines of one name are an error, and so is a folder that is not there")
    func folders() throws {
        let folder = try TestFolder()
        try folder.write(Self.file("a", "{}"), to: "1.yaml")
        try folder.write(Self.file("a", "{}"), to: "2.yaml")
        #expect(
            throws: Failure(
                .permanent, "settings.repeated_key", "\(folder.path)/2.yaml: another file has a pipeline named \"a\" too.")
        ) { try PipelineCatalog(folder: folder.path) }
        #expect(
            throws: Failure(
                .permanent, "settings.no_pipelines",
                "The pipeline folder \(folder.path)/none cannot be read. Make it, or set LANDFALL_PIPELINES.")
        ) { try PipelineCatalog(folder: folder("none")) }
    }

    @Test("one bad file is told with its path")
    func badFile() throws {
        let folder = try TestFolder()
        try folder.write("name: a\nworkflow: convertor\nfoo: 1\n", to: "1.yaml")
        let failure = #expect(throws: Failure.self) { try PipelineCatalog(folder: folder.path) }
        #expect(failure?.message.hasPrefix("\(folder.path)/1.yaml line 3: unknown key \"foo\"") == true)
    }
}
