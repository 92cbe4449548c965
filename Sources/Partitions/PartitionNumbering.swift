import Graphs
import Tensors

/// The relabelling of a partition: part-major, then type, inside a part and type in a given order, or by original id.
struct PartitionNumbering: Sendable {
  let partCount: Int
  let nodes: NodeNumbering
  /// First global id of each (part, type), part-major, and one past the last.
  let bounds: [Int64]
  /// Part of each node by flat number.
  let parts: [UInt16]
  /// Local id at its owner of each node by flat number.
  let locals: Buffer<UInt32>
  /// Flat number of each node by global id.
  let flat: Buffer<UInt32>

  /// Numbers the nodes; two passes over `parts`.
  ///
  /// - Parameter order: All flat numbers in the order in which parts list their nodes; `nil`: increasing.
  init(graph: RawGraph, parts: [UInt16], partCount: Int, order: Buffer<UInt32>? = nil) {
    nodes = NodeNumbering(graph)
    precondition(parts.count == nodes.count, "\(parts.count) parts for \(nodes.count) nodes")
    self.partCount = partCount
    self.parts = parts
    let types = nodes.typeCount
    var counts = [Int](repeating: 0, count: partCount * types)
    for type in 0..<types {
      for part in parts[nodes.range(of: type)] { counts[Int(part) * types + type] += 1 }
    }
    var next = 0
    var bounds: [Int64] = [0]
    var cursors: [Int] = []
    for count in counts {
      cursors.append(next)
      next += count
      bounds.append(Int64(next))
    }
    self.bounds = bounds
    locals = Buffer(count: nodes.count)
    flat = Buffer(count: nodes.count)
    for place in 0..<nodes.count {
      let node = order.map { Int($0.pointer[place]) } ?? place
      let part = Int(parts[node])
      let type = types == 1 ? 0 : nodes.type(of: node)
      let global = cursors[part * types + type]
      cursors[part * types + type] += 1
      flat.pointer[global] = UInt32(truncatingIfNeeded: node)
      locals.pointer[node] = UInt32(truncatingIfNeeded: global - Int(bounds[part * types]))
    }
  }

  /// Global ids of a part's inner nodes.
  func innerRange(of part: Int) -> Range<Int> {
    Int(bounds[part * nodes.typeCount])..<Int(bounds[(part + 1) * nodes.typeCount])
  }

  /// Global ids of a part's inner nodes of one type.
  func innerRange(of part: Int, type: Int) -> Range<Int> {
    Int(bounds[part * nodes.typeCount + type])..<Int(bounds[part * nodes.typeCount + type + 1])
  }

  /// Global id of the node with this flat number.
  func globalID(ofFlat node: Int) -> Int { Int(bounds[Int(parts[node]) * nodes.typeCount]) + Int(locals.pointer[node]) }

  /// The user's number of the node with this global id.
  func original(ofGlobal id: Int) -> Int { original(ofGlobal: id, type: nodes.type(of: Int(flat.pointer[id]))) }

  /// The user's number of the node with this global id, which is of type `type`.
  func original(ofGlobal id: Int, type: Int) -> Int { Int(flat.pointer[id]) - nodes.offsets[type] }
}
