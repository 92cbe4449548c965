import Kernels
import Tensors

/// The dense products of a layer that joins a row and its neighbours' mean: forward, gradient of the weights, gradient of the rows.
struct ProductKernels {
  let rows: Int
  let inner: Int

  /// - Parameter hops: Of the layer; the mean of their destinations is the number of rows.
  init(hops: [SampledHop], columns: Int) {
    rows = hops.isEmpty ? 0 : hops.reduce(0) { $0 + $1.destinationCount } / hops.count
    inner = 2 * columns
  }

  func measure(_ request: KernelBenchmark.Request) -> [KernelResult] {
    let forms: [ProductShape.Form] = [.forward, .weightGradient, .inputGradient]
    return request.threads.flatMap { count in
      forms.map { form in
        let shape = ProductShape(rows: max(1, rows), inner: inner, columns: request.hidden, form: form)
        let name = "\(shape.rows) x \(inner) x \(request.hidden) \(form.rawValue)"
        return KernelResult(
          .products, name, columns: inner / 2, threads: Threads(count), work: shape.operations,
          rate: ProductLimits.rate(shape, threads: Threads(count), trials: request.trials))
      }
    }
  }
}
