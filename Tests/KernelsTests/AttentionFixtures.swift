import Kernels
import Tensors
import Testing

/// One attention over literal or random edges: its arrays, the kernels' passes and a float64 reference of both.
struct AttentionCase: CustomTestStringConvertible {
  enum Kind: CaseIterable { case gat, gatv2 }

  var kind: Kind
  var heads: AttentionHeads
  var edges: Edges
  var selfLoops: Bool
  var dropout: Dropout?
  /// h or l, (S, H·F).
  var rows: MatrixView
  /// GATv2: r, (D, H·F).
  var destinationRows: MatrixView
  /// GAT: source and destination vectors; GATv2: the vectors, twice.
  var vectors: [[Float]]
  /// Gradient of the outputs, (D, H·F).
  var gradient: MatrixView

  var destinations: Int { edges.lists.count }
  var ids: [Int64] { (0..<destinations).map { Int64($0) * 77 + 5 } }
  var testDescription: String {
    "\(kind), \(heads.count) × \(heads.width), \(edges.count) edges, self loops \(selfLoops), dropout \(dropout != nil)"
  }

  init(
    _ kind: Kind, heads: AttentionHeads, destinations: Int, sources: Int, longest: Int, selfLoops: Bool, dropout: Float, seed: UInt64
  ) {
    var draws = Draws(seed)
    self.kind = kind
    self.heads = heads
    self.selfLoops = selfLoops
    self.dropout = dropout == 0 ? nil : Dropout(attentionProbability: dropout, seed: seed, layer: 1, relation: 2, step: 9)
    edges = Edges(&draws, destinations: destinations, sources: sources, longest: longest)
    rows = draws.matrix(sources, heads.columns, padding: 5)
    destinationRows = draws.matrix(destinations, heads.columns, padding: 1)
    vectors = [draws.floats(heads.columns), draws.floats(heads.columns)]
    gradient = draws.matrix(destinations, heads.columns, padding: 2)
  }

  init(
    _ kind: Kind, heads: AttentionHeads, edges: [[UInt32]], selfLoops: Bool = false, rows: [[Float]], destinationRows: [[Float]] = [],
    vectors: [[Float]]
  ) {
    self.kind = kind
    self.heads = heads
    self.selfLoops = selfLoops
    self.edges = Edges(edges)
    self.rows = MatrixView(rows)
    self.destinationRows = MatrixView(destinationRows)
    self.vectors = vectors
    gradient = MatrixView(zeros: edges.count, heads.columns)
  }

  var attention: AttentionEdges { AttentionEdges(edges.neighborhood, ownRow: selfLoops ? 0 : nil) }
}

/// What a forward and a backward pass give.
struct AttentionResult: Equatable {
  var out: [[Float]]
  var coefficients: [Float]
  var rows: [[Float]]
  var destinationRows: [[Float]]
  var vectors: [[Float]]
}

extension AttentionCase {
  /// - Parameter tile: Destinations and sources are worked on so many at a time.
  func run(_ instructions: InstructionSet = .detected, tile: Int = 1 << 20) -> AttentionResult {
    let (D, S, columns) = (destinations, rows.rows, heads.columns)
    let slots = attention.slotCount(edgeCount: edges.count)
    let out = MatrixView(zeros: D, columns, stride: columns + 3)
    let (sourceScores, scores) = (MatrixView(zeros: S, heads.count), MatrixView(zeros: D, heads.count))
    heads.dots(rows, vectors: vectors[0], into: sourceScores, instructions: instructions)
    heads.dots(rows.prefix(D), vectors: vectors[1], into: scores, instructions: instructions)
    let coefficients = keep(Buffer<Float>(count: slots * heads.count))
    let signs = keep(Buffer<UInt16>(count: slots * GraphAttentionV2.signWords(heads)))
    let ids = keep(Buffer(copying: ids))
    let drop = dropout.map { AttentionDropout($0, ids: ids.pointer) }
    for range in tiles(of: D, tile) {
      switch kind {
      case .gat:
        GraphAttention.forward(
          range, of: attention, heads: heads, rows: rows, sourceScores: sourceScores, destinationScores: scores.rows(range), dropout: drop,
          coefficients: coefficients.pointer, into: out.rows(range), instructions: instructions)
      case .gatv2:
        GraphAttentionV2.forward(
          range, of: attention, heads: heads, rows: rows, destinationRows: destinationRows.rows(range), vectors: vectors[0], dropout: drop,
          coefficients: coefficients.pointer, signs: signs.pointer, into: out.rows(range), instructions: instructions)
      }
    }
    let products = MatrixView(zeros: D, heads.count, stride: heads.count + 1)
    heads.dots(out, gradient, into: products, instructions: instructions)
    let transposed = keep(TransposedEdges())
    transposed.fill(edges.neighborhood, edgeCount: edges.count, sourceCount: S, numbered: true, threads: Threads(1))
    let scoreGradients = keep(Buffer<Float>(count: slots * heads.count))
    let pass = AttentionBackward(
      heads: heads, edges: attention, transposed: transposed, gradient: gradient, products: products, coefficients: coefficients.pointer,
      scale: dropout?.scale ?? 1, scoreGradients: scoreGradients.pointer)
    let (rowGradient, ownGradient) = (MatrixView(zeros: S, columns), MatrixView(zeros: D, columns))
    var vectorGradients = [[Float]](repeating: [Float](repeating: 0, count: columns), count: 2)
    for range in tiles(of: S, tile) {
      switch kind {
      case .gat:
        GraphAttention.backward(
          range, of: pass, rows: rows.rows(range), sourceScores: sourceScores.rows(range), destinationScores: scores, vectors: vectors[0],
          addingTo: &vectorGradients[0], into: rowGradient.rows(range), instructions: instructions)
      case .gatv2:
        GraphAttentionV2.backward(
          range, of: pass, rows: rows.rows(range), signs: signs.pointer, vectors: vectors[0], addingTo: &vectorGradients[0],
          into: rowGradient.rows(range), instructions: instructions)
      }
    }
    for range in tiles(of: D, tile) {
      switch kind {
      case .gat:
        let gradient = MatrixView(zeros: range.count, heads.count)
        GraphAttention.destinationGradient(
          range, of: attention, heads: heads, scoreGradients: scoreGradients.pointer, into: gradient, instructions: instructions)
        heads.products(gradient, vectors: vectors[1], into: ownGradient.rows(range), instructions: instructions)
        heads.add(gradient, times: rows.rows(range), to: &vectorGradients[1], instructions: instructions)
      case .gatv2:
        GraphAttentionV2.destinationGradient(
          range, of: attention, heads: heads, scoreGradients: scoreGradients.pointer, signs: signs.pointer,
          destinationRows: destinationRows.rows(range), vectors: vectors[0], addingTo: &vectorGradients[1], into: ownGradient.rows(range),
          instructions: instructions)
      }
    }
    return AttentionResult(
      out: out.lists, coefficients: Array(coefficients.elements), rows: rowGradient.lists, destinationRows: ownGradient.lists,
      vectors: vectorGradients)
  }

  private func tiles(of total: Int, _ tile: Int) -> [Range<Int>] {
    stride(from: 0, to: total, by: tile).map { $0..<min(total, $0 + tile) }
  }

  /// Outputs of all destinations in float64.
  func reference(rows: [[Double]], destinationRows: [[Double]], vectors: [[Double]]) -> [[Double]] {
    (0..<destinations).map { destination in
      let sources = attention.sources(of: destination).map { rows[$0] }
      return AttentionReference.output(sources, heads: heads) { row, head in
        switch kind {
        case .gat:
          AttentionReference.scoreGAT(
            row, own: rows[destination], source: vectors[0], destination: vectors[1], head: head, heads: heads)
        case .gatv2:
          AttentionReference.scoreGATv2(
            row, destination: destinationRows[destination], vector: vectors[0], head: head, heads: heads)
        }
      } factor: { ordinal, head in
        guard let dropout else { return 1 }
        // The contract in words: 16 bits for each (ordinal, head), eight of them in a Philox block, kept from the threshold on.
        let number = ordinal * heads.count + head
        let block = dropout.key.bits(id: UInt64(ids[destination]), step: dropout.step, block: UInt32(number / 8))
        let draw = block[number % 8 / 2] >> (number % 2 == 0 ? 0 : 16) & 0xffff
        return draw < dropout.threshold ? 0 : 65_536 / Double(65_536 - dropout.threshold)
      }
    }
  }
}
