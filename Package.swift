// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// A C library of the system, reached through `Sources/<name>/module.modulemap`.
func library(_ name: String, apt package: String) -> Target {
  .systemLibrary(name: name, providers: [.apt([package])])
}

/// A module of HaloGNN and the test target that mirrors it.
func module(_ name: String, _ imports: [Target.Dependency] = [], tests: [Target.Dependency] = []) -> [Target] {
  [
    .target(name: name, dependencies: imports, swiftSettings: strict),
    .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + imports + tests, swiftSettings: strict),
  ]
}

// The module graph: a module may import what its line names, and nothing else.
let modules: [Target] =
  module("Telemetry")
  + module("Configuration", [.product(name: "Yams", package: "Yams")])
  + module("Compression", ["CZlib", "CZstd"])
  + module("Tensors", ["Compression", "CXXHash"])
  + module("Kernels", ["Tensors", "CBLAS", "CKernels", "Telemetry"])
  + module("Graphs", ["Tensors", "Telemetry"])
  + module("Datasets", ["Graphs", "Tensors", "Compression", "Telemetry"], tests: ["Partitions"])
  + module("Partitions", ["Graphs", "Tensors", "Telemetry"])
  + module("Partitioning", ["Partitions", "Graphs", "Tensors", "CMETIS", "Telemetry"], tests: ["Compression"])
  + module("Collectives", ["Tensors", "CMPI", "Telemetry"], tests: ["CollectivesProbe"])
  + [
    // A program whose workers fail in every way that the launcher must notice; the tests start it.
    .executableTarget(
      name: "CollectivesProbe", dependencies: ["Collectives"], path: "Tests/CollectivesProbe", swiftSettings: strict)
  ]
  + module("Messaging", ["CZeroMQ", "Tensors", "Telemetry"])
  + module("Sampling", ["Graphs", "Tensors", "CKernels", "Telemetry"])
  + module("KVStore", ["Messaging", "Partitions", "Kernels", "CKernels", "Graphs", "Tensors", "Telemetry"])
  + module("Models", ["Sampling", "Kernels", "Graphs", "Tensors", "Telemetry"])
  + module("PIM", ["Kernels", "Graphs", "Tensors", "Telemetry"])
  + module(
    "Loading", ["Sampling", "KVStore", "Partitions", "Messaging", "Graphs", "Tensors", "Telemetry"], tests: ["Partitioning", "Kernels"])
  + module(
    "Serving", ["Loading", "KVStore", "Sampling", "Kernels", "Partitions", "Messaging", "Graphs", "Tensors"], tests: ["Partitioning"])
  + module(
    "Inference",
    ["Models", "Kernels", "Loading", "KVStore", "Sampling", "Partitions", "Collectives", "Graphs", "Tensors", "Compression", "Telemetry"],
    tests: ["Partitioning", "PIM"])
  + module(
    "Training",
    [
      "Configuration", "Loading", "Models", "Inference", "Kernels", "KVStore", "Sampling", "Messaging", "Partitions",
      "Collectives", "Graphs", "Tensors", "Telemetry",
    ], tests: ["Partitioning", "Datasets", "PIM"])
  + module(
    "Benchmarks",
    [
      "Training", "Configuration", "Models", "Loading", "KVStore", "Sampling", "Messaging", "Partitions", "Partitioning", "Collectives",
      "Kernels", "Graphs", "Tensors", "Telemetry",
    ])

// The command reads options, calls one module and prints what it returns.
let command: [Target] = [
  .executableTarget(
    name: "halo",
    dependencies: [
      "Benchmarks", "Collectives", "Configuration", "Datasets", "Graphs", "Inference", "KVStore", "Kernels", "Messaging", "PIM",
      "Partitioning", "Partitions", "Serving", "Telemetry", "Tensors", "Training",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    path: "tools/halo",
    swiftSettings: strict),
  .testTarget(
    name: "HaloToolTests", dependencies: ["halo", "AllocationProbe", "Configuration", "PIM", "Tensors"], swiftSettings: strict),
  // A program that counts the blocks of memory that sampling asks for; the tests start it.
  .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
  .executableTarget(
    name: "AllocationProbe", dependencies: ["CAllocationCounter", "KVStore", "Loading", "Partitions", "Sampling", "Tensors"],
    path: "Tests/AllocationProbe", swiftSettings: strict),
]

let package = Package(
  name: "HaloGNN",
  products: [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    library("CMETIS", apt: "libmetis-dev"),
    library("CMPI", apt: "libopenmpi-dev"),
    library("CZeroMQ", apt: "libzmq3-dev"),
    library("CBLAS", apt: "libopenblas-dev"),
    library("CZlib", apt: "zlib1g-dev"),
    library("CZstd", apt: "libzstd-dev"),
    library("CXXHash", apt: "libxxhash-dev"),
    .target(name: "CKernels"),
  ] + modules + command
)
