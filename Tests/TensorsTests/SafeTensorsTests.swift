import Foundation
import Tensors
import Testing

@Suite struct SafeTensorsTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private var path: String { folder.path + "/m.safetensors" }

  private func bytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
  }

  private func failure(_ bytes: [UInt8]) throws -> String {
    let file = try folder.file("bad.safetensors", bytes)
    let error = #expect(throws: InputError.self) { try SafeTensorsFile(mapping: file) }
    return String(error?.description.dropFirst(folder.path.count + 1) ?? "none")
  }

  @Test func bytesOfASmallFileAreExactlyTheFormat() throws {
    let tensors = [
      SafeTensor(name: "w", shape: [2, 1], floats: ArrayView([1, -2] as [Float])),
      SafeTensor(name: "b\"1", elementType: .uint8, shape: [3], bytes: ArrayView([7, 8, 9] as [UInt8])),
      SafeTensor(name: "step", elementType: .int64, shape: [], bytes: ArrayView([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8])),
    ]
    try SafeTensorsWriter.write(tensors, metadata: ["seed": "7", "a\\\n": "é"], to: path)
    let header =
      #"{"__metadata__":{"a\\\u000a":"é","seed":"7"},"b\"1":{"dtype":"U8","shape":[3],"data_offsets":[16,19]},"#
      + #""step":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]}}"#
    let padded = header + String(repeating: " ", count: (64 - (8 + header.utf8.count) % 64) % 64)
    let data: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0x80, 0x3F] + [0, 0, 0, 0xC0] + [7, 8, 9]
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == bytes(padded, data: data))
    #expect((8 + padded.utf8.count) % 64 == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["m.safetensors"])
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let weights = ArrayView((0..<35).map { Float($0) * 0.5 })
    let tensors = [
      SafeTensor(name: "layer.0/weight", shape: [5, 7], floats: weights), SafeTensor(name: "empty", shape: [0, 4], floats: ArrayView()),
      SafeTensor(name: "flags", elementType: .bool, shape: [2], bytes: ArrayView([1, 0] as [UInt8])),
    ]
    try SafeTensorsWriter.write(tensors.reversed(), metadata: ["note": "a \"quoted\" \u{1}"], to: path)
    let file = try SafeTensorsFile(mapping: path)
    #expect(file.names == ["empty", "flags", "layer.0/weight"])
    #expect(file.metadata == ["note": "a \"quoted\" \u{1}"])
    #expect(try Array(file.floats("layer.0/weight", shape: [5, 7])) == Array(weights))
    #expect(file["empty"]?.shape == [0, 4])
    #expect(file["flags"].map { Array($0.bytes) } == [1, 0])
    #expect(file["none"] == nil)
  }

  @Test func orderOfTensorsDoesNotChangeTheFile() throws {
    let tensors = (0..<20).map { SafeTensor(name: "t\($0)", shape: [$0], floats: ArrayView([Float](repeating: Float($0), count: $0))) }
    try SafeTensorsWriter.write(tensors, metadata: ["a": "1", "b": "2", "c": "3"], to: path)
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    for shift in 1..<20 {
      try SafeTensorsWriter.write(Array(tensors[shift...] + tensors[..<shift]), metadata: ["c": "3", "b": "2", "a": "1"], to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
    }
  }

  @Test func wrongNamesShapesAndTypesAreErrors() throws {
    try SafeTensorsWriter.write([SafeTensor(name: "w", shape: [2], floats: ArrayView([1, 2] as [Float]))], to: path)
    let file = try SafeTensorsFile(mapping: path)
    #expect(throws: InputError(path, expected: "a tensor 'v'", found: "none")) { try file.floats("v", shape: [2]) }
    #expect(throws: InputError(path, expected: "'w' of shape [1, 2], float32", found: "shape [2], float32")) {
      try file.floats("w", shape: [1, 2])
    }
  }

  @Test func damagedFilesAreErrors() throws {
    #expect(try failure([1, 2, 3]) == "bad.safetensors: expected a .safetensors file, found 3 bytes")
    #expect(
      try failure([255, 0, 0, 0, 0, 0, 0, 0, 0x7B])
        == "bad.safetensors: expected a .safetensors header inside the file, found a length of 255 in 9 bytes")
    #expect(try failure(bytes("{]")) == "bad.safetensors: expected a JSON header of tensors, found '{]'")
    let entry = #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    #expect(
      try failure(bytes(entry, data: [1, 2, 3])) == "bad.safetensors: expected the bytes of 'w' to follow byte 0, found offsets [0, 8]")
    #expect(
      try failure(bytes(entry, data: [UInt8](repeating: 0, count: 9))) == "bad.safetensors: expected 8 bytes of tensors, found 9")
    for (header, message) in [
      (#"{"w":{"dtype":"F9","shape":[2],"data_offsets":[0,8]}}"#, "expected a known element type for 'w', found F9"),
      (#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "expected 8 bytes to match the shape of 'w', found [3] of float32"),
      (#"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "expected 8 bytes to match the shape of 'w', found [-2] of float32"),
      (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,8]}}"#, "expected the bytes of 'w' to follow byte 0, found offsets [4, 8]"),
      (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, "expected the bytes of 'w' to follow byte 0, found offsets [0]"),
      (
        #"{"w":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}"#,
        "expected 8 bytes to match the shape of 'w', found [9223372036854775807, 4] of float32"
      ),
    ] { #expect(try failure(bytes(header, data: [UInt8](repeating: 0, count: 8))) == "bad.safetensors: \(message)") }
  }

  @Test func aFailedWriteLeavesNothingBehind() throws {
    let blocked = folder.path + "/blocked"
    try FileManager.default.createDirectory(atPath: blocked + "/inside", withIntermediateDirectories: true)
    #expect(throws: SystemError.self) { try SafeTensorsWriter.write([], to: blocked) }
    #expect(throws: SystemError.self) { try SafeTensorsWriter.write([], to: folder.path + "/none/m") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["blocked"])
  }
}
