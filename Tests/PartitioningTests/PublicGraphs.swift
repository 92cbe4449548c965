import Compression
import Foundation
import Graphs
import Tensors

/// Public graphs of the data set folder, read by the plainest means.
enum PublicGraphs {
  /// The folder of data sets: `HALO_DATASETS`, else `../shared/datasets` beside the package.
  static let folder: String = {
    if let folder = ProcessInfo.processInfo.environment["HALO_DATASETS"] { return folder }
    return FileManager.default.currentDirectoryPath + "/../shared/datasets"
  }()

  static let hasFacebook = FileManager.default.fileExists(atPath: facebookPath)
  private static let facebookPath = "\(folder)/facebook-page-page/facebook_edges.csv.gz"

  /// facebook-page-page: 22,470 pages, 171,002 links stored in both directions, 179 of them self loops stored once.
  static func facebook() throws -> RawGraph {
    let stream = try ByteStream(opening: facebookPath)
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    var length = 0
    while true {
      let count = try bytes.withUnsafeMutableBytes { try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[length...])) }
      if count == 0 { break }
      length += count
    }
    var sources: [UInt32] = []
    var destinations: [UInt32] = []
    for line in String(decoding: bytes[..<length], as: UTF8.self).split(separator: "\n").dropFirst() {
      let ends = line.split(separator: ",").compactMap { UInt32($0) }
      sources.append(ends[0])
      destinations.append(ends[1])
      guard ends[0] != ends[1] else { continue }
      sources.append(ends[1])
      destinations.append(ends[0])
    }
    let edges = EdgeList(sources: ArrayView(sources), destinations: ArrayView(destinations))
    return RawGraph(name: "facebook", schema: .plain, nodes: [NodeData(count: 22_470)], edges: [edges])
  }
}
