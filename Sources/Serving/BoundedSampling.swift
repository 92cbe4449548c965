import Graphs
import Loading
import Messaging
import Partitions
import Sampling
import Tensors

/// A handler of `sampleNeighbors` for requests of anybody: one whose answer could exceed a limit is refused before anything is sampled.
struct BoundedSampling: Sendable {
  private let book: PartitionBook
  private let part: Int
  private let edges: InEdges
  private let relationCount: Int
  private let maximumReplyBytes: Int
  private let sample: RequestHandler

  init(_ part: LocalPartition, relationCount: Int, seed: UInt64, maximumReplyBytes: Int) {
    book = part.book
    self.part = part.part
    edges = part.inEdges
    self.relationCount = relationCount
    self.maximumReplyBytes = maximumReplyBytes
    sample = SamplingService.handler(book: part.book, own: [part.part: edges], relationCount: relationCount, seed: seed)
  }

  func answer(_ request: Request) throws -> ReplyBuffer {
    let asked = try SamplingMessage.parseRequest(request.payload, count: Int(request.count), relationCount: relationCount)
    let mostBytes = mostReplyBytes(asked)
    guard mostBytes <= maximumReplyBytes else {
      throw InputError("sampling request", expected: "answers of at most \(maximumReplyBytes) bytes", found: "up to \(mostBytes)")
    }
    return try sample(request)
  }

  /// No answer is longer. Nodes of other parts count nothing: they are refused for what they are.
  private func mostReplyBytes(_ asked: SamplingMessage.Request) -> Int {
    let perRelation = asked.wantsDegrees ? 8 : 4
    let perEdge = asked.idBytes + asked.edgeIDBytes + (asked.wantsDegrees ? 4 : 0)
    let inner = book.innerRange(of: part)
    var bytes = SamplingMessage.replyHeaderBytes + asked.nodes.count * relationCount * perRelation
    for node in asked.nodes where inner.contains(node.rawValue) {
      let local = Int(node.rawValue - inner.lowerBound)
      let degree = Int(edges.indptr[local + 1] - edges.indptr[local])
      let isExact = asked.purpose != .labor
      bytes += perEdge * (isExact ? asked.limits.reduce(0) { min(degree, $0 + min(degree, $1)) } : degree)
    }
    return bytes
  }
}
