// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for what reads bytes from the network. With libFuzzer:
//     swift build && .build/debug/FuzzXML Corpus/xml -max_total_time=60
// An input that fails is kept: put it into the corpus, and a test of it beside the reader's.
// The modules are compiled from the product's own sources, because their declarations are visible to one package only.

let fuzzer: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer"])]
let linking: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]

let package = Package(
    name: "fuzz",
    targets: [
        .executableTarget(name: "FuzzXML", dependencies: ["AWS", "HTTP"], swiftSettings: fuzzer, linkerSettings: linking),
        .executableTarget(name: "FuzzJSON", dependencies: ["AWS", "HTTP"], swiftSettings: fuzzer, linkerSettings: linking),
        .target(name: "AWS", dependencies: ["SigV4", "HTTP", "CChecksum"], swiftSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
        .target(name: "CChecksum"),
        .target(name: "HTTP", dependencies: ["CCurl"]),
        .target(name: "SigV4", dependencies: ["COpenSSL"]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    ],
    swiftLanguageModes: [.v6]
)
