import Kernels
import PIM
import Tensors

/// Sums of quantised rows, edge after edge on the processors: what a machine must equal bit for bit.
struct QuantisedReference: Aggregator {
  let type: PIMElementType
  var identity: String { "reference \(type)" }
  var takesWholeLayers: Bool { true }

  func gather(
    _ rows: RowSource, along edges: Neighborhood, _ reduction: Aggregation.Reduction, into memory: GrowingBuffer<Float>, threads: Threads
  ) -> Gathered {
    let columns = rows.columns
    let x = Matrix(rows: rows.count, columns: columns)
    Gather.copy(from: 0, of: rows, scales: edges.scales, into: x.view)
    let degrees = (0..<edges.destinationCount).map { Int(edges.end[$0]) - Int(edges.begin[$0]) }
    memory.reset(to: edges.destinationCount * columns)
    let out = MatrixView(base: memory.pointer, rows: edges.destinationCount, columns: columns, stride: columns)
    withExtendedLifetime(x) {
      var largest: Float = 0
      for row in 0..<x.rows { for column in 0..<columns { largest = max(largest, abs(x.view[row, column])) } }
      let quantisation = Quantisation(type, largest: largest, terms: degrees.max() ?? 0)
      for destination in 0..<edges.destinationCount {
        let factor: Float = reduction == .mean && degrees[destination] > 0 ? 1 / Float(degrees[destination]) : 1
        for column in 0..<columns {
          var sum = 0
          for edge in Int(edges.begin[destination])..<Int(edges.end[destination]) {
            sum += Int(quantisation.quantised(x.view[Int(edges.sources[edge]), column], as: Int32.self))
          }
          out[destination, column] = Float(sum) * quantisation.scale * factor
        }
      }
    }
    return Gathered(out)
  }

  func check() {}
}
