import Tensors
import Testing

@Suite struct NPZArchiveTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func archive(_ bytes: [UInt8]) throws -> NPZArchive { try NPZArchive(mapping: try folder.file("a.npz", bytes)) }

  /// The message of the error that opening `bytes` and reading every array ends in, without the folder.
  private func failure(_ bytes: [UInt8]) throws -> String {
    let path = try folder.file("a.npz", bytes)
    let error = #expect(throws: InputError.self) {
      let archive = try NPZArchive(mapping: path)
      for name in archive.names { _ = try archive.array(name) }
    }
    return String(error?.description.dropFirst(folder.path.count + 1) ?? "none")
  }

  @Test func arraysThatNumPyCompressedAreRead() throws {
    let archive = try archive(NPZFixtures.compressed)
    #expect(archive.names == ["a", "b"])
    let a = try archive.array("a")
    #expect(a.shape == [2, 3])
    #expect(try Array(a.elements(as: Int32.self, shape: [2, nil])) == [0, 1, 2, 3, 4, 5])
    #expect(try Array(archive.array("b").elements(as: Double.self)) == [0.5, -2])
  }

  @Test func arraysThatNumPyStoredAreRead() throws {
    let archive = try archive(NPZFixtures.stored)
    #expect(archive.names == ["x", "n"])
    #expect(try Array(archive.array("x").elements(as: Float.self)) == [1.5, 2.5, -3])
    #expect(try Array(archive.array("n").elements(as: UInt64.self)) == [7, 8])
  }

  @Test func zip64RecordsAndCommentsAreRead() throws {
    let content = [
      ("x.npy", NPZFixtures.npy("<i4", "(3,)", [5, 6, 7] as [Int32])), ("y.npy", NPZFixtures.npy("|u1", "()", [9] as [UInt8])),
    ]
    for zip64 in [false, true] {
      let archive = try archive(NPZFixtures.zip(content, zip64: zip64, comment: "a comment"))
      #expect(try Array(archive.array("x").elements(as: Int32.self)) == [5, 6, 7])
      #expect(try archive.array("y").shape == [])
      #expect(try Array(archive.array("y").copyIntegers().view) == [9])
    }
  }

  @Test func anArchiveOfNothingHasNoArrays() throws {
    let archive = try archive(NPZFixtures.zip([]))
    #expect(archive.names == [])
    let error = #expect(throws: InputError.self) { try archive.array("x") }
    #expect(error?.description == "\(folder.path)/a.npz: expected an array 'x', found no array")
  }

  @Test func everyTruncationIsAnError() throws {
    for bytes in [
      NPZFixtures.compressed, NPZFixtures.stored, NPZFixtures.zip([("x.npy", NPZFixtures.npy("|u1", "(1,)", [9] as [UInt8]))], zip64: true),
    ] {
      for length in 0..<bytes.count {
        #expect(throws: InputError.self, "cut to \(length)") { try archive(Array(bytes[..<length])) }
      }
    }
    #expect(
      try failure(Array(NPZFixtures.stored.dropLast(5)))
        == "a.npz: expected a .npz file, found 513 bytes without a zip end record (truncated?)")
  }

  @Test func noFlippedByteIsReadAsSomethingElseOrCrashes() throws {
    // Dates, attributes and extra fields do not matter; whatever can still be read must be what was written.
    for original in [NPZFixtures.compressed, NPZFixtures.stored] {
      let expected = try archive(original)
      let arrays = try expected.names.map { Array(try expected.array($0).bytes) }
      for position in original.indices {
        for mask: UInt8 in [0x01, 0x80, 0xFF] {
          var broken = original
          broken[position] ^= mask
          do {
            let archive = try archive(broken)
            for name in archive.names where expected.names.contains(name) {
              #expect(try arrays.contains(Array(archive.array(name).bytes)), "byte \(position)")
            }
          } catch is InputError {}
        }
      }
    }
  }

  @Test func damagedContentNamesTheArray() throws {
    var bytes = NPZFixtures.zip([("x.npy", NPZFixtures.npy("<i4", "(3,)", [5, 6, 7] as [Int32]))])
    bytes[30 + 5 + 70] ^= 1
    #expect(try failure(bytes) == "a.npz(x.npy): expected content that matches its CRC-32, found damaged content")
  }

  @Test func arraysThatDoNotFitTheirHeaderAreErrors() throws {
    let short = NPZFixtures.npy("<i4", "(4,)", [5, 6, 7] as [Int32])
    #expect(try failure(NPZFixtures.zip([("x.npy", short)])) == "a.npz(x.npy): expected 16 bytes for shape [4] of int32, found 12 bytes")
    let twice = NPZFixtures.npy("|u1", "(1,)", [1] as [UInt8])
    #expect(try failure(NPZFixtures.zip([("x.npy", twice), ("x.npy", twice)])) == "a.npz: expected each array once, found 'x.npy' twice")
    #expect(
      try failure(Array("PK not a zip file at all, only text that begins so".utf8)).hasPrefix("a.npz: expected a .npz file, found 50 bytes")
    )
  }
}
