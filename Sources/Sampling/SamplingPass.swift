import CKernels
import Graphs
package import Tensors

/// Samples a list of nodes in two parallel passes: the first counts the edges of every chunk of nodes, the second picks and writes.
///
/// Holds its memory between steps. Confined to one caller at a time.
package final class SamplingPass {
  /// Where a node is sampled: a part and the node's local id, or number of parts + worker and the node's number in the answer.
  package struct Route: BitwiseCopyable {
    package var place: UInt32
    package var index: UInt32

    package init(place: Int, index: UInt32) {
      self.place = UInt32(truncatingIfNeeded: place)
      self.index = index
    }
  }

  /// What a worker sampled: edges node by node, relation by relation; pointers valid until the pass is over.
  package struct Answer: BitwiseCopyable {
    /// Edges and in-edges of each (node, relation), shape (nodes, relations).
    package var counts: UnsafePointer<UInt32>
    package var degrees: UnsafePointer<UInt32>
    /// First edge of each node, shape (nodes).
    package var offsets: UnsafePointer<Int>
    /// Global id and in-degree of each edge's source, shape (edges).
    package var sources: UnsafePointer<Int64>
    package var sourceDegrees: UnsafePointer<UInt32>
    /// Global id of each edge, shape (edges).
    package var edges: UnsafePointer<Int64>

    /// - Parameters:
    ///   - degrees: Anything where degrees were not asked for; `sourceDegrees` and `edges` likewise.
    package init(
      counts: UnsafePointer<UInt32>, degrees: UnsafePointer<UInt32>, offsets: UnsafePointer<Int>, sources: UnsafePointer<Int64>,
      sourceDegrees: UnsafePointer<UInt32>, edges: UnsafePointer<Int64>
    ) {
      self.counts = counts
      self.degrees = degrees
      self.offsets = offsets
      self.sources = sources
      self.sourceDegrees = sourceDegrees
      self.edges = edges
    }
  }

  /// Kept alive: `places` points into them.
  private let parts: [InEdges?]
  private let places = GrowingBuffer<halo_adjacency>()
  private let answers = GrowingBuffer<Answer?>()
  /// Edge ids of every part and relation, shape (parts, relations).
  private let edgeIDs: [EdgeIDs.Native]
  private let samples = GrowingBuffer<halo_sample>()
  private let offsets = GrowingBuffer<Int>()
  private let keys = GrowingBuffer<UInt64>()
  private let limits = GrowingBuffer<UInt32>()
  private let instructions: halo_isa
  /// Nodes that a thread samples at a time.
  private static let chunk = 256

  /// - Parameters:
  ///   - parts: In-edges of the parts that are read in place, by part.
  ///   - workers: How many workers may answer for others.
  ///   - instructions: At most this instruction set, as `halo_isa` numbers them; the samples are the same under all.
  package init(parts: [InEdges?], workers: Int = 0, instructions: UInt32 = .max) {
    self.parts = parts
    let relationCount = parts.lazy.compactMap { $0?.edgeIDs?.native.count }.first ?? 0
    let none = [EdgeIDs.Native](repeating: EdgeIDs.Native(base: 0, firsts: nil, hasIDs: false), count: relationCount)
    edgeIDs = parts.flatMap { $0?.edgeIDs?.native ?? none }
    for part in parts { places.append(part?.native ?? halo_adjacency()) }
    for _ in 0..<workers {
      places.append(halo_adjacency())
      answers.append(nil)
    }
    self.instructions = halo_isa(rawValue: min(instructions, halo_isa_detect().rawValue))
  }

  /// Bytes that it holds on to, but for what does not grow with the nodes.
  package var capacityBytes: Int { samples.capacity * MemoryLayout<halo_sample>.stride + 8 * offsets.capacity }

  /// Sets what worker `worker` sampled of the hop at hand.
  package func setAnswer(_ answer: Answer, of worker: Int) {
    answers.pointer[worker] = answer
    places.pointer[parts.count + worker].ids = answer.sources
    places.pointer[parts.count + worker].degrees = answer.sourceDegrees
  }

  /// Replaces `neighbors` by the samples of the nodes at `routes`, in their order.
  package func sample(_ routes: UnsafeBufferPointer<Route>, hop: HopSampler, into neighbors: SampledNeighbors, threads: Threads) {
    let relationCount = hop.relationCount
    precondition(
      !hop.wantsEdges || edgeIDs.isEmpty || edgeIDs.count == parts.count * relationCount, "edge ids of other relations")
    let chunks = (routes.count + Self.chunk - 1) / Self.chunk
    neighbors.beginDestinations(routes.count, degrees: hop.wantsDegrees, edges: hop.wantsEdges)
    samples.reset(to: routes.count * relationCount)
    offsets.resize(to: chunks + 1)
    copy(hop.keys, to: keys)
    copy(hop.nativeLimits, to: limits)
    nonisolated(unsafe) let frame = SamplingFrame(
      routes: routes.baseAddress, partCount: parts.count, places: places.pointer, answers: answers.pointer, samples: samples.pointer,
      relationCount: relationCount, keys: keys.pointer, limits: limits.pointer, step: hop.step, takesExactly: hop.takesExactly,
      counts: neighbors.counts.pointer, degrees: neighbors.hasDegrees ? neighbors.degrees.pointer : nil, instructions: instructions)
    nonisolated(unsafe) let offsets = offsets.pointer
    threads.forEachChunk(of: routes.count, by: Self.chunk) { rows in offsets[rows.lowerBound / Self.chunk &+ 1] = frame.count(rows) }
    offsets[0] = 0
    for chunk in 0..<chunks { offsets[chunk &+ 1] &+= offsets[chunk] }
    neighbors.resizeEdges(to: offsets[chunks])
    nonisolated(unsafe) let sources = neighbors.sources.pointer
    nonisolated(unsafe) let sourceDegrees = neighbors.hasDegrees ? neighbors.sourceDegrees.pointer : nil
    nonisolated(unsafe) let edges = neighbors.hasEdges ? neighbors.edges.pointer : nil
    nonisolated(unsafe) let edgeIDs = edgeIDs
    threads.forEachChunk(of: routes.count, by: Self.chunk) { rows in
      let first = offsets[rows.lowerBound / Self.chunk]
      frame.write(rows, to: sources + first, degrees: sourceDegrees.map { $0 + first }, edges: edges.map { $0 + first })
      if let edges { edgeIDs.withUnsafeBufferPointer { frame.number(edges + first, of: rows, $0) } }
    }
  }

  private func copy<Element: BitwiseCopyable>(_ values: [Element], to buffer: GrowingBuffer<Element>) {
    buffer.removeAll()
    for value in values { buffer.append(value) }
  }
}
