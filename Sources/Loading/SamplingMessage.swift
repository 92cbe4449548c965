package import Graphs
package import Messaging
package import Sampling
package import Tensors

/// The request and the reply of remote neighbour sampling, little-endian.
///
/// ```
/// request  hop u8 │ purpose u8 │ columns u16 │ relations u16 │ id bytes u16 │ limit u32 × relations │ node × count
/// reply    columns u16 │ relations u16 │ id bytes u16 │ 0 u16 │ edges u64 │ taken u32 × count · relations │ source × edges
///          with degrees: │ in-edges u32 × count · relations │ source's in-edges u32 × edges
/// ```
///
/// `count` and the step travel in the frame's header. Ids take 4 bytes when the graph has at most 2³² nodes, else 8. `columns`
/// announces what follows the sources: bit 0 the degrees in the whole graph. Any other bit is refused.
package enum SamplingMessage {
  package static let requestHeaderBytes = 8
  package static let replyHeaderBytes = 16
  /// The bit of `columns` that stands for degrees.
  static let degreesColumn: UInt16 = 1

  /// Bytes an id takes on the wire in a graph of `nodeCount` nodes.
  package static func idBytes(nodeCount: Int64) -> Int { nodeCount <= 1 << 32 ? 4 : 8 }

  package static func request(hop: HopSampler, nodes: UnsafeBufferPointer<GlobalID>, idBytes: Int) -> MessageBuffer {
    let buffer = MessageBuffer(payloadBytes: requestHeaderBytes + 4 * hop.relationCount + idBytes * nodes.count)
    let payload = buffer.payload
    payload.storeBytes(of: UInt8(hop.hop), toByteOffset: 0, as: UInt8.self)
    payload.storeBytes(of: UInt8(hop.purpose.rawValue), toByteOffset: 1, as: UInt8.self)
    payload.storeBytes(of: (hop.wantsDegrees ? degreesColumn : 0).littleEndian, toByteOffset: 2, as: UInt16.self)
    payload.storeBytes(of: UInt16(hop.relationCount).littleEndian, toByteOffset: 4, as: UInt16.self)
    payload.storeBytes(of: UInt16(idBytes).littleEndian, toByteOffset: 6, as: UInt16.self)
    for (relation, limit) in hop.limits.enumerated() {
      payload.storeBytes(of: UInt32(clamping: limit).littleEndian, toByteOffset: requestHeaderBytes + 4 * relation, as: UInt32.self)
    }
    store(nodes, idBytes: idBytes, at: payload.baseAddress! + requestHeaderBytes + 4 * hop.relationCount)
    return buffer
  }

  /// What a request asks, its lengths and ids checked.
  package struct Request {
    package var hop: Int
    package var purpose: RandomPurpose
    package var limits: [Int]
    package var wantsDegrees: Bool
    package var idBytes: Int
    package var nodes: [GlobalID]
  }

  /// - Throws: `InputError` when anything does not fit: nobody on the network is trusted.
  package static func parseRequest(_ bytes: UnsafeRawBufferPointer, count: Int, relationCount: Int) throws -> Request {
    func fail(_ expected: String, _ found: String) -> InputError { InputError("sampling request", expected: expected, found: found) }
    guard bytes.count >= requestHeaderBytes else { throw fail("at least \(requestHeaderBytes) bytes", "\(bytes.count)") }
    let (hop, purposeNumber) = (Int(load(UInt8.self, bytes, 0)), load(UInt8.self, bytes, 1))
    let columns = load(UInt16.self, bytes, 2)
    let relations = Int(load(UInt16.self, bytes, 4))
    let idBytes = Int(load(UInt16.self, bytes, 6))
    guard columns & ~degreesColumn == 0 else { throw fail("no columns but degrees", "mask \(columns)") }
    guard let purpose = RandomPurpose(rawValue: UInt64(purposeNumber)), HopSampler.purposes.contains(purpose) else {
      throw fail("a purpose of samples", "number \(purposeNumber)")
    }
    guard relations == relationCount else { throw fail("\(relationCount) relations", "\(relations)") }
    guard idBytes == 4 || idBytes == 8 else { throw fail("ids of 4 or 8 bytes", "\(idBytes)") }
    let expected = requestHeaderBytes + 4 * relations + idBytes * count
    guard bytes.count == expected else { throw fail("\(expected) bytes for \(count) nodes", "\(bytes.count)") }
    let limits = (0..<relations).map { relation -> Int in
      let limit = load(UInt32.self, bytes, requestHeaderBytes + 4 * relation)
      return limit == .max ? Int.max : Int(limit)
    }
    let nodes = (0..<count).map { id(bytes, requestHeaderBytes + 4 * relations + idBytes * $0, idBytes: idBytes) }
    return Request(hop: hop, purpose: purpose, limits: limits, wantsDegrees: columns & degreesColumn != 0, idBytes: idBytes, nodes: nodes)
  }

  package static func reply(_ neighbors: SampledNeighbors, idBytes: Int) -> MessageBuffer {
    let countBytes = 4 * neighbors.counts.count
    let sourceBytes = idBytes * neighbors.sources.count
    let (degreeBytes, sourceDegreeBytes) = (4 * neighbors.degrees.count, 4 * neighbors.sourceDegrees.count)
    let buffer = MessageBuffer(payloadBytes: replyHeaderBytes + countBytes + sourceBytes + degreeBytes + sourceDegreeBytes)
    let payload = buffer.payload
    payload.storeBytes(of: (neighbors.hasDegrees ? degreesColumn : 0).littleEndian, toByteOffset: 0, as: UInt16.self)
    payload.storeBytes(of: UInt16(neighbors.relationCount).littleEndian, toByteOffset: 2, as: UInt16.self)
    payload.storeBytes(of: UInt16(idBytes).littleEndian, toByteOffset: 4, as: UInt16.self)
    payload.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
    payload.storeBytes(of: UInt64(neighbors.sources.count).littleEndian, toByteOffset: 8, as: UInt64.self)
    let base = payload.baseAddress! + replyHeaderBytes
    base.copyMemory(from: neighbors.counts.pointer, byteCount: countBytes)
    store(neighbors.sources.readOnly, idBytes: idBytes, at: base + countBytes)
    let degrees = base + countBytes + sourceBytes
    degrees.copyMemory(from: neighbors.degrees.pointer, byteCount: degreeBytes)
    (degrees + degreeBytes).copyMemory(from: neighbors.sourceDegrees.pointer, byteCount: sourceDegreeBytes)
    return buffer
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
    let (limits, wantsDegrees) = (hop.limits, hop.wantsDegrees)
    func fail(_ expected: String, _ found: String) -> InputError {
      InputError("sampling reply of \(peer)", expected: expected, found: found)
    }
    guard bytes.count >= replyHeaderBytes else { throw fail("at least \(replyHeaderBytes) bytes", "\(bytes.count)") }
    let relations = Int(load(UInt16.self, bytes, 2))
    let idBytes = Int(load(UInt16.self, bytes, 4))
    guard load(UInt16.self, bytes, 0) == (wantsDegrees ? degreesColumn : 0), relations == limits.count, idBytes == 4 || idBytes == 8 else {
      throw fail(
        "\(limits.count) relations, ids of 4 or 8 bytes and the columns asked for", "\(relations), \(idBytes) and others or none")
    }
    let entries = nodeCount * relations
    guard let edges = Int(exactly: load(UInt64.self, bytes, 8)), edges <= bytes.count,
      bytes.count == replyHeaderBytes + (4 * entries + (idBytes * edges)) + (wantsDegrees ? 4 * (entries + edges) : 0)
    else { throw fail("lengths that agree", "\(bytes.count) bytes") }
    let base = bytes.baseAddress! + replyHeaderBytes
    let degrees = wantsDegrees ? base + 4 * entries + idBytes * edges : nil
    let reply = Reply(
      counts: base, sources: base + 4 * entries, idBytes: idBytes, edgeCount: edges, degrees: degrees,
      sourceDegrees: degrees.map { $0 + 4 * entries })
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

  private static func store(_ ids: UnsafeBufferPointer<GlobalID>, idBytes: Int, at target: UnsafeMutableRawPointer) {
    if idBytes == 8 {
      if let source = ids.baseAddress { target.copyMemory(from: source, byteCount: 8 * ids.count) }
    } else {
      for (index, id) in ids.enumerated() {
        target.storeBytes(of: UInt32(truncatingIfNeeded: id.rawValue), toByteOffset: 4 &* index, as: UInt32.self)
      }
    }
  }

  private static func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ bytes: UnsafeRawBufferPointer, _ offset: Int) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }

  private static func id(_ bytes: UnsafeRawBufferPointer, _ offset: Int, idBytes: Int) -> GlobalID {
    GlobalID(idBytes == 4 ? Int64(load(UInt32.self, bytes, offset)) : load(Int64.self, bytes, offset))
  }
}
