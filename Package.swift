// swift-tools-version: 6.3
import PackageDescription

/// The commit that `scrubber --version` tells. The Makefile says which one it is, because SwiftPM reads it from the
/// checkout only when this file has changed.
let commit: String = {
  if let commit = Context.environment["SCRUBBER_COMMIT"] { return commit }
  guard let git = Context.gitInformation else { return "unknown" }
  return git.currentCommit.prefix(12) + (git.hasUncommittedChanges ? "-dirty" : "")
}()

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "scrubber",
  products: [
    .executable(name: "scrubber", targets: ["Scrubber"]),
    .library(name: "IndexFormat", targets: ["IndexFormat"]),
    .library(name: "Engine", targets: ["Engine"]),
  ],
  targets: [
    // Everything a bucket says by names and JSON. Knows no file, socket, clock or C library.
    .target(name: "IndexFormat", swiftSettings: strict),
    // One C constant, because a define of SwiftPM reaches C but not Swift.
    .target(
      name: "CBuildInformation",
      path: "Sources/CLibraries/CBuildInformation",
      cSettings: [.define("SCRUBBER_COMMIT", to: "\"\(commit)\"")]
    ),
    // What S3 takes: HTTP, the language of its answers, and the hashes that sign requests.
    .systemLibrary(
      name: "CCurl",
      path: "Sources/CLibraries/CCurl",
      pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]
    ),
    .systemLibrary(
      name: "CXML2",
      path: "Sources/CLibraries/CXML2",
      pkgConfig: "libxml-2.0",
      providers: [.apt(["libxml2-dev"])]
    ),
    .systemLibrary(
      name: "CCrypto",
      path: "Sources/CLibraries/CCrypto",
      pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"])]
    ),
    // The table of safekeepers' dumps.
    .systemLibrary(
      name: "CPostgres",
      path: "Sources/CLibraries/CPostgres",
      pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"])]
    ),
    // What blobs of layer files are compressed with.
    .systemLibrary(
      name: "CZstd",
      path: "Sources/CLibraries/CZstd",
      pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"])]
    ),
    // What page images in WAL may be compressed with, beside zstd.
    .systemLibrary(
      name: "CLZ4",
      path: "Sources/CLibraries/CLZ4",
      pkgConfig: "liblz4",
      providers: [.apt(["liblz4-dev"])]
    ),
    // An instruction of the processor, which Swift cannot name.
    .target(name: "CChecksums", path: "Sources/CLibraries/CChecksums"),
    // A call of Linux that Swift's Glibc does not show.
    .target(name: "CLinux", path: "Sources/CLibraries/CLinux"),
    // What layers hold: reading, writing and checking them over ranged reads. Knows no store and no command line.
    .target(
      name: "Engine",
      dependencies: ["IndexFormat", "CZstd", "CLZ4", "CChecksums", "CLinux"],
      swiftSettings: strict
    ),
    // Both edges: object stores, the command line, reports.
    .executableTarget(
      name: "Scrubber",
      dependencies: ["IndexFormat", "Engine", "CBuildInformation", "CCrypto", "CCurl", "CPostgres", "CXML2"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "Benchmarks",
      dependencies: ["IndexFormat", "Engine"],
      path: "Benchmarks",
      swiftSettings: strict
    ),
    .testTarget(name: "IndexFormatTests", dependencies: ["IndexFormat"], swiftSettings: strict),
    .testTarget(name: "EngineTests", dependencies: ["Engine", "IndexFormat"], swiftSettings: strict),
    // The mechanical rules of the project, read off its sources.
    .testTarget(name: "TidyTests", swiftSettings: strict),
    .testTarget(
      name: "ScrubberTests",
      dependencies: ["Scrubber", "Engine", "IndexFormat"],
      exclude: ["Golden"],
      swiftSettings: strict
    ),
  ],
  swiftLanguageModes: [.v6]
)
