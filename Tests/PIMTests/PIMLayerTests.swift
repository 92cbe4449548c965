import Kernels
import PIM
import Tensors
import Testing

@Suite struct PIMLayerTests {
  private static let kinds: [PIMLayer.Kind] = [.gcn, .gin(epsilon: 0.25), .sage]

  private func matrix(_ draws: inout Draws, _ rows: Int, _ columns: Int) -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    for row in 0..<rows { for column in 0..<columns { matrix.view[row, column] = draws.float() } }
    return matrix
  }

  private func doubles(_ matrix: Matrix) -> [[Double]] {
    withExtendedLifetime(matrix) { (0..<matrix.rows).map { row in (0..<matrix.columns).map { Double(matrix.view[row, $0]) } } }
  }

  /// The dense matrix that a kind aggregates with.
  private func operatorMatrix(_ kind: PIMLayer.Kind, _ graph: Graph) -> [[Double]] {
    let nodes = graph.lists.count
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: nodes), count: nodes)
    for (node, list) in graph.lists.enumerated() { for source in list { matrix[node][Int(source)] += 1 } }
    let degrees = graph.lists.map { Double($0.count) }
    for node in 0..<nodes {
      switch kind {
      case .gcn:
        matrix[node][node] += 1
        for source in 0..<nodes { matrix[node][source] /= ((degrees[node] + 1) * (degrees[source] + 1)).squareRoot() }
      case .gin(let epsilon): matrix[node][node] += 1 + Double(epsilon)
      case .sage: if degrees[node] > 0 { for source in 0..<nodes { matrix[node][source] /= degrees[node] } }
      }
    }
    return matrix
  }

  private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in (0..<(b.first?.count ?? 0)).map { column in row.indices.reduce(0) { $0 + row[$1] * b[$1][column] } } }
  }

  private func transposed(_ a: [[Double]]) -> [[Double]] { (0..<a[0].count).map { column in a.map { $0[column] } } }

  private func sum(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] { zip(a, b).map { zip($0, $1).map(+) } }

  private func expectClose(_ matrix: Matrix, _ expected: [[Double]], within bound: Double, _ name: String) {
    for (row, values) in doubles(matrix).enumerated() {
      for (column, value) in values.enumerated() {
        #expect(abs(value - expected[row][column]) <= bound, "\(name): \(value), expected \(expected[row][column])")
      }
    }
  }

  /// Sums of up to about 100 terms below 3 in float32; int32 keeps 20 bits of an element, int16 10 bits, int8 5.
  @Test(arguments: [(PIMElementType.float32, 2e-4), (.int32, 4e-3), (.int16, 0.4), (.int8, 12)])
  func layersAndGradientsEqualDenseProducts(type: PIMElementType, bound: Double) throws {
    for (seed, kind) in Self.kinds.enumerated() {
      var draws = Draws(UInt64(40 + seed))
      let graph = Graph(&draws, destinations: 30, sources: 30, longest: 5)
      var strategy = PIMStrategy(2, 2).with((.csr, .nonZeros, .nonZeros))
      strategy.elementType = type
      strategy.addOnly = true
      let machine = try PIMGraph(graph.edges, topology: .small([3, 3, 3, 3]), strategy: strategy, threads: Threads(2))
      let (x, w) = (matrix(&draws, 30, 6), matrix(&draws, 6, 4))
      let v = kind == .sage ? matrix(&draws, 6, 4) : nil
      let g = matrix(&draws, 30, 4)
      let layer = PIMLayer(kind, weights: w, ownWeights: v)
      let output = try layer.forward(x, on: machine)
      let (a, dx, dw) = (operatorMatrix(kind, graph), doubles(x), doubles(w))
      var rows = product(product(a, dx), dw)
      if let v { rows = sum(rows, product(dx, doubles(v))) }
      expectClose(output.rows, rows, within: bound, "\(kind) forward")
      let gradient = try layer.backward(g, input: x, output, on: machine)
      expectClose(gradient.weights, product(transposed(product(a, dx)), doubles(g)), within: 10 * bound, "\(kind) weights")
      var ofInput = product(transposed(a), product(doubles(g), transposed(dw)))
      if let v {
        ofInput = sum(ofInput, product(doubles(g), transposed(doubles(v))))
        expectClose(gradient.ownWeights!, product(transposed(dx), doubles(g)), within: 10 * bound, "\(kind) own weights")
      }
      expectClose(gradient.input, ofInput, within: 4 * bound, "\(kind) input")
      #expect(output.times.total > 0 && gradient.times.total > 0)
      withExtendedLifetime(graph) {}
    }
  }

  /// Two layers with a rectifier between them, all products in float64.
  @Test func gradientsOfNetworksEqualDenseProducts() throws {
    for (seed, kind) in Self.kinds.enumerated() {
      var draws = Draws(UInt64(80 + seed))
      let graph = Graph(&draws, destinations: 12, sources: 12, longest: 4)
      var strategy = PIMStrategy(1, 2).with((.coo, .exact, .exactLockFree))
      strategy.elementType = .float32
      let machine = try PIMGraph(graph.edges, topology: .small([2, 2]), strategy: strategy, threads: Threads(1))
      let (x, g) = (matrix(&draws, 12, 3), matrix(&draws, 12, 2))
      let (w1, w2) = (matrix(&draws, 3, 4), matrix(&draws, 4, 2))
      let own = kind == .sage ? [matrix(&draws, 3, 4), matrix(&draws, 4, 2)] : []
      let network = PIMNetwork([
        PIMLayer(kind, weights: w1, ownWeights: own.first), PIMLayer(kind, weights: w2, ownWeights: own.last),
      ])
      let pass = try network.forward(x, on: machine)
      let gradients = try network.backward(g, pass, on: machine)
      let a = operatorMatrix(kind, graph)
      func layer(_ rows: [[Double]], _ weights: Matrix, _ own: Matrix?) -> [[Double]] {
        let own = own.map { product(rows, doubles($0)) }
        let gathered = product(product(a, rows), doubles(weights))
        return own.map { sum($0, gathered) } ?? gathered
      }
      let inner = layer(doubles(x), w1, own.first)
      let rectified = inner.map { $0.map { max(0, $0) } }
      expectClose(pass.result, layer(rectified, w2, own.last), within: 1e-3, "\(kind) result")
      var back = product(transposed(a), product(doubles(g), transposed(doubles(w2))))
      if let last = own.last { back = sum(back, product(doubles(g), transposed(doubles(last)))) }
      let masked = zip(back, inner).map { zip($0, $1).map { $1 > 0 ? $0 : 0 } }
      expectClose(gradients[1].weights, product(transposed(product(a, rectified)), doubles(g)), within: 1e-2, "\(kind) last weights")
      expectClose(gradients[0].weights, product(transposed(product(a, doubles(x))), masked), within: 1e-2, "\(kind) first weights")
      if own.count == 2 {
        expectClose(gradients[1].ownWeights!, product(transposed(rectified), doubles(g)), within: 1e-2, "\(kind) last own weights")
        expectClose(gradients[0].ownWeights!, product(transposed(doubles(x)), masked), within: 1e-2, "\(kind) first own weights")
      }
      #expect(pass.times.total > 0)
      withExtendedLifetime(graph) {}
    }
  }
}
