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
        seed: seed, purpose: asked.purpose, hop: asked.hop, step: request.step, limits: asked.limits, wantsDegrees: asked.wantsDegrees,
        wantsEdges: asked.wantsEdges)
      let routes = try asked.nodes.map { node in
        guard book.contains(node), let part = edges[book.owner(of: node)] else {
          throw InputError("sampling request", expected: "nodes of this worker's parts", found: "node \(node.rawValue)")
        }
        guard !asked.wantsEdges || part.edgeIDs != nil else {
          throw InputError("sampling request", expected: "no edge ids: edges have none here", found: "a request for them")
        }
        return SamplingPass.Route(place: book.owner(of: node), index: book.innerLocalID(of: node).rawValue)
      }
      let neighbors = SampledNeighbors(relationCount: relationCount)
      routes.withUnsafeBufferPointer { SamplingPass(parts: edges).sample($0, hop: hop, into: neighbors, threads: Threads(1)) }
      return ReplyBuffer(
        count: asked.nodes.count, buffer: try SamplingMessage.reply(neighbors, idBytes: asked.idBytes, edgeIDBytes: asked.edgeIDBytes))
    }
  }
}
