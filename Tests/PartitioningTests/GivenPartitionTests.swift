import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct GivenPartitionTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func assign(_ text: String, k: Int = 2) throws -> [UInt16] {
    let path = directory.file("parts.txt")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try assign(file: path, k: k)
  }

  private func assign(file: String, k: Int) throws -> [UInt16] {
    let edges = EdgeList(sources: ArrayView([0, 1]), destinations: ArrayView([1, 2]))
    let graph = RawGraph(name: "path", schema: .plain, nodes: [NodeData(count: 4)], edges: [edges])
    return try Partitioner.assign(graph, PartitionOptions(partCount: k, method: .given(path: file)), threads: Threads(1)).parts
  }

  @Test func textWithAnyLineEndsIsRead() throws {
    #expect(try assign("0\n1\n1\n0\n") == [0, 1, 1, 0])
    #expect(try assign("0\n1\n1\n0") == [0, 1, 1, 0])
    #expect(try assign("0\r\n1\r\n 1 \r\n0\r\n\r\n") == [0, 1, 1, 0])
    #expect(try assign("2\n1\n0\n2\n", k: 3) == [2, 1, 0, 2])
  }

  @Test func faultyLinesAreNamed() throws {
    let path = directory.file("parts.txt")
    #expect(throws: InputError(path, line: 2, expected: "a part from 0 to 1", found: "'2'")) { try assign("0\n2\n1\n0\n") }
    #expect(throws: InputError(path, line: 3, expected: "a part from 0 to 1", found: "'x'")) { try assign("0\n1\nx\n0\n") }
    #expect(throws: InputError(path, line: 1, expected: "a part from 0 to 1", found: "'-1'")) { try assign("-1\n1\n0\n0\n") }
    #expect(throws: InputError(path, line: 2, expected: "a part from 0 to 1", found: "''")) { try assign("0\n\n1\n0\n") }
    #expect(throws: InputError(path, expected: "4 lines, one for each node", found: "3")) { try assign("0\n1\n1\n") }
    #expect(throws: InputError(path, line: 5, expected: "4 lines, one for each node", found: "more")) { try assign("0\n1\n1\n0\n1\n") }
    #expect(throws: InputError(path, expected: "a node in each of 3 parts", found: "none in part 2")) {
      try assign("0\n1\n1\n0\n", k: 3)
    }
    #expect(throws: InputError.self) { try assign("") }
    #expect(throws: SystemError.self) { try assign(file: directory.file("nowhere"), k: 2) }
  }

  @Test func arraysOfWholeNumbersAreRead() throws {
    let path = directory.file("parts.npy")
    try NPYWriter.write([0, 1, 1, 0] as [Int64], to: path, elementType: .int64, shape: [4])
    #expect(try assign(file: path, k: 2) == [0, 1, 1, 0])
    try NPYWriter.write([1, 1, 0, 0] as [UInt8], to: path, elementType: .uint8, shape: [4])
    #expect(try assign(file: path, k: 2) == [1, 1, 0, 0])
    try NPYWriter.write([0, 1, 2, 0] as [Int32], to: path, elementType: .int32, shape: [4])
    #expect(throws: InputError("\(path), row 2", expected: "a part from 0 to 1", found: "2")) { try assign(file: path, k: 2) }
    try NPYWriter.write([0, 1, 1] as [Int32], to: path, elementType: .int32, shape: [3])
    #expect(throws: InputError.self) { try assign(file: path, k: 2) }
    try NPYWriter.write([0, 1, 1, 0] as [Float], to: path, elementType: .float32, shape: [4])
    #expect(throws: InputError(path, expected: "whole numbers", found: "float32")) { try assign(file: path, k: 2) }
  }
}
