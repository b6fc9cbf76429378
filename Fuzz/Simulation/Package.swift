// swift-tools-version: 6.2
import PackageDescription

// The long form of Tests/SimulationTests: `swift run -c release simulate`; docs/PROTOCOL.md explains it.
// The protocol is compiled from the product's own sources, because their declarations are visible to one package only; the
// model from the tests'.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "simulation",
    targets: [
        // One thread a world: what the runtime would check on each access is left to the tests in debug.
        .executableTarget(
            name: "simulate", dependencies: ["Jobs"], swiftSettings: strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"])]),
        .target(name: "Jobs", dependencies: ["Columns"], swiftSettings: strict),
        .target(name: "Columns"),
    ],
    swiftLanguageModes: [.v6]
)
