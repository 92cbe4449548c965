import Graphs
import Messaging
import Sampling
import Tensors

/// Nodes asked of one worker in one hop of a step, each once, and what it answered.
///
/// Holds its memory between steps.
final class SamplingFrontier {
  let worker: Int
  private let nodes = GrowingBuffer<GlobalID>()
  /// Nodes of several steps whose answers are checked against them.
  private let kept = GrowingBuffer<GlobalID>()
  private let index = GlobalIDIndex()
  private var numbering: GlobalIDIndex.Numbering
  private let counts = GrowingBuffer<UInt32>()
  private let degrees = GrowingBuffer<UInt32>()
  private let offsets = GrowingBuffer<Int>()
  private let sources = GrowingBuffer<Int64>()
  private let sourceDegrees = GrowingBuffer<UInt32>()
  private let edges = GrowingBuffer<Int64>()

  init(worker: Int) {
    self.worker = worker
    numbering = index.begin(room: 0, ids: nodes.pointer)
  }

  /// Bytes that it holds on to.
  var capacityBytes: Int {
    8 * (nodes.capacity + kept.capacity + offsets.capacity + sources.capacity + edges.capacity) + 4
      * (counts.capacity + degrees.capacity + sourceDegrees.capacity)
      + index.capacityBytes
  }

  /// Starts a list of at most `room` nodes.
  func begin(room: Int) {
    nodes.resize(to: room)
    numbering = index.begin(room: room, ids: nodes.pointer)
  }

  /// Number of `node` in the list.
  func number(_ node: GlobalID) -> UInt32 { numbering.number(node) }

  /// The nodes, in the order of their numbers; valid until the next list begins.
  var asked: UnsafeBufferPointer<GlobalID> { UnsafeBufferPointer(rebasing: nodes.readOnly[..<numbering.count]) }

  /// Keeps the list when another begins; returns where it is found until the next hop.
  func keepAsked() -> Range<Int> {
    let first = kept.count
    kept.append(contentsOf: asked)
    return first..<kept.count
  }

  /// Gives up the lists that were kept.
  func beginHop() { kept.removeAll() }

  /// A list that was kept.
  func asked(_ range: Range<Int>) -> UnsafeBufferPointer<GlobalID> { UnsafeBufferPointer(rebasing: kept.readOnly[range]) }

  /// Copies a reply about `nodeCount` nodes; returns where it is found until the next one.
  func read(_ reply: SamplingMessage.Reply, nodeCount: Int, relationCount: Int) -> SamplingPass.Answer {
    let entries = nodeCount * relationCount
    counts.resize(to: entries)
    offsets.resize(to: nodeCount)
    sources.resize(to: reply.edgeCount)
    degrees.resize(to: reply.degrees == nil ? 0 : entries)
    sourceDegrees.resize(to: reply.degrees == nil ? 0 : reply.edgeCount)
    edges.resize(to: reply.hasEdges ? reply.edgeCount : 0)
    reply.copy(counts: counts.pointer, sources: sources.pointer, degrees: degrees.pointer, sourceDegrees: sourceDegrees.pointer, entries)
    reply.copy(edges: edges.pointer)
    var total = 0
    for node in 0..<nodeCount {
      offsets.pointer[node] = total
      for entry in node * relationCount..<(node + 1) * relationCount { total += Int(counts.pointer[entry]) }
    }
    return SamplingPass.Answer(
      counts: counts.pointer, degrees: degrees.pointer, offsets: offsets.pointer, sources: sources.pointer,
      sourceDegrees: sourceDegrees.pointer, edges: edges.pointer)
  }
}
