import Foundation
import Glibc
import Testing

/// Outputs on disks that are full or cannot be written: one line, and no half-written directory.
@Suite(.serialized) struct UnwritableOutputTests {
  /// A small file system in memory, mounted for one test.
  private final class SmallDisk {
    let folder: ScratchFolder
    var path: String { folder.url.path }

    /// - Returns: `nil` where this process may not mount.
    init?(options: String) throws {
      folder = try ScratchFolder()
      guard mount("tmpfs", folder.url.path, "tmpfs", 0, options) == 0 else { return nil }
    }

    func makeReadOnly() -> Bool { mount(nil, path, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 }

    deinit { umount2(folder.url.path, Int32(MNT_DETACH)) }
  }

  private static let mayMount = { (try? SmallDisk(options: "size=64k")) != nil }()

  private static let generate = ["dataset", "generate", "communities", "--nodes", "2000", "--edges", "20000"]

  @Test(.enabled(if: mayMount, "needs the right to mount a small file system"))
  func aFullDiskStopsADataset() throws {
    let disk = try #require(try SmallDisk(options: "size=256k"))
    let line = try HaloTool.run(Self.generate + ["-o", "\(disk.path)/dataset"]).errorLine()
    #expect(line.hasPrefix("halo: ") && line.hasSuffix(": No space left on device"), "\(line)")
    #expect(try disk.folder.contents().isEmpty)
  }

  @Test(.enabled(if: mayMount, "needs the right to mount a small file system"))
  func aFullDiskStopsAPartition() throws {
    let source = try ScratchFolder()
    try #require(try HaloTool.run(Self.generate + ["-o", source.path("dataset")]).status == 0)
    let disk = try #require(try SmallDisk(options: "size=256k"))
    let line = try HaloTool.run(["partition", source.path("dataset"), "-k", "2", "-o", "\(disk.path)/parts"]).errorLine()
    #expect(line.hasSuffix(": No space left on device"), "\(line)")
    #expect(try disk.folder.contents().isEmpty)
  }

  @Test(.enabled(if: mayMount, "needs the right to mount a small file system"))
  func aReadOnlyDiskStopsBoth() throws {
    let source = try ScratchFolder()
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", source.path("dataset")]).status == 0)
    let disk = try #require(try SmallDisk(options: "size=1m"))
    try #require(disk.makeReadOnly())
    for arguments in [Self.generate, ["partition", source.path("dataset"), "-k", "2"]] {
      let line = try HaloTool.run(arguments + ["-o", "\(disk.path)/out"]).errorLine()
      #expect(line.hasSuffix(": Read-only file system"), "\(line)")
    }
  }

  @Test(.enabled(if: mayMount, "needs the right to mount a small file system"))
  func fullAndReadOnlyDisksStopTraining() throws {
    let source = try ScratchFolder()
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", source.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", source.path("dataset"), "-k", "2", "-o", source.path("parts")]).status == 0)
    let disk = try #require(try SmallDisk(options: "size=16k"))
    let train = ["train", source.path("parts"), "-o", "\(disk.path)/run"]
    let full = try HaloTool.run(train).errorLine()
    #expect(full.hasSuffix(": No space left on device"), "\(full)")
    #expect(try disk.folder.contents().isEmpty)
    try #require(disk.makeReadOnly())
    let readOnly = try HaloTool.run(train).errorLine()
    #expect(readOnly.hasSuffix(": Read-only file system"), "\(readOnly)")
  }

  @Test func aFileSizeLimitStopsADataset() throws {
    let folder = try ScratchFolder()
    // The limit counts KiB; ignored, its signal becomes an error of write.
    let outcome = try HaloTool.run(Self.generate + ["-o", folder.path("dataset")], under: "ulimit -f 64; trap '' XFSZ; exec \"$@\"")
    let line = try outcome.errorLine()
    #expect(line.hasSuffix(": File too large"), "\(line)")
    #expect(try folder.contents().isEmpty)
  }

  @Test func aFullStandardOutputIsAnError() throws {
    let folder = try ScratchFolder()
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", folder.path("dataset")]).status == 0)
    let line = try HaloTool.run(["dataset", "show", folder.path("dataset"), "--json"], under: "exec \"$@\" >/dev/full").errorLine()
    #expect(line == "halo: write standard output: No space left on device")
  }
}
