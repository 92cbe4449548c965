package import Graphs
package import Messaging
package import Sampling
package import Tensors

/// The request and the reply of remote neighbour sampling, little-endian.
///
/// ```
/// request  hop u8 │ purpose u8 │ columns u16 │ relations u16 │ id bytes u8 │ edge id bytes u8 │ limit u32 × relations │ node × count
/// reply    columns u16 │ relations u16 │ id bytes u8 │ edge id bytes u8 │ 0 u16 │ edges u64
///          │ taken u32 × count · relations │ source × edges
///          with degrees:  │ in-edges u32 × count · relations │ source's in-edges u32 × edges
///          with edge ids: │ edge × edges
/// ```
///
/// `count` and the step travel in the frame's header. Ids take 4 bytes when the graph has at most 2³² nodes, else 8; edge ids when it has
/// less than 2³² edges, and 0 where they are not asked for. `columns` announces what follows the sources: bit 0 the degrees in the whole
/// graph, bit 1 the edges' global ids, all ones for an edge of a relation whose edges have no rows. Any other bit is refused.
package enum SamplingMessage {
  package static let requestHeaderBytes = 8
  package static let replyHeaderBytes = 16
  /// The bits of `columns` that stand for degrees and for edge ids.
  static let degreesColumn: UInt16 = 1
  static let edgesColumn: UInt16 = 2

  /// Bytes an id takes on the wire in a graph of `nodeCount` nodes.
  package static func idBytes(nodeCount: Int64) -> Int { nodeCount <= 1 << 32 ? 4 : 8 }

  /// Bytes an edge id takes on the wire in a graph of `edgeCount` edges: all ones are none's.
  package static func edgeIDBytes(edgeCount: Int64) -> Int { edgeCount < 1 << 32 ? 4 : 8 }

  /// - Parameter edgeIDBytes: 4 or 8 where the hop wants edge ids.
  package static func request(
    hop: HopSampler, nodes: UnsafeBufferPointer<GlobalID>, idBytes: Int, edgeIDBytes: Int = 0
  ) -> MessageBuffer {
    precondition([4, 8].contains(edgeIDBytes) == hop.wantsEdges, "edge ids of \(edgeIDBytes) bytes")
    let buffer = MessageBuffer(payloadBytes: requestHeaderBytes + 4 * hop.relationCount + idBytes * nodes.count)
    let payload = buffer.payload
    payload.storeBytes(of: UInt8(hop.hop), toByteOffset: 0, as: UInt8.self)
    payload.storeBytes(of: UInt8(hop.purpose.rawValue), toByteOffset: 1, as: UInt8.self)
    payload.storeBytes(of: columns(degrees: hop.wantsDegrees, edges: hop.wantsEdges).littleEndian, toByteOffset: 2, as: UInt16.self)
    payload.storeBytes(of: UInt16(hop.relationCount).littleEndian, toByteOffset: 4, as: UInt16.self)
    payload.storeBytes(of: UInt8(idBytes), toByteOffset: 6, as: UInt8.self)
    payload.storeBytes(of: UInt8(edgeIDBytes), toByteOffset: 7, as: UInt8.self)
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
    /// 0 where edge ids are not asked for.
    package var edgeIDBytes: Int
    package var nodes: [GlobalID]

    package var wantsEdges: Bool { edgeIDBytes > 0 }
  }

  /// - Throws: `InputError` when anything does not fit: nobody on the network is trusted.
  package static func parseRequest(_ bytes: UnsafeRawBufferPointer, count: Int, relationCount: Int) throws -> Request {
    func fail(_ expected: String, _ found: String) -> InputError { InputError("sampling request", expected: expected, found: found) }
    guard bytes.count >= requestHeaderBytes else { throw fail("at least \(requestHeaderBytes) bytes", "\(bytes.count)") }
    let (hop, purposeNumber) = (Int(load(UInt8.self, bytes, 0)), load(UInt8.self, bytes, 1))
    let columns = load(UInt16.self, bytes, 2)
    let relations = Int(load(UInt16.self, bytes, 4))
    let (idBytes, edgeIDBytes) = (Int(load(UInt8.self, bytes, 6)), Int(load(UInt8.self, bytes, 7)))
    guard columns & ~(degreesColumn | edgesColumn) == 0 else { throw fail("no columns but degrees and edge ids", "mask \(columns)") }
    guard let purpose = RandomPurpose(rawValue: UInt64(purposeNumber)), HopSampler.purposes.contains(purpose) else {
      throw fail("a purpose of samples", "number \(purposeNumber)")
    }
    guard relations == relationCount else { throw fail("\(relationCount) relations", "\(relations)") }
    guard idBytes == 4 || idBytes == 8 else { throw fail("ids of 4 or 8 bytes", "\(idBytes)") }
    guard columns & edgesColumn == 0 ? edgeIDBytes == 0 : edgeIDBytes == 4 || edgeIDBytes == 8 else {
      throw fail(columns & edgesColumn == 0 ? "no edge ids" : "edge ids of 4 or 8 bytes", "\(edgeIDBytes) bytes")
    }
    let expected = requestHeaderBytes + 4 * relations + idBytes * count
    guard bytes.count == expected else { throw fail("\(expected) bytes for \(count) nodes", "\(bytes.count)") }
    let limits = (0..<relations).map { relation -> Int in
      let limit = load(UInt32.self, bytes, requestHeaderBytes + 4 * relation)
      return limit == .max ? Int.max : Int(limit)
    }
    let nodes = (0..<count).map { id(bytes, requestHeaderBytes + 4 * relations + idBytes * $0, idBytes: idBytes) }
    return Request(
      hop: hop, purpose: purpose, limits: limits, wantsDegrees: columns & degreesColumn != 0, idBytes: idBytes, edgeIDBytes: edgeIDBytes,
      nodes: nodes)
  }

  static func columns(degrees: Bool, edges: Bool) -> UInt16 { (degrees ? degreesColumn : 0) | (edges ? edgesColumn : 0) }

  static func store(_ ids: UnsafeBufferPointer<GlobalID>, idBytes: Int, at target: UnsafeMutableRawPointer) {
    if idBytes == 8 {
      if let source = ids.baseAddress { target.copyMemory(from: source, byteCount: 8 * ids.count) }
    } else {
      for (index, id) in ids.enumerated() {
        target.storeBytes(of: UInt32(truncatingIfNeeded: id.rawValue), toByteOffset: 4 &* index, as: UInt32.self)
      }
    }
  }

  static func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ bytes: UnsafeRawBufferPointer, _ offset: Int) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }

  private static func id(_ bytes: UnsafeRawBufferPointer, _ offset: Int, idBytes: Int) -> GlobalID {
    GlobalID(idBytes == 4 ? Int64(load(UInt32.self, bytes, offset)) : load(Int64.self, bytes, offset))
  }
}
