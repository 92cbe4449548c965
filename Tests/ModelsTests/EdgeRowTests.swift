import Foundation
import Graphs
import Kernels
import Models
import Tensors
import Testing

@Suite struct EdgeRowTests {
  /// x₀ = (1, 2), x₁ = (3, 5); node 0 hears node 1 and itself along edges of rows 4 and 8, node 1 nobody. W_self = 1, W_neighbor = 10,
  /// W_edge = (100, 1000) and b = (0.5, −0.5).
  @Test(arguments: [ElementType.float32, .float16, .bfloat16])
  func oneLayerByHand(element: ElementType) throws {
    let shape = ModelShape(inputColumns: 2, hidden: 2, layers: 1, classes: 2).with { $0.edgeColumns = [1] }
    let model = try Model(shape)
    var draws = Draws(0)
    var batch = Batch(shape, seeds: 2, growth: 0, draws: &draws)
    (batch.edges, batch.features) = ([[[[1, 0], []]]], [[1, 2], [3, 5]])
    // 4 and 8 in each type, a row apart.
    let words: [UInt32] = element == .float32 ? [0x4080_0000, 0x4100_0000] : element == .float16 ? [0x4400, 0x4800] : [0x4080, 0x4100]
    let table = keep(Buffer(copying: words))
    let references = keep(Buffer(copying: [RowReference(segment: 0, row: 0), RowReference(segment: 0, row: 1)]))
    let rows = InputRows(
      segments: .dense([
        RowSegment(base: UnsafeRawPointer(table.pointer), rows: 2, strideBytes: 4, elementType: element, owner: table)
      ]), references: UnsafeBufferPointer(references.elements), columns: 1)
    let workspace = keep(ModelWorkspace(model))
    let logits = model.forward(
      batch.blocks, rows: batch.rows, edgeRows: [[rows]], weights: [1, 0, 0, 1, 10, 0, 0, 10, 100, 1000, 0.5, -0.5], dropout: nil,
      workspace: workspace, threads: Threads(1))
    #expect(logits.lists == [[621.5, 6036.5], [3.5, 4.5]])
  }

  @Test func edgeWeightsComeAfterThoseOfNeighbours() throws {
    var shape = ModelShape(inputColumns: 3, hidden: 4, layers: 2, classes: 2, relations: ["cites", "likes"])
    shape.edgeColumns = [0, 5]
    let layout = try Model(shape).parameters
    #expect(
      layout.parameters.map(\.name) == [
        "layers.0.self.weight", "layers.0.neighbor.cites.weight", "layers.0.neighbor.likes.weight", "layers.0.edge.likes.weight",
        "layers.0.bias", "layers.1.self.weight", "layers.1.neighbor.cites.weight", "layers.1.neighbor.likes.weight",
        "layers.1.edge.likes.weight", "layers.1.bias",
      ])
    #expect(layout["layers.0.edge.likes.weight"]?.shape == [5, 4] && layout["layers.0.edge.likes.weight"]?.range == 36..<56)
    #expect(layout["layers.1.edge.likes.weight"]?.shape == [5, 2] && layout["layers.1.edge.likes.weight"]?.decays == true)
  }

  /// A shape without edge rows is stored as ever, and a stored one without the key is read.
  @Test func onlyShapesWithEdgeRowsNameThem() throws {
    let plain = ModelShape(inputColumns: 3, hidden: 4, layers: 2, classes: 2)
    let text = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
    #expect(!text.lowercased().contains("edgewidths"))
    #expect(try JSONDecoder().decode(ModelShape.self, from: Data(text.utf8)) == plain)
    #expect(plain.with { $0.edgeColumns = [0] } == plain && plain.edgeColumns == [0])
    let shape = plain.with { $0.edgeColumns = [7] }
    let decoded = try JSONDecoder().decode(ModelShape.self, from: try JSONEncoder().encode(shape))
    #expect(decoded == shape && decoded.edgeColumns == [7] && decoded.edgeRelations == [0])
  }

  @Test func otherKindsReadNoEdgeRows() {
    for kind in ModelShape.Kind.allCases where kind != .sage {
      #expect(throws: InputError.self, "\(kind)") {
        try ModelShape(kind: kind, inputColumns: 3, hidden: 4, layers: 2, classes: 2).with { $0.edgeColumns = [2] }.validate()
      }
    }
    #expect(throws: InputError("model's edge columns", expected: "1 numbers from 0, one for each relation", found: "[2, 3]")) {
      try ModelShape(inputColumns: 3, hidden: 4, layers: 2, classes: 2).with { $0.edgeColumns = [2, 3] }.validate()
    }
  }

  /// The first layer's neighbourhoods alone are not what a layer with edge rows gathers.
  @Test func noFirstHopIsKept() throws {
    #expect(try Model(ModelShape(inputColumns: 3, hidden: 4, layers: 2, classes: 2).with { $0.edgeColumns = [2] }).firstHop == nil)
  }
}
