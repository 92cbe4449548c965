import Tensors

/// What a partition looks like beyond the sizes of its parts. Letters: `k` parts, `B` buckets of degrees.
public struct PartitionDetails: Codable, Hashable, Sendable {
  /// The most parts for which the edges between each two are counted.
  public static let largestMatrix = 64

  /// In-edges of each part by the part of their sources, shape (k, k); `nil` for more than 64 parts.
  public var edgesFromParts: [[Int]]?
  /// In-edges of each part whose sources other parts own, shape (k).
  public var crossingEdges: [Int]
  /// Inner nodes of each part by in-degree, shape (k, B): none, then 1, 2–3, 4–7, … up to the largest.
  public var degrees: [[Int]]
  /// Largest in-degree in each part, shape (k).
  public var largestDegrees: [Int]

  /// Counts them in one pass over the in-edges.
  ///
  /// - Complexity: O(edges + nodes) time, a few numbers for each part beside k² of them for up to 64 parts.
  init(_ inEdges: InEdges, numbering: PartitionNumbering, threads: Threads) {
    let parts = numbering.partCount
    let buckets = 34
    let hasMatrix = parts <= Self.largestMatrix
    let links = Buffer<Int>(count: hasMatrix ? parts * parts : 0)
    let (crossing, largest, histogram) = (Buffer<Int>(count: parts), Buffer<Int>(count: parts), Buffer<Int>(count: parts * buckets))
    numbering.parts.withUnsafeBufferPointer { owned in
      guard let base = owned.baseAddress else { return }
      nonisolated(unsafe) let owners = base
      threads.forEach(parts) { part in
        let inner = numbering.innerRange(of: part)
        for position in inEdges.positions(of: inner) {
          let source = Int(owners[inEdges.source(position)])
          if source != part { crossing.pointer[part] &+= 1 }
          if hasMatrix { links.pointer[part &* parts &+ source] &+= 1 }
        }
        for node in inner {
          let degree = Int(inEdges.offsets.pointer[node + 1] - inEdges.offsets.pointer[node])
          largest.pointer[part] = max(largest.pointer[part], degree)
          histogram.pointer[part * buckets + Self.bucket(ofDegree: degree)] += 1
        }
      }
    }
    func rows(_ buffer: Buffer<Int>, width: Int, keeping kept: Int) -> [[Int]] {
      (0..<parts).map { part in (0..<kept).map { buffer[part * width + $0] } }
    }
    edgesFromParts = hasMatrix ? rows(links, width: parts, keeping: parts) : nil
    crossingEdges = rows(crossing, width: 1, keeping: 1).map { $0[0] }
    largestDegrees = rows(largest, width: 1, keeping: 1).map { $0[0] }
    degrees = rows(histogram, width: buckets, keeping: 1 + (largestDegrees.map(Self.bucket).max() ?? 0))
  }

  /// 0 for no edge, 1 for one, 2 for two or three, 3 for four to seven …
  static func bucket(ofDegree degree: Int) -> Int { Int.bitWidth - degree.leadingZeroBitCount }
}
