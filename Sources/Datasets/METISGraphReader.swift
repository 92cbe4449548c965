public import Graphs
import Tensors

/// Reads graphs in the text format of METIS and Chaco, `.graph`, also compressed.
///
/// ```
/// % a comment
/// nodes edges [fmt [ncon]]                  fmt: three digits, 1 = node sizes, node weights, edge weights are given
/// [size] [weight …] {neighbour [weight]}    one line per node, neighbours from 1; a blank line is a node without
/// ```
/// METIS manual 5.1, section 4.1.1.
public enum METISGraphReader {
  /// Reads the file at `path`: both directions of each edge, in the order of the lists.
  ///
  /// Node weights become the table `weights`, int32, one column per constraint. Node sizes are checked and left out, with a
  /// notice.
  ///
  /// - Parameter weighted: Keeps the edge weights, 1 where the file has none; else they are checked and left out, with a notice.
  /// - Throws: `InputError` with file and line when the lists do not hold what the header says, or an edge stands in one of
  ///   its two lists only.
  public static func read(_ path: String, weighted: Bool = false, context: IngestContext = IngestContext()) throws -> RawGraph {
    var lists = METISLists(path: path, weighted: weighted)
    try TextPipeline<NumberLines>(path: path, context: context, longestLine: 1 << 34).run(
      parse: { (text, lines: NumberLines) throws(LineError) in try lines.parse(text) },
      consume: { lines in try lists.append(lines) })
    let graph = try lists.finish(name: RawEdgeListReader.stem(of: path), threads: context.threads)
    if lists.hasSizes { context.notice("\(path): node sizes are left out") }
    if lists.hasEdgeWeights && !weighted { context.notice("\(path): edge weights are left out; --weight-column weight keeps them") }
    return graph
  }
}

/// The header and the neighbour lists of a METIS file, line by line.
private struct METISLists {
  private struct Header {
    var nodes: Int
    var edges: Int
    var hasSizes: Bool
    var hasEdgeWeights: Bool
    /// Weights of a node.
    var weights: Int
  }

  private let path: String
  private let weighted: Bool
  private var header: Header?
  private var linesBefore = 0
  private let sources = Accumulator<UInt32>()
  private let destinations = Accumulator<UInt32>()
  private let edgeWeights = Accumulator<Float>()
  private let weights = GrowingBuffer<Int32>()
  /// Line of each node, from 1.
  private let lineOfNode = GrowingBuffer<Int>()
  // The edges of one piece, before they are collected.
  private let from = GrowingBuffer<UInt32>()
  private let to = GrowingBuffer<UInt32>()
  private let weightsOfEdges = GrowingBuffer<Float>()

  init(path: String, weighted: Bool) {
    self.path = path
    self.weighted = weighted
  }

  var hasSizes: Bool { header?.hasSizes ?? false }
  var hasEdgeWeights: Bool { header?.hasEdgeWeights ?? false }

  mutating func append(_ lines: NumberLines) throws {
    from.removeAll()
    to.removeAll()
    weightsOfEdges.removeAll()
    var start = 0
    for (index, end) in lines.ends.readOnly.enumerated() {
      let line = linesBefore + lines.lineNumbers[index] + 1
      let values = UnsafeBufferPointer(rebasing: lines.values.readOnly[start..<end])
      if let header { try appendNode(values, header, line: line) } else { header = try parseHeader(values, line: line) }
      start = end
    }
    sources.append(from.readOnly)
    destinations.append(to.readOnly)
    edgeWeights.append(weightsOfEdges.readOnly)
    linesBefore += lines.lineCount
  }

  private func parseHeader(_ values: UnsafeBufferPointer<UInt32>, line: Int) throws -> Header {
    guard (2...4).contains(values.count) else {
      throw InputError(path, line: line, expected: "a header 'nodes edges [fmt [ncon]]'", found: "\(values.count) numbers")
    }
    guard values[0] >= 1 && values[0] < UInt32.max else {
      throw InputError(path, line: line, expected: "1 to \(UInt32.max - 1) nodes", found: "\(values[0])")
    }
    let format = values.count > 2 ? values[2] : 0
    guard format <= 111, format % 10 <= 1, format / 10 % 10 <= 1 else {
      throw InputError(path, line: line, expected: "a fmt of up to three digits 0 or 1", found: "\(format)")
    }
    let hasWeights = format / 10 % 10 == 1
    let constraints = values.count > 3 ? Int(values[3]) : hasWeights ? 1 : 0
    guard hasWeights == (constraints > 0), constraints <= 1024 else {
      throw InputError(
        path, line: line, expected: hasWeights ? "1 to 1024 weights of a node" : "no ncon without node weights", found: "\(constraints)")
    }
    return Header(
      nodes: Int(values[0]), edges: Int(values[1]), hasSizes: format >= 100, hasEdgeWeights: format % 10 == 1, weights: constraints)
  }

  private func appendNode(_ values: UnsafeBufferPointer<UInt32>, _ header: Header, line: Int) throws {
    let node = lineOfNode.count
    func fail(_ expected: String, _ found: String) -> InputError { InputError(path, line: line, expected: expected, found: found) }
    if node == header.nodes {
      guard values.isEmpty else { throw fail("the end of the file after \(header.nodes) nodes", "another line of \(values.count) numbers") }
      return
    }
    let fixed = (header.hasSizes ? 1 : 0) + header.weights
    let step = header.hasEdgeWeights ? 2 : 1
    guard values.count >= fixed, (values.count - fixed) % step == 0 else {
      let pairs = header.hasEdgeWeights ? "pairs of neighbour and weight" : "neighbours"
      throw fail("\(fixed) numbers of the node, then \(pairs)", "\(values.count) numbers")
    }
    for index in fixed - header.weights..<fixed {
      guard let weight = Int32(exactly: values[index]) else { throw fail("node weights up to \(Int32.max)", "\(values[index])") }
      weights.append(weight)
    }
    for index in stride(from: fixed, to: values.count, by: step) {
      let neighbour = Int(values[index])
      guard neighbour >= 1 && neighbour <= header.nodes else { throw fail("neighbours from 1 to \(header.nodes)", "\(neighbour)") }
      guard neighbour != node + 1 else { throw fail("no edge from a node to itself", "node \(neighbour) in its own list") }
      if step == 2, values[index + 1] == 0 { throw fail("edge weights of 1 or more", "0") }
      from.append(UInt32(node))
      to.append(UInt32(neighbour - 1))
      if weighted { weightsOfEdges.append(step == 2 ? Float(values[index + 1]) : 1) }
    }
    lineOfNode.append(line)
  }

  mutating func finish(name: String, threads: Threads) throws -> RawGraph {
    guard let header else { throw InputError(path, expected: "a header 'nodes edges [fmt [ncon]]'", found: "an empty file") }
    guard lineOfNode.count == header.nodes else {
      throw InputError(path, expected: "\(header.nodes) nodes as the header says", found: "\(lineOfNode.count) lines of nodes")
    }
    guard sources.count == 2 * header.edges else {
      throw InputError(
        path, expected: "\(header.edges) edges, each in two lists, as the header says", found: "\(sources.count) list entries")
    }
    let edges = EdgeList(
      sources: sources.view, destinations: destinations.view, weights: weighted ? edgeWeights.view : nil)
    try checkSymmetry(edges, nodes: header.nodes, threads: threads)
    var data = NodeData(count: header.nodes)
    if header.weights > 0 {
      let copy = Buffer<Int32>(copying: weights.readOnly)
      let bytes = ArrayView(
        pointer: UnsafeRawPointer(copy.pointer).assumingMemoryBound(to: UInt8.self), count: copy.count * 4, owner: copy)
      data.tables["weights"] = .dense(
        DenseRows(rows: header.nodes, columns: header.weights, strideBytes: 4 * header.weights, elementType: .int32, bytes: bytes))
    }
    return RawGraph(name: name, schema: .plain, nodes: [data], edges: [edges])
  }

  /// Every list must hold a neighbour once, and the neighbour's list the node.
  private func checkSymmetry(_ edges: EdgeList, nodes: Int, threads: Threads) throws {
    let lists = GroupedValues(rows: nodes, count: edges.count) { (edges.sources.pointer[$0], edges.destinations.pointer[$0]) }
    lists.sortRows(threads: threads)
    for node in 0..<nodes {
      let list = lists.row(node)
      for (index, neighbour) in list.enumerated() {
        if index > 0 && list[index - 1] == neighbour {
          throw InputError(path, line: lineOfNode[node], expected: "each neighbour once", found: "\(neighbour + 1) twice")
        }
        guard lists.row(Int(neighbour)).containsSorted(UInt32(node)) else {
          throw InputError(
            path, line: lineOfNode[node], expected: "every edge in the lists of both its ends",
            found: "neighbour \(neighbour + 1), whose list on line \(lineOfNode[Int(neighbour)]) lacks \(node + 1)")
        }
      }
    }
  }
}

extension UnsafeMutableBufferPointer<UInt32> {
  /// Binary search among increasing values.
  fileprivate func containsSorted(_ value: UInt32) -> Bool {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == value
  }
}
