import Tensors
import Testing

@Suite struct ChecksumTests {
  // Expected values: a C program calling libxxhash 0.8's XXH3_128bits.
  private let longBytes = (0..<3_000_000).map { UInt8(($0 * $0 + 7) % 251) }
  private let longDigest = "8c4377627c1e8d4164d18452bf22833d"

  @Test func digestsEqualThoseOfTheLibrary() {
    for (text, digest) in [
      ("", "99aa06d3014798d86001c324468d497f"), ("a", "a96faf705af16834e6c632b61e964e1f"),
      ("123456789", "33119477ede5dcd5e9716427681d5860"),
    ] { #expect(Array(text.utf8).withUnsafeBytes { Checksum.of($0) } == digest) }
    #expect(longBytes.withUnsafeBytes { Checksum.of($0) } == longDigest)
  }

  @Test func piecesAndFilesGiveTheDigestOfTheWhole() throws {
    for piece in [1000, 65_537, 1 << 20, 3_000_000] {
      var running = RunningChecksum()
      longBytes.withUnsafeBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: piece) {
          running.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + piece)]))
        }
      }
      #expect(running.digest == longDigest, "pieces of \(piece)")
    }
    let folder = try ScratchFolder()
    #expect(try Checksum.of(file: try folder.file("long", longBytes)) == longDigest)
    #expect(try Checksum.of(file: try folder.file("empty", [])) == "99aa06d3014798d86001c324468d497f")
  }

  @Test func missingFileIsNamed() {
    let error = #expect(throws: SystemError.self) { try Checksum.of(file: "/nowhere/x") }
    #expect(error?.description == "open /nowhere/x: No such file or directory")
  }
}
