import Foundation
import Partitions
import Tensors
import Testing

@Suite struct AssignmentFileTests {
  private let directory: TemporaryDirectory
  private let parts: [UInt16] = [0, 2, 10, 65_534, 0]

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: ["a.txt", "a.part", "graph.part.4"])
  func textHasAPartALine(name: String) throws {
    try AssignmentFile(directory.file(name)).write(parts)
    #expect(try String(contentsOfFile: directory.file(name), encoding: .utf8) == "0\n2\n10\n65534\n0\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [name])
  }

  @Test func arraysAreInt32() throws {
    try AssignmentFile(directory.file("a.npy")).write(parts)
    let array = try NPYArray(mapping: directory.file("a.npy")).elements(as: Int32.self, shape: [5])
    #expect(Array(array) == [0, 2, 10, 65_534, 0])
  }

  @Test func longFilesAreWhole() throws {
    let many = (0..<300_000).map { UInt16($0 % 60_000) }
    try AssignmentFile(directory.file("a.txt")).write(many)
    let lines = try String(contentsOfFile: directory.file("a.txt"), encoding: .utf8).split(separator: "\n")
    #expect(lines.map { UInt16($0) } == many)
  }

  @Test func otherNamesAreRefused() {
    for name in ["a", "a.csv", "part", "a.part.x", "a.4"] { #expect(throws: InputError.self, "\(name)") { try AssignmentFile(name) } }
  }

  @Test func whatExistsIsReplacedOnlyByForce() throws {
    let file = try AssignmentFile(directory.file("a.txt"))
    try file.checkTarget(force: false)
    try file.write(parts)
    #expect(throws: InputError.self) { try file.checkTarget(force: false) }
    try file.checkTarget(force: true)
    let folder = directory.file("b.txt")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    #expect(throws: InputError.self) { try AssignmentFile(folder).checkTarget(force: true) }
    #expect(throws: SystemError.self) { try AssignmentFile(directory.file("none/a.txt")).checkTarget(force: false) }
  }
}
