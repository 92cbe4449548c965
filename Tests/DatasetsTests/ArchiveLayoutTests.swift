import Compression
import Datasets
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct ArchiveLayoutTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// An array of the archive, as the bytes of its `.npy` file.
  private func npy<T: BitwiseCopyable>(_ elements: [T], _ type: ElementType, _ shape: [Int]) throws -> [UInt8] {
    let path = folder.path + "/array.npy"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NPYWriter.write(elements, to: path, elementType: type, shape: shape)
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Four nodes, three edges, two splits.
  private func sound() throws -> [String: [UInt8]] {
    let (f, t) = (UInt8(0), UInt8(1))
    return [
      "edges": try npy([0, 1, 1, 2, 3, 0] as [Int64], .int64, [3, 2]),
      "node_features": try npy((0..<8).map(Float.init), .float32, [4, 2]), "node_labels": try npy([1, 0, 1, 2] as [Int64], .int64, [4]),
      "train_masks": try npy([t, f, f, f, f, t, t, f], .bool, [2, 4]), "val_masks": try npy([f, t, f, f, t, f, f, f], .bool, [2, 4]),
      "test_masks": try npy([f, f, t, t, f, f, f, f], .bool, [2, 4]),
    ]
  }

  private func write(_ arrays: [String: [UInt8]]) throws { try folder.file("cats.npz", bytes: Self.zip(arrays)) }

  @Test func edgesMayHaveFeatures() throws {
    var arrays = try sound()
    arrays["edge_features"] = try npy([1, 2, 3, 4, 5, 6] as [Float], .float32, [3, 2])
    try write(arrays)
    let graph = try DatasetConverter().convert(folder: folder.path)
    #expect(graph.edges[0].tables["feat"]?.denseFloats == [1, 2, 3, 4, 5, 6])
    #expect(
      try failure { $0["edge_features"] = try npy([1, 2] as [Float], .float32, [2, 1]) }.hasSuffix(
        "expected 3 rows, one for each edge, found 2"))
  }

  /// The error of the archive after `change`.
  private func failure(_ change: (inout [String: [UInt8]]) throws -> Void) throws -> String {
    var arrays = try sound()
    try change(&arrays)
    try write(arrays)
    return folder.failure { try DatasetConverter().convert(folder: folder.path) }
  }

  @Test func archiveBecomesAGraph() throws {
    try write(try sound())
    let notices = Notices()
    for path in [folder.path, folder.path + "/cats.npz"] {
      let graph = try DatasetConverter().convert(folder: path, context: notices.context())
      #expect(graph.pairs == [[0, 1], [1, 2], [3, 0]] && graph.nodes[0].count == 4)
      #expect(graph.nodes[0].labels.map(Array.init) == [1, 0, 1, 2] && graph.nodes[0].classCount == 3)
      #expect(graph.nodes[0].tables["feat"]?.denseFloats == [0, 1, 2, 3, 4, 5, 6, 7])
      #expect(
        graph.nodes[0].splits == [
          Split(name: "fixed-0", train: [0], validation: [1], test: [2, 3]), Split(name: "fixed-1", train: [1, 2], validation: [0]),
        ])
    }
    #expect(try DatasetConverter().convert(folder: folder.path + "/cats.npz").name == "cats")
    #expect(Set(notices.all) == ["splits fixed-0, fixed-1: the first is the default; --split NAME names another"])
    let other = try DatasetConverter(split: "fixed-1", transforms: EdgeTransforms(undirected: true)).convert(folder: folder.path)
    #expect(other.splitNames == ["fixed-1", "fixed-0"] && other.edges[0].count == 6)
  }

  @Test func onlyEdgesAndANumberOfNodesAreRequired() throws {
    var arrays = try sound()
    for name in ["node_features", "node_labels"] { arrays[name] = nil }
    try write(arrays)
    #expect(try DatasetConverter().convert(folder: folder.path).nodes[0].splits.count == 2)
    arrays = ["edges": arrays["edges"]!, "node_labels": try npy([0, 1, 2, 3] as [Int32], .int32, [4])]
    try write(arrays)
    #expect(try DatasetConverter().convert(folder: folder.path).nodes[0].splits == [])
  }

  @Test func masksOfOneDimensionAreOneSplit() throws {
    var arrays = try sound()
    arrays["train_masks"] = try npy([1, 0, 0, 0] as [UInt8], .bool, [4])
    arrays["val_masks"] = try npy([0, 1, 0, 0] as [UInt8], .bool, [4])
    arrays["test_masks"] = try npy([0, 0, 0, 1] as [UInt8], .bool, [4])
    try write(arrays)
    let splits = try DatasetConverter().convert(folder: folder.path).nodes[0].splits
    #expect(splits == [Split(name: "fixed-0", train: [0], validation: [1], test: [3])])
  }

  @Test func splitsAreNumberedSoThatNamesSort() throws {
    var arrays = try sound()
    for (index, name) in ["train_masks", "val_masks", "test_masks"].enumerated() {
      arrays[name] = try npy((0..<48).map { UInt8($0 % 4 == index ? 1 : 0) }, .bool, [12, 4])
    }
    try write(arrays)
    let names = try DatasetConverter().convert(folder: folder.path).splitNames
    #expect(names == names.sorted() && names.first == "fixed-00" && names.last == "fixed-11")
  }

  @Test func labelsMayBeTargets() throws {
    var arrays = try sound()
    arrays["node_labels"] = try npy([0.5, .nan, 2, 3] as [Double], .float64, [4])
    try write(arrays)
    let one = try DatasetConverter().convert(folder: folder.path).nodes[0]
    let values = one.tables["label"]?.denseFloats ?? []
    #expect(one.labels == nil && values.count == 4 && values[1].isNaN && values[0] == 0.5 && values[3] == 3)
    arrays["node_labels"] = try npy([0, 1, 1, 0, 0, 0, 1, 1] as [UInt8], .uint8, [4, 2])
    try write(arrays)
    let many = try DatasetConverter().convert(folder: folder.path).nodes[0]
    #expect(many.labels == nil && many.tables["label"]?.denseFloats == [0, 1, 1, 0, 0, 0, 1, 1])
    arrays["node_labels"] = try npy([0, 1, 1, 0] as [Int64], .int64, [4, 1])
    try write(arrays)
    #expect(try DatasetConverter().convert(folder: folder.path).nodes[0].labels.map(Array.init) == [0, 1, 1, 0])
  }

  @Test func wrongArraysAreNamed() throws {
    #expect(
      try failure { $0["edges"] = nil }
        == "cats.npz: expected an array 'edges', found node_features, node_labels, test_masks, train_masks, val_masks")
    #expect(try failure { $0["val_masks"] = nil }.hasPrefix("cats.npz: expected an array 'val_masks', found edges, node_features"))
    #expect(
      try failure { $0["edges"] = try npy([0, 1, 2] as [Int64], .int64, [3]) }
        == "cats.npz(edges.npy): expected shape (edges, 2), found shape [3]")
    #expect(
      try failure { $0["edges"] = try npy([0, 1, 2, 4] as [Int64], .int64, [2, 2]) }
        == "cats.npz(edges.npy): expected node ids from 0 to 3, found 4 of edge 1")
    #expect(
      try failure { $0["edges"] = try npy([0, 1] as [Float], .float32, [1, 2]) }
        == "cats.npz(edges.npy): expected integers, found float32")
    #expect(
      try failure { $0["node_labels"] = try npy([0, 1, 1] as [Int64], .int64, [3]) }
        == "cats.npz(node_labels.npy): expected 4 nodes as in cats.npz(node_features.npy), found 3")
    #expect(
      try failure { $0["node_labels"] = try npy([0, 9, 1, 1] as [Int64], .int64, [4]) }
        == "cats.npz(node_labels.npy): expected a class from 0 to below 4, the number of nodes, or -1, found 9 of node 1")
    #expect(
      try failure { $0["node_features"] = try npy([0, 9, 1, 1] as [Float], .float32, [4]) }
        == "cats.npz(node_features.npy): expected a matrix of shape (nodes, features), found shape [4]")
    #expect(
      try failure { $0["node_features"] = try npy([0, .nan, 1, 1] as [Float], .float32, [4, 1]) }
        == "cats.npz(node_features.npy): expected finite features, found NaN or infinity in row 1, column 0 (from 0)")
    #expect(try failure { $0 = ["edges": $0["edges"]!] }.hasPrefix("cats.npz: expected 1 node or more"))
  }

  @Test func wrongMasksAreNamed() throws {
    #expect(
      try failure { $0["test_masks"] = try npy([0, 0, 0, 1] as [UInt8], .bool, [1, 4]) }
        == "cats.npz(test_masks.npy): expected shape [2, 4] as train_masks, found [1, 4]")
    #expect(
      try failure { $0["val_masks"] = try npy([Float](repeating: 0, count: 8), .float32, [2, 4]) }
        == "cats.npz(val_masks.npy): expected truth values of shape (splits, nodes), found float32 of shape [2, 4]")
    #expect(
      try failure { for name in ["train_masks", "val_masks", "test_masks"] { $0[name] = try npy([1, 0, 0] as [UInt8], .bool, [1, 3]) } }
        == "cats.npz(train_masks.npy): expected 4 nodes as in cats.npz(node_features.npy), found 3")
    #expect(
      try failure { $0["val_masks"] = try npy([0, 1, 0, 0, 1, 0, 1, 0] as [UInt8], .bool, [2, 4]) }
        == "cats.npz(val_masks.npy), split fixed-1: expected each node in one set only, found node 2, which is in train_masks as well")
    #expect(
      try failure { $0["train_masks"] = try npy([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8], .bool, [2, 4]) }
        == "cats.npz(train_masks.npy), split fixed-1: expected at least one training node, found none")
    #expect(
      try failure { $0["node_labels"] = try npy([0, 1, -1, 1] as [Int64], .int64, [4]) }
        == "cats.npz(test_masks.npy), split fixed-0: expected nodes with a label, found node 2 without one")
  }

  @Test func severalArchivesInAFolderAreAnError() throws {
    try write(try sound())
    try folder.file("dogs.npz", "x")
    #expect(
      folder.failure { try DatasetConverter().convert(folder: folder.path) }.hasSuffix(
        "expected one file NAME.npz, found cats.npz, dogs.npz"))
    #expect(
      folder.failure { try DatasetConverter().convert(folder: folder.path + "/dogs.npz") }.hasPrefix("dogs.npz: expected a .npz file"))
  }

  /// A zip archive of stored entries, in the order of their names (PKWARE APPNOTE 6.3.3).
  static func zip(_ arrays: [String: [UInt8]]) -> [UInt8] {
    func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    var archive = [UInt8]()
    var directory = [UInt8]()
    for (array, content) in arrays.sorted(by: { $0.key < $1.key }) {
      let name = Array("\(array).npy".utf8)
      let size = little(UInt32(content.count))
      // Flags, method 0, time, date.
      let common = [UInt8](repeating: 0, count: 8) + little(content.withUnsafeBytes { Deflate.crc32($0) }) + size + size
      let lengths = little(UInt16(name.count)) + little(UInt16(0))
      directory += little(UInt32(0x0201_4B50)) + little(UInt16(20)) + little(UInt16(20)) + common + lengths
      directory += [UInt8](repeating: 0, count: 10) + little(UInt32(archive.count)) + name
      archive += little(UInt32(0x0403_4B50)) + little(UInt16(20)) + common + lengths + name + content
    }
    let counts = little(UInt16(arrays.count)) + little(UInt16(arrays.count))
    let sizes = little(UInt32(directory.count)) + little(UInt32(archive.count))
    return archive + directory + little(UInt32(0x0605_4B50)) + little(UInt32(0)) + counts + sizes + little(UInt16(0))
  }
}
