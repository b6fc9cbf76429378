// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for what reads bytes from the network and from other people's files. With libFuzzer:
//     swift build && .build/debug/FuzzXML Corpus/xml -max_total_time=60
// `Fuzz/smoke` runs all of them for some seconds each; README.md says how to run them for long.
// An input that fails is kept: put it into the corpus, and a test of it beside the reader's.
// The modules are compiled from the product's own sources, because their declarations are visible to one package only.

let fuzzer: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer"])]
/// Optimised, with the checks of a debug build: what is fuzzed is called a thousand times a second.
let fuzzed: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-O"])]
let linking: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]

let package = Package(
    name: "fuzz",
    targets: [
        .executableTarget(name: "FuzzXML", dependencies: ["AWS", "HTTP"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(name: "FuzzJSON", dependencies: ["AWS", "HTTP"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(
            name: "FuzzRecords", dependencies: ["Tabular", "Compression", "Columns"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(
            name: "FuzzCSV", dependencies: ["Tabular", "Compression", "Columns"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(name: "FuzzContainers", dependencies: ["Compression"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(name: "FuzzMessages", dependencies: ["Arrivals"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(
            name: "FuzzParquet", dependencies: ["Parquet", "Compression", "Columns"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(
            name: "FuzzParquetRoundTrip", dependencies: ["Parquet", "Compression", "Columns"], swiftSettings: fuzzer,
            linkerSettings: linking),
        .target(name: "Parquet", dependencies: ["Compression", "Columns"], swiftSettings: fuzzed),
        .target(name: "Arrivals", dependencies: ["SigV4", "Columns"], swiftSettings: fuzzed),
        .target(name: "Tabular", dependencies: ["Compression", "Columns", "CScan", "CIconv"], swiftSettings: fuzzed),
        .target(name: "Compression", dependencies: ["CZstd", "CZlib", "CBzip2", "CBrotli"], swiftSettings: fuzzed),
        .target(name: "Columns"),
        .target(name: "CScan"),
        .target(name: "CIconv"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CBzip2"),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec"),
        .target(name: "AWS", dependencies: ["SigV4", "HTTP", "CChecksum"], swiftSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
        .target(name: "CChecksum"),
        .target(name: "HTTP", dependencies: ["CCurl"]),
        .target(name: "SigV4", dependencies: ["COpenSSL"]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    ],
    swiftLanguageModes: [.v6]
)
