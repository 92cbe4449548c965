import Tensors

extension Generators.Communities {
  /// Rows of the edges: what its source's class and group add to a row, what its destination's add, and noise, each as in the rows of
  /// nodes but with centroids of its own.
  func edgeRows(_ plan: CommunityPlan, threads: Threads) -> DenseRows {
    let width = edgeFeatures
    let rows = Buffer<Float>(count: edges * width)
    let noise = Generators.key(seed, .edgeFeatures)
    let sources = EndCentroids(self, ofClass: .sourceClassCentroids, ofGroup: .sourceGroupCentroids, threads: threads)
    let destinations = EndCentroids(self, ofClass: .destinationClassCentroids, ofGroup: .destinationGroupCentroids, threads: threads)
    threads.forEachChunk(of: edges / 2, by: 1024) { range in
      for pair in range {
        let (a, b) = plan.pair(pair)
        for (edge, source, destination) in [(2 * pair, a, b), (2 * pair + 1, b, a)] {
          let row = rows.pointer + edge * width
          sources.add(plan, source, to: row)
          destinations.add(plan, destination, to: row)
          Generators.addNormals(noise, row: edge, scale: featureNoise, to: row, width: width)
        }
      }
    }
    return DenseRows(floats: rows, rows: edges, columns: width)
  }
}

/// What one end of an edge adds to its row.
private struct EndCentroids: Sendable {
  private let width: Int
  private let classSignal: Float
  private let groupSignal: Float
  /// Shape (classes, width) and (groups, width); empty where there are none.
  private let ofClass: Buffer<Float>
  private let ofGroup: Buffer<Float>

  init(
    _ communities: Generators.Communities, ofClass classStream: Generators.Stream, ofGroup groupStream: Generators.Stream, threads: Threads
  ) {
    width = communities.edgeFeatures
    (classSignal, groupSignal) = (communities.classSignal, communities.groupSignal)
    func centroids(_ count: Int, _ stream: Generators.Stream) -> Buffer<Float> {
      Generators.normalRows(count, width: communities.edgeFeatures, key: Generators.key(communities.seed, stream), threads: threads)
    }
    ofClass = centroids(communities.classes, classStream)
    ofGroup = centroids(groupSignal > 0 ? communities.groups : 0, groupStream)
  }

  /// Adds the centroids of the node at a planted position.
  func add(_ plan: CommunityPlan, _ position: Int, to row: UnsafeMutablePointer<Float>) {
    if ofClass.count > 0 {
      let centroid = ofClass.pointer + plan.trueClass(position) * width
      for column in 0..<width { row[column] += classSignal * centroid[column] }
    }
    if ofGroup.count > 0 {
      let centroid = ofGroup.pointer + plan.group(position) * width
      for column in 0..<width { row[column] += groupSignal * centroid[column] }
    }
  }
}
