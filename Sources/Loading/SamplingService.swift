public import Messaging
public import Partitions
public import Sampling
import Tensors

/// Answers other workers' sampling requests for the parts that this worker owns.
public enum SamplingService {
  /// A handler for `MessageKind.sampleNeighbors`; every field of a request is checked, and a request for a node of another
  /// worker's part gets an error.
  ///
  /// - Parameters:
  ///   - own: In-edges of the worker's parts.
  ///   - seed: Seed of the run, part of every key.
  public static func handler(book: PartitionBook, own: [Int: InEdges], relationCount: Int, seed: UInt64) -> RequestHandler {
    let edges = (0..<book.partCount).map { own[$0] }
    return { request in
      let asked = try SamplingMessage.parseRequest(request.payload, count: Int(request.count), relationCount: relationCount)
      let hop = HopSampler(
        seed: seed, purpose: asked.purpose, hop: asked.hop, step: request.step, limits: asked.limits, wantsDegrees: asked.wantsDegrees)
      let neighbors = SampledNeighbors(relationCount: relationCount)
      neighbors.beginDestinations(asked.nodes.count, degrees: asked.wantsDegrees)
      for (row, node) in asked.nodes.enumerated() {
        guard book.contains(node), let part = edges[book.owner(of: node)] else {
          throw InputError("sampling request", expected: "nodes of this worker's parts", found: "node \(node.rawValue)")
        }
        let local = Int(book.innerLocalID(of: node).rawValue)
        let first = neighbors.sources.count
        let counts = neighbors.counts.pointer + row * relationCount
        neighbors.resizeEdges(to: first + hop.count(local, in: part, into: counts, degrees: neighbors.degrees(ofRow: row)))
        hop.sample(local, in: part, into: neighbors.sources.pointer + first, degrees: neighbors.sourceDegrees(at: first))
      }
      return ReplyBuffer(count: asked.nodes.count, buffer: SamplingMessage.reply(neighbors, idBytes: asked.idBytes))
    }
  }
}
