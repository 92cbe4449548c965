import Foundation
import Tensors
import Testing

@Suite struct NPYTests {
  private func scratch(_ name: String) -> String {
    NSTemporaryDirectory() + "/halo-npy-\(UUID().uuidString)-\(name)"
  }

  @Test func writtenArrayIsReadBack() throws {
    let path = scratch("a.npy")
    defer { unlink(path) }
    try NPYWriter.write([1, 2, 3, 4, 5, 6] as [Int32], to: path, elementType: .int32, shape: [3, 2])
    let array = try NPYArray(mapping: path)
    #expect(array.shape == [3, 2])
    #expect(Array(try array.elements(as: Int32.self, shape: [nil, 2])) == [1, 2, 3, 4, 5, 6])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes.count == 128 + 24, "header padded to 64 bytes, then the elements")
    #expect(String(decoding: bytes[10..<80], as: UTF8.self).hasPrefix("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }"))
  }

  @Test(arguments: [0, 1, 99_999, 300_000])
  func aLengthMayComeWithTheEnd(count: Int) throws {
    let (path, other) = (scratch("d.npy"), scratch("e.npy"))
    defer {
      unlink(path)
      unlink(other)
    }
    let values = (0..<count).map { UInt32($0) }
    let writer = try NPYWriter(creating: path, elementType: .uint32)
    try writer.write(values.prefix(count / 3))
    try writer.write(values.dropFirst(count / 3))
    try writer.close()
    try NPYWriter.write(values, to: other, elementType: .uint32, shape: [count])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: other)))
  }

  @Test func wrongTypeAndShapeAreNamed() throws {
    let path = scratch("b.npy")
    defer { unlink(path) }
    try NPYWriter.write([1, 2] as [Float], to: path, elementType: .float32, shape: [2])
    let array = try NPYArray(mapping: path)
    #expect(throws: InputError(path, expected: "elements of int32", found: "float32")) { try array.elements(as: Int32.self) }
    #expect(throws: InputError(path, expected: "shape [3]", found: "[2]")) { try array.elements(as: Float.self, shape: [3]) }
  }

  /// Cutting a file anywhere, or flipping any byte of its header, gives an error or an array that fits the file; never a trap.
  @Test func damagedFilesNeverTrap() throws {
    let path = scratch("c.npy")
    defer { unlink(path) }
    try NPYWriter.write(Array(0..<10) as [Int64], to: path, elementType: .int64, shape: [10])
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self, "cut at \(length)") { try NPYArray(mapping: path) }
    }
    for position in 0..<128 {
      for value in [0, 0x20, 0x31, 0x39, 0x27, 0xFF] as [UInt8] {
        var damaged = whole
        damaged[position] = value
        try damaged.write(to: URL(fileURLWithPath: path))
        if let array = try? NPYArray(mapping: path) { #expect(array.bytes.count == 80) }
      }
    }
  }
}
