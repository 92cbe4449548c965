import Foundation
import Tensors
import Testing

@Suite struct BufferWriterTests {
  @Test func whatIsAppendedIsThereWhereverItLies() throws {
    let folder = try ScratchFolder()
    for storage in [ArrayStorage.memory, .files(in: folder.path, bufferBytes: 64)] {
      let writer = try BufferWriter<UInt32>(atMost: 3_000_000, storage: storage)
      let pieces: [Buffer<UInt32>] = [
        Buffer(copying: 0..<5 as Range<UInt32>), Buffer(count: 0), Buffer(copying: 5..<2_000_000 as Range<UInt32>),
      ]
      try withExtendedLifetime(pieces) {
        try writer.append(pieces.map { UnsafeBufferPointer($0.elements) }, threads: Threads(2))
      }
      try writer.append(Buffer(copying: [7, 8] as [UInt32]))
      #expect(writer.count == 2_000_002)
      let found = try writer.finish()
      #expect(found.isMapped == (storage != .memory) && found.view.isMapped == found.isMapped)
      let isSame = withExtendedLifetime(found) {
        found.elements.count == 2_000_002 && found.elements.prefix(2_000_000).enumerated().allSatisfy { UInt32($0) == $1 }
          && Array(found.elements.suffix(2)) == [7, 8]
      }
      #expect(isSame)
      found.pointer[0] = 9
      #expect(found[0] == 9)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "the files have no names")
  }

  @Test func nothingIsAnEmptyBuffer() throws {
    let folder = try ScratchFolder()
    for storage in [ArrayStorage.memory, .files(in: folder.path, bufferBytes: 64)] {
      #expect(try BufferWriter<Int64>(atMost: 0, storage: storage).finish().count == 0)
    }
    #expect(throws: SystemError.self) { try BufferWriter<Int64>(atMost: 0, storage: .files(in: folder.path + "/none", bufferBytes: 1)) }
  }
}
