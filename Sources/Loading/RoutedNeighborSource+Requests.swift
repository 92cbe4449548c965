import Graphs
import Messaging
import Sampling
import Tensors

/// What a hop of one or several steps asks of other workers.
extension RoutedNeighborSource {
  /// What a step asks of one worker.
  struct NodeRequest {
    let step: Int
    let frontier: SamplingFrontier
    let hop: HopSampler
    let count: Int
    /// Where the frontier keeps the nodes; `nil` where the answer is not checked against them.
    let nodes: Range<Int>?
    let message: OutgoingRequest
  }

  struct NodeReply {
    let request: NodeRequest
    let reply: Reply
  }

  /// Collects what a step asks of each worker.
  func requests(_ lists: [UnsafeBufferPointer<GlobalID>], step: Int, hop: HopSampler) -> [NodeRequest] {
    let room = lists.reduce(0) { $0 + $1.count }
    for frontier in frontiers { frontier?.begin(room: room) }
    for (list, nodes) in lists.enumerated() {
      let routes = routes[step][list].pointer
      for (row, node) in nodes.enumerated() {
        let worker = Int(routes[row].place) - localPlaces
        if worker >= 0, let frontier = frontiers[worker] { routes[row].index = frontier.number(node) }
      }
    }
    return frontiers.compactMap { frontier in
      guard let frontier, !frontier.asked.isEmpty else { return nil }
      let count = frontier.asked.count
      askedNodes.add(count)
      return NodeRequest(
        step: step, frontier: frontier, hop: hop, count: count, nodes: hop.wantsEdges ? frontier.keepAsked() : nil,
        message: OutgoingRequest(
          to: frontier.worker, .sampleNeighbors, step: hop.step, count: count, expectedReplyBytes: expectedReplyBytes(count, hop),
          buffer: SamplingMessage.request(
            hop: hop, nodes: frontier.asked, idBytes: idBytes, edgeIDBytes: edgeIDBytes(hop))))
    }
  }

  /// Asks every worker what all steps want of it.
  func ask(_ steps: [[NodeRequest]]) throws -> [NodeReply] {
    let requests = Array(steps.joined())
    guard !requests.isEmpty, let client else { return [] }
    let bytes = requests.reduce(0) { $0 + $1.message.buffer.payloadBytes }
    let replies = zip(requests, try client.call(requests.map(\.message))).map { NodeReply(request: $0, reply: $1) }
    messageBytes = max(messageBytes, replies.reduce(bytes) { $0 + $1.reply.payload.count })
    return replies
  }

  /// Bytes that sampling other workers' nodes holds on to, and of messages on their way.
  var capacityBytes: Int {
    let routes = routes.joined().reduce(0) { $0 + $1.capacity * MemoryLayout<SamplingPass.Route>.stride }
    return frontiers.reduce(routes + pass.capacityBytes + messageBytes) { $0 + ($1?.capacityBytes ?? 0) }
  }

  /// Checks what was answered about a step and shows it to the pass.
  func receive(_ answers: [NodeReply], step: Int) throws {
    for answer in answers where answer.request.step == step {
      let (frontier, hop, count) = (answer.request.frontier, answer.request.hop, answer.request.count)
      try withExtendedLifetime(answer.reply) {
        let parsed = try SamplingMessage.parseReply(
          answer.reply.payload, nodeCount: count, hop: hop, graphNodes: nodeCount, peer: "worker \(frontier.worker)")
        if let nodes = answer.request.nodes, let edges {
          try edges.check(parsed, about: frontier.asked(nodes), peer: "worker \(frontier.worker)")
        }
        pass.setAnswer(frontier.read(parsed, nodeCount: count, relationCount: hop.relationCount), of: frontier.worker)
      }
    }
  }

  /// About what an answer takes; a hop that takes all edges is reckoned at 32 a relation.
  private func expectedReplyBytes(_ nodes: Int, _ hop: HopSampler) -> Int {
    hop.limits.reduce(SamplingMessage.replyHeaderBytes) {
      $0 + nodes * ((hop.wantsDegrees ? 8 : 4) + (idBytes + edgeIDBytes(hop) + (hop.wantsDegrees ? 4 : 0)) * min($1, 32))
    }
  }

  private func edgeIDBytes(_ hop: HopSampler) -> Int { hop.wantsEdges ? edges.map(\.idBytes) ?? 0 : 0 }
}
