// swift-tools-version: 6.2
import PackageDescription

// The order below is the architecture: a module imports only what stands further down.
// Tests/TidyTests checks the arrows; docs/ARCHITECTURE.md explains them.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func system(_ name: String, pkgConfig: String?, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "landfall",
    products: [.executable(name: "landfall", targets: ["landfall"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
    ],
    targets: [
        // commands, settings, wiring
        .executableTarget(
            name: "landfall",
            dependencies: [
                "Worker", "Workflows", "AWSBackend", "LocalBackend", "Jobs", "AWS", "SigV4", "HTTP",
                "Postgres", "SQL", "Parquet", "Tabular", "Compression", "Columns", "Telemetry",
                .product(name: "ArgumentParser", package: "swift-argument-parser"), "Yams", log,
            ],
            swiftSettings: strict),

        // receive, keep alive, settle, drain; the admin endpoint
        module("Worker", ["Workflows", "Jobs", "Telemetry", "FlyingFox", log]),
        // pipelines; Loader, Convertor and their steps
        module(
            "Workflows", ["Jobs", "SigV4", "Postgres", "SQL", "Parquet", "Tabular", "Compression", "Columns", "Telemetry", "Yams", log]),
        // the four seams of Jobs, on AWS and on one machine
        module("AWSBackend", ["Jobs", "AWS", "SigV4", "HTTP"]),
        module("LocalBackend", ["Jobs", "CSQLite"]),
        // what a job is, how it runs, how it ends, and the four seams
        module("Jobs", ["AWS", "SigV4", "HTTP", "Postgres", "SQL", "Parquet", "Tabular", "Compression", "Columns", "Telemetry", log]),

        // pure data: never log, sleep, read a clock or touch a network
        module("SQL", ["Columns"]),
        module("Parquet", ["Compression", "Columns"]),
        module("Tabular", ["Compression", "Columns", "CScan", "CIconv"]),
        module("Columns"),
        module("Compression", ["CZstd", "CZlib", "CBzip2", "CBrotli"]),

        // the outside world
        module("Postgres", ["CPostgres"]),
        module("AWS", ["SigV4", "HTTP", "CChecksum"]),
        module("HTTP", ["CCurl"]),
        module("SigV4", ["COpenSSL"]),
        module("Telemetry", [log]),

        // C: each is called from one Swift file
        .target(name: "CScan"),
        .target(name: "CIconv"),
        .target(name: "CChecksum"),
        system("CBzip2", pkgConfig: nil, apt: "libbz2-dev"),
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        system("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
        system("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        // pkg-config can be asked for one name; the module map names both libraries.
        system("CBrotli", pkgConfig: "libbrotlidec", apt: "libbrotli-dev"),
        system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),

        tests("TidyTests"),
        tests("ColumnsTests", ["Columns"]),
        tests("CompressionTests", ["Compression"]),
        tests("TabularTests", ["Tabular", "Columns", "Compression"]),
        .testTarget(
            name: "ParquetTests", dependencies: ["Parquet", "Compression", "Columns"], exclude: ["Corpus/verdicts.tsv"],
            swiftSettings: strict),
        tests("SQLTests", ["SQL", "Columns"]),
        tests("PostgresTests", ["Postgres", "SQL", "Columns"]),
        tests("SigV4Tests", ["SigV4"]),
        // servers that misbehave, for tests
        .target(name: "FaultServer", path: "Tests/FaultServer", swiftSettings: strict),
        tests("HTTPTests", ["HTTP", "FaultServer"]),
        tests("AWSTests", ["AWS", "HTTP", "SigV4", "FaultServer"]),
        tests("JobsTests", ["Jobs", "AWS", "HTTP", "Postgres", "SQL", "Tabular", "Parquet", "Compression", "Telemetry", log]),
        tests("BackendTests", ["AWSBackend", "LocalBackend", "Jobs", "AWS", "HTTP"]),
        tests("SimulationTests", ["Jobs"]),
        tests("WorkflowsTests", ["Workflows", "Jobs", "SQL", "Parquet", "Tabular", "Compression", "Columns", "Telemetry", log]),
        tests("WorkerTests", ["Worker", "Jobs", log]),
        tests("EndToEndTests", ["landfall", "FaultServer"]),
    ],
    swiftLanguageModes: [.v6]
)
