public import Models
public import Telemetry
public import Training

/// What the layers of a model read along edges and multiply in one epoch, counted from the sizes of its blocks.
///
/// Letters: `D` destinations, `S` sources, `E` edges of a layer's blocks, `I` inputs and `O` outputs per row, `R` relations, `J` the width of
/// what is aggregated: (1 + R)·I for SAGE, R·I for GCN and GIN; `A` = H·F, the columns of all attention heads.
///
/// | layer | forward | backward |
/// |---|---|---|
/// | aggregates first (SAGE, GCN, GIN) | reads E + D rows of I; D×J×O | D×J×O for the weights; and for the rows D×J×O, reads E gradients of I |
/// | transforms first (SAGE, GCN, GIN) | reads S rows once; S×I×O for each relation, reads E products of O | reads E gradients of O; the products for the weights, and for the rows |
/// | pool | reads S rows once; S×I×I and D×(1+R)I×O, reads E products of I | D×RI×O; the products for the weights, and for the rows |
/// | GAT, GATv2 | reads S rows once; S×I×A (GATv2: and D×I×A), reads E products of A | reads E gradients of A; the products for the weights, and for the rows |
/// | GAT on its input | reads E + D rows of I; D×I×A | the same, for the weights |
/// | made beforehand (`--first-hop exact`) | reads D rows; D×J×O | the same, for the weights |
///
/// GIN has D×O×O besides. "For the rows": not in the first layer. Not counted, so that limits are rather too low: writing of any
/// result, sorting edges by source, activations, normalisations, residuals, jumping connections, losses, scores of attention.
public struct EpochWork: Sendable {
  /// Rows that a layer reads, all of one kind.
  public struct Reads: Codable, Hashable, Sendable {
    public enum Rows: String, Codable, Sendable {
      /// Input rows where they lie: one for every edge and destination, in the order of the kernel.
      case inputByEdge = "input rows by edge"
      /// Rows of the input, or of the layer before, one after the other.
      case inputOnce = "rows once"
      /// Rows of a matrix that has one for every source, by edge.
      case sourcesByEdge = "hidden rows by edge"
      /// Rows of a matrix that has one for every destination, along the edges by source.
      case gradientsByEdge = "gradients by edge"
    }

    public var layer: Int
    public var rows: Rows
    /// Bytes of a row.
    public var rowBytes: Int
  }

  /// Rows of an epoch by what they are.
  public struct ReadCount: Sendable {
    public var reads: Reads
    public var count: Double
  }

  /// Products of an epoch by their shape in a mean step and part.
  public struct ProductCount: Sendable {
    public var shape: ProductShape
    public var times: Double
  }

  public private(set) var reads: [Stage: [ReadCount]] = [:]
  public private(set) var products: [Stage: [ProductCount]] = [:]

  /// Layers of the model.
  let layerCount: Int
  private let shape: ModelShape
  private let rowBytes: Int
  /// Batches of parts in an epoch.
  private let batches: Double

  /// - Parameters:
  ///   - traffic: Sizes of an epoch's blocks, all workers together.
  ///   - rowBytes: Bytes of an input row as it is stored, or of a row made beforehand.
  ///   - steps: Steps of the epoch, times parts.
  ///   - derivedColumns: Columns of the rows that replace the first layer's edges; `nil`: it aggregates.
  public init(shape: ModelShape, traffic: Traffic, rowBytes: Int, batches: Int, derivedColumns: Int? = nil) {
    self.shape = shape
    layerCount = traffic.layers.count
    self.rowBytes = rowBytes
    self.batches = Double(max(1, batches))
    for (index, layer) in traffic.layers.enumerated() {
      if index == 0, let derivedColumns {
        for stage in [Stage.forward, .backward] { read(stage, .inputOnce, 0, rowBytes, layer.destinations) }
        multiply(layer.destinations, derivedColumns, shape.outputWidth(of: 0), layer: 0)
      } else {
        count(index, layer)
      }
    }
  }

  private mutating func count(_ index: Int, _ layer: Traffic.Layer) {
    let (inputs, relations) = (shape.inputWidth(of: index), shape.relations.count)
    let outputs = shape.kind == .gin ? shape.hidden : shape.outputWidth(of: index)
    switch shape.kind {
    case .sage, .gcn, .gin:
      let own = shape.kind == .sage
      let isSparse = index == 0 && shape.sparseInput
      if isSparse || inputs > outputs {
        transformsFirst(index, layer, inputs, outputs, ownProduct: own)
      } else {
        let joined = (relations + (own ? 1 : 0)) * inputs
        if index == 0 {
          read(.forward, .inputByEdge, index, rowBytes, layer.edges + layer.destinations)
        } else {
          read(.forward, .sourcesByEdge, index, 4 * inputs, layer.edges)
          read(.backward, .gradientsByEdge, index, 4 * inputs, layer.edges)
        }
        multiply(layer.destinations, joined, outputs, layer: index)
      }
      if shape.kind == .gin { multiply(layer.destinations, outputs, shape.outputWidth(of: index), layer: max(1, index)) }
    case .sagePool:
      read(.forward, .inputOnce, index, index == 0 ? rowBytes : 4 * inputs, layer.sources)
      read(.forward, .sourcesByEdge, index, 4 * inputs, layer.edges)
      multiply(layer.sources, inputs, inputs, times: relations, layer: index)
      multiply(layer.destinations, inputs, outputs, layer: index)
      multiply(layer.destinations, relations * inputs, outputs, layer: max(1, index))
    case .gat where shape.attendsToInputs(index):
      for stage in [Stage.forward, .backward] { read(stage, .inputByEdge, index, rowBytes, layer.edges + layer.destinations) }
      multiply(layer.destinations, inputs, outputs, times: relations, layer: index)
    case .gat, .gatv2:
      let width = shape.givesLogits(index) ? shape.outputHeads * outputs : outputs
      transformsFirst(index, layer, inputs, width, ownProduct: shape.kind == .gatv2)
    }
  }

  private mutating func transformsFirst(
    _ index: Int, _ layer: Traffic.Layer, _ inputs: Int, _ outputs: Int, ownProduct: Bool
  ) {
    read(.forward, .sourcesByEdge, index, 4 * outputs, layer.edges)
    read(.backward, .gradientsByEdge, index, 4 * outputs, layer.edges)
    // Products of sparse rows are no dense ones: nothing is counted for them.
    guard !(index == 0 && shape.sparseInput) else { return }
    for stage in [Stage.forward, .backward] { read(stage, .inputOnce, index, index == 0 ? rowBytes : 4 * inputs, layer.sources) }
    multiply(layer.sources, inputs, outputs, times: shape.relations.count, layer: index)
    if ownProduct { multiply(layer.destinations, inputs, outputs, times: shape.kind == .gatv2 ? shape.relations.count : 1, layer: index) }
  }

  private mutating func read(_ stage: Stage, _ rows: Reads.Rows, _ layer: Int, _ rowBytes: Int, _ count: Int) {
    guard count > 0 else { return }
    reads[stage, default: []].append(ReadCount(reads: Reads(layer: layer, rows: rows, rowBytes: rowBytes), count: Double(count)))
  }

  /// A product and what backward makes of it.
  ///
  /// - Parameter rows: Rows of an epoch.
  private mutating func multiply(_ rows: Int, _ inner: Int, _ columns: Int, times: Int = 1, layer: Int) {
    guard rows > 0 else { return }
    func add(_ stage: Stage, _ form: ProductShape.Form) {
      let shape = ProductShape(rows: max(1, Int((Double(rows) / batches).rounded())), inner: inner, columns: columns, form: form)
      products[stage, default: []].append(
        ProductCount(shape: shape, times: Double(times) * Double(rows) / Double(shape.rows)))
    }
    add(.forward, .forward)
    add(.backward, .weightGradient)
    if layer > 0 { add(.backward, .inputGradient) }
  }
}

extension EpochWork {
  /// All shapes of products, each once.
  var productShapes: [ProductShape] { distinct(products.values.flatMap { $0.map(\.shape) }) }

  /// All kinds of reads, each once.
  var readKinds: [Reads] { distinct(reads.values.flatMap { $0.map(\.reads) }) }
}

private func distinct<Element: Hashable>(_ elements: [Element]) -> [Element] {
  var seen = Set<Element>()
  return elements.filter { seen.insert($0).inserted }
}
