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

    /// - Parameters:
    ///   - degrees: Anything where degrees were not asked for; `sourceDegrees` likewise.
    package init(
      counts: UnsafePointer<UInt32>, degrees: UnsafePointer<UInt32>, offsets: UnsafePointer<Int>, sources: UnsafePointer<Int64>,
      sourceDegrees: UnsafePointer<UInt32>
    ) {
      self.counts = counts
      self.degrees = degrees
      self.offsets = offsets
      self.sources = sources
      self.sourceDegrees = sourceDegrees
    }
  }

  /// Kept alive: `places` points into them.
  private let parts: [InEdges?]
  private let places = GrowingBuffer<halo_adjacency>()
  private let answers = GrowingBuffer<Answer?>()
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
    let chunks = (routes.count + Self.chunk - 1) / Self.chunk
    neighbors.beginDestinations(routes.count, degrees: hop.wantsDegrees)
    samples.reset(to: routes.count * relationCount)
    offsets.resize(to: chunks + 1)
    copy(hop.keys, to: keys)
    copy(hop.nativeLimits, to: limits)
    nonisolated(unsafe) let frame = Frame(
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
    threads.forEachChunk(of: routes.count, by: Self.chunk) { rows in
      let first = offsets[rows.lowerBound / Self.chunk]
      frame.write(rows, to: sources + first, degrees: sourceDegrees.map { $0 + first })
    }
  }

  private func copy<Element: BitwiseCopyable>(_ values: [Element], to buffer: GrowingBuffer<Element>) {
    buffer.removeAll()
    for value in values { buffer.append(value) }
  }
}

/// One list's sampling as threads see it: plain pointers, each thread writing rows of its own.
private struct Frame {
  let routes: UnsafePointer<SamplingPass.Route>?
  let partCount: Int
  let places: UnsafePointer<halo_adjacency>
  let answers: UnsafePointer<SamplingPass.Answer?>
  let samples: UnsafeMutablePointer<halo_sample>
  let relationCount: Int
  let keys: UnsafePointer<UInt64>
  let limits: UnsafePointer<UInt32>
  let step: UInt32
  let takesExactly: Bool
  let counts: UnsafeMutablePointer<UInt32>
  let degrees: UnsafeMutablePointer<UInt32>?
  let instructions: halo_isa

  /// Describes and counts the samples of some nodes; returns their edges.
  func count(_ rows: Range<Int>) -> Int {
    let routes = routes.unsafelyUnwrapped  // There are rows.
    for row in rows {
      let (place, index) = (Int(routes[row].place), Int(routes[row].index))
      guard place < partCount else { continue }
      halo_ask_for_line(places[place].indptr + index)
      halo_ask_for_line(places[place].original + index)
    }
    for row in rows {
      let (place, index) = (Int(routes[row].place), Int(routes[row].index))
      let list = samples + row &* relationCount
      if place < partCount { describe(index, in: place, list) } else { describe(answered: index, in: place, list) }
    }
    let first = samples + rows.lowerBound &* relationCount
    let sampleCount = rows.count &* relationCount
    if !takesExactly { halo_count_labor(instructions, places, first, sampleCount, keys[0], step, limits) }
    return total(first, sampleCount, at: rows.lowerBound &* relationCount)
  }

  /// The samples of an inner node of a part.
  @inline(__always)
  private func describe(_ local: Int, in place: Int, _ list: UnsafeMutablePointer<halo_sample>) {
    let id = UInt64(bitPattern: places[place].original[local])
    for relation in 0..<relationCount {
      let edges = places[place].edges(of: local, relation: relation)
      let degree = UInt32(truncatingIfNeeded: edges.upperBound &- edges.lowerBound)
      list[relation] = halo_sample(
        begin: Int64(edges.lowerBound), id: id, degree: degree, taken: takesExactly ? min(degree, limits[relation]) : degree,
        place: UInt32(truncatingIfNeeded: place), relation: UInt32(truncatingIfNeeded: relation))
    }
  }

  /// The samples of a node that its owner has sampled: all that it answered is taken.
  private func describe(answered index: Int, in place: Int, _ list: UnsafeMutablePointer<halo_sample>) {
    let answer = answers[place &- partCount].unsafelyUnwrapped  // Its route says that it was asked.
    var edge = answer.offsets[index]
    for relation in 0..<relationCount {
      let taken = answer.counts[index &* relationCount &+ relation]
      list[relation] = halo_sample(
        begin: Int64(edge), id: 0, degree: taken, taken: taken, place: UInt32(truncatingIfNeeded: place),
        relation: UInt32(truncatingIfNeeded: relation))
      edge &+= Int(taken)
    }
  }

  /// Writes what the samples count; returns their sum.
  private func total(_ list: UnsafePointer<halo_sample>, _ sampleCount: Int, at entry: Int) -> Int {
    var total = 0
    for index in 0..<sampleCount {
      counts[entry &+ index] = list[index].taken
      total &+= Int(list[index].taken)
    }
    if let degrees { for index in 0..<sampleCount { degrees[entry &+ index] = degree(of: list[index], entry &+ index) } }
    return total
  }

  private func degree(of sample: halo_sample, _ entry: Int) -> UInt32 {
    let place = Int(sample.place)
    guard place >= partCount, let routes else { return sample.degree }
    let index = Int(routes[entry / relationCount].index)
    return answers[place &- partCount].unsafelyUnwrapped.degrees[index &* relationCount &+ Int(sample.relation)]
  }

  /// Picks and writes the edges of some nodes.
  func write(_ rows: Range<Int>, to sources: UnsafeMutablePointer<GlobalID>, degrees: UnsafeMutablePointer<UInt32>?) {
    let first = samples + rows.lowerBound &* relationCount
    let sampleCount = rows.count &* relationCount
    let ids = UnsafeMutableRawPointer(sources).assumingMemoryBound(to: Int64.self)  // A global id is one Int64.
    if takesExactly {
      halo_sample_uniform(instructions, places, first, sampleCount, keys, step, ids, degrees)
    } else {
      halo_sample_labor(instructions, places, first, sampleCount, keys[0], step, limits, ids, degrees)
    }
  }
}
