// swift-tools-version: 6.2
import PackageDescription

// Measurements, apart from the product: `swift run -c release signing`, `swift run -c release encodings`,
// `swift run -c release download URL FILE` against `swift run -c release server FILE PORT`.
// The modules are compiled from the product's own sources, because their declarations are visible to one package only.

let package = Package(
    name: "benchmarks",
    targets: [
        .executableTarget(name: "signing", dependencies: ["SigV4"]),
        .executableTarget(name: "download", dependencies: ["HTTP", "AWS"]),
        .executableTarget(name: "csv", dependencies: ["Tabular", "Columns", "Compression"]),
        .executableTarget(name: "json", dependencies: ["Tabular", "Columns", "Compression"]),
        .executableTarget(name: "server"),
        .executableTarget(name: "encodings", dependencies: ["Parquet", "Columns"]),
        // The loops that are measured are internal.
        .target(name: "Parquet", dependencies: ["Compression", "Columns"], swiftSettings: [.unsafeFlags(["-enable-testing"])]),
        .target(name: "Columns"),
        .target(name: "Compression", dependencies: ["CZstd", "CZlib", "CBrotli", "CBzip2"]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec"),
        .systemLibrary(name: "CBzip2"),
        .target(name: "AWS", dependencies: ["SigV4", "HTTP", "CChecksum"]),
        .target(name: "CChecksum"),
        .target(name: "Tabular", dependencies: ["Compression", "Columns", "CScan", "CIconv"]),
        .target(name: "CIconv"),
        .target(name: "CScan"),
        .target(name: "HTTP", dependencies: ["CCurl"]),
        .target(name: "SigV4", dependencies: ["COpenSSL"]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    ],
    swiftLanguageModes: [.v6]
)
