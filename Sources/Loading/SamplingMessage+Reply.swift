package import Graphs
package import Messaging
package import Sampling
import Tensors

/// The answer to a sampling request.
extension SamplingMessage {
  /// - Parameter edgeIDBytes: 4 or 8 where the neighbours have edge ids.
  /// - Throws: `InputError` when an edge id does not fit.
  package static func reply(_ neighbors: SampledNeighbors, idBytes: Int, edgeIDBytes: Int = 0) throws -> MessageBuffer {
    let countBytes = 4 * neighbors.counts.count
    let sourceBytes = idBytes * neighbors.sources.count
    let (degreeBytes, sourceDegreeBytes) = (4 * neighbors.degrees.count, 4 * neighbors.sourceDegrees.count)
    let edgeBytes = edgeIDBytes * neighbors.edges.count
    let buffer = MessageBuffer(payloadBytes: replyHeaderBytes + countBytes + sourceBytes + degreeBytes + sourceDegreeBytes + edgeBytes)
    let payload = buffer.payload
    let columns = columns(degrees: neighbors.hasDegrees, edges: neighbors.hasEdges)
    payload.storeBytes(of: columns.littleEndian, toByteOffset: 0, as: UInt16.self)
    payload.storeBytes(of: UInt16(neighbors.relationCount).littleEndian, toByteOffset: 2, as: UInt16.self)
    payload.storeBytes(of: UInt8(idBytes), toByteOffset: 4, as: UInt8.self)
    payload.storeBytes(of: UInt8(edgeIDBytes), toByteOffset: 5, as: UInt8.self)
    payload.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
    payload.storeBytes(of: UInt64(neighbors.sources.count).littleEndian, toByteOffset: 8, as: UInt64.self)
    let base = payload.baseAddress! + replyHeaderBytes
    base.copyMemory(from: neighbors.counts.pointer, byteCount: countBytes)
    store(neighbors.sources.readOnly, idBytes: idBytes, at: base + countBytes)
    let degrees = base + countBytes + sourceBytes
    degrees.copyMemory(from: neighbors.degrees.pointer, byteCount: degreeBytes)
    (degrees + degreeBytes).copyMemory(from: neighbors.sourceDegrees.pointer, byteCount: sourceDegreeBytes)
    try store(edges: neighbors.edges.readOnly, idBytes: edgeIDBytes, at: degrees + degreeBytes + sourceDegreeBytes)
    return buffer
  }

  private static func store(edges: UnsafeBufferPointer<Int64>, idBytes: Int, at target: UnsafeMutableRawPointer) throws {
    guard idBytes == 4 else {
      if let source = edges.baseAddress { target.copyMemory(from: source, byteCount: 8 * edges.count) }
      return
    }
    for (index, id) in edges.enumerated() {
      guard id < Int64(UInt32.max) else {
        throw InputError("sampling request", expected: "edge ids of 8 bytes", found: "4 for edge \(id)")
      }
      target.storeBytes(of: UInt32(truncatingIfNeeded: id).littleEndian, toByteOffset: 4 &* index, as: UInt32.self)
    }
  }

  /// A reply whose lengths and ids have been checked; valid while its bytes live.
  package struct Reply {
    let counts: UnsafeRawPointer
    let sources: UnsafeRawPointer
    let idBytes: Int
    package let edgeCount: Int
    /// In-edges of nodes by relation, then of sources; `nil` where they were not asked for.
    let degrees: UnsafeRawPointer?
    let sourceDegrees: UnsafeRawPointer?
    /// Edge ids; `nil` where they were not asked for.
    let edges: UnsafeRawPointer?
    let edgeIDBytes: Int

    var hasEdges: Bool { edges != nil }

    package func count(_ index: Int) -> UInt32 { load(counts, index) }

    /// In-edges of a (node, relation) in the whole graph.
    package func degree(_ index: Int) -> UInt32? { degrees.map { load($0, index) } }

    /// In-edges of an edge's source in the whole graph.
    package func sourceDegree(_ edge: Int) -> UInt32? { sourceDegrees.map { load($0, edge) } }

    private func load(_ base: UnsafeRawPointer, _ index: Int) -> UInt32 {
      UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 4 &* index, as: UInt32.self))
    }

    /// Copies all columns; `degrees` and `sourceDegrees` where they were asked for.
    ///
    /// - Parameter entries: Length of `counts` and `degrees`.
    func copy(
      counts: UnsafeMutablePointer<UInt32>, sources: UnsafeMutablePointer<Int64>, degrees: UnsafeMutablePointer<UInt32>,
      sourceDegrees: UnsafeMutablePointer<UInt32>, _ entries: Int
    ) {
      for entry in 0..<entries { counts[entry] = count(entry) }
      for edge in 0..<edgeCount { sources[edge] = source(edge).rawValue }
      guard let ownDegrees = self.degrees, let edgeDegrees = self.sourceDegrees else { return }
      for entry in 0..<entries { degrees[entry] = load(ownDegrees, entry) }
      for edge in 0..<edgeCount { sourceDegrees[edge] = load(edgeDegrees, edge) }
    }

    /// Copies the edge ids where they were asked for.
    func copy(edges ids: UnsafeMutablePointer<Int64>) {
      guard let edges else { return }
      for edge in 0..<edgeCount { ids[edge] = load(edges, id: edge) }
    }

    /// Global id of an edge, −1 where its relation's edges have no rows.
    package func edge(_ index: Int) -> Int64? { edges.map { load($0, id: index) } }

    private func load(_ edges: UnsafeRawPointer, id index: Int) -> Int64 {
      guard edgeIDBytes == 4 else { return Int64(littleEndian: edges.loadUnaligned(fromByteOffset: 8 &* index, as: Int64.self)) }
      let id = load(edges, index)
      return id == .max ? -1 : Int64(id)
    }

    package func source(_ index: Int) -> GlobalID {
      GlobalID(
        idBytes == 4
          ? Int64(sources.loadUnaligned(fromByteOffset: 4 &* index, as: UInt32.self))
          : sources.loadUnaligned(fromByteOffset: 8 &* index, as: Int64.self))
    }
  }

  /// - Parameters:
  ///   - nodeCount: Nodes that were asked for.
  ///   - hop: What they were asked with: no answer may exceed exact limits, and it has the columns that were wanted.
  ///   - graphNodes: Nodes of the graph; every id must be below.
  package static func parseReply(
    _ bytes: UnsafeRawBufferPointer, nodeCount: Int, hop: HopSampler, graphNodes: Int64, peer: String
  ) throws -> Reply {
    let (limits, wantsDegrees, wantsEdges) = (hop.limits, hop.wantsDegrees, hop.wantsEdges)
    func fail(_ expected: String, _ found: String) -> InputError {
      InputError("sampling reply of \(peer)", expected: expected, found: found)
    }
    guard bytes.count >= replyHeaderBytes else { throw fail("at least \(replyHeaderBytes) bytes", "\(bytes.count)") }
    let relations = Int(load(UInt16.self, bytes, 2))
    let (idBytes, edgeIDBytes) = (Int(load(UInt8.self, bytes, 4)), Int(load(UInt8.self, bytes, 5)))
    guard load(UInt16.self, bytes, 0) == columns(degrees: wantsDegrees, edges: wantsEdges), relations == limits.count,
      idBytes == 4 || idBytes == 8, wantsEdges ? edgeIDBytes == 4 || edgeIDBytes == 8 : edgeIDBytes == 0
    else {
      throw fail(
        "\(limits.count) relations, ids of 4 or 8 bytes and the columns asked for",
        "\(relations), \(idBytes), \(edgeIDBytes) and others or none")
    }
    let entries = nodeCount * relations
    guard let edges = Int(exactly: load(UInt64.self, bytes, 8)), edges <= bytes.count,
      bytes.count == replyHeaderBytes + (4 * entries + ((idBytes + edgeIDBytes) * edges)) + (wantsDegrees ? 4 * (entries + edges) : 0)
    else { throw fail("lengths that agree", "\(bytes.count) bytes") }
    let base = bytes.baseAddress! + replyHeaderBytes
    let degrees = wantsDegrees ? base + 4 * entries + idBytes * edges : nil
    let reply = Reply(
      counts: base, sources: base + 4 * entries, idBytes: idBytes, edgeCount: edges, degrees: degrees,
      sourceDegrees: degrees.map { $0 + 4 * entries }, edges: wantsEdges ? bytes.baseAddress! + (bytes.count - edgeIDBytes * edges) : nil,
      edgeIDBytes: edgeIDBytes)
    var total = 0
    for entry in 0..<entries {
      let count = Int(reply.count(entry))
      guard count <= limits[entry % relations] || !hop.takesExactly else {
        throw fail("at most \(limits[entry % relations]) edges", "\(count)")
      }
      if let degree = reply.degree(entry), count > degree { throw fail("at most the \(degree) edges of the node", "\(count)") }
      total += count
    }
    guard total == edges else { throw fail("\(edges) edges", "counts of \(total)") }
    for edge in 0..<edges {
      let id = reply.source(edge).rawValue
      guard id >= 0 && id < graphNodes else { throw fail("ids below \(graphNodes)", "\(id)") }
    }
    return reply
  }
}
