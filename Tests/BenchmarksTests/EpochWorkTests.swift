import Benchmarks
import Models
import Telemetry
import Testing
import Training

/// Work counted by hand from literal blocks: 4 batches; layer 0 has 40 destinations, 200 sources, 400 edges; layer 1 has 8, 40 and 32.
@Suite struct EpochWorkTests {
  private func work(_ kind: ModelShape.Kind, inputs: Int = 100, derivedColumns: Int? = nil, _ change: (inout ModelShape) -> Void = { _ in })
    -> EpochWork
  {
    var shape = ModelShape(kind: kind, inputColumns: inputs, hidden: 256, layers: 2, classes: 47)
    change(&shape)
    var traffic = Traffic()
    for (destinations, sources, edges) in [(40, 200, 400), (8, 40, 32)] {
      var layer = Traffic.Layer()
      (layer.destinations, layer.sources, layer.edges) = (destinations, sources, edges)
      traffic.layers.append(layer)
    }
    return EpochWork(shape: shape, traffic: traffic, rowBytes: 4 * inputs, batches: 4, derivedColumns: derivedColumns)
  }

  private func reads(_ work: EpochWork, _ stage: Stage) -> [String] {
    (work.reads[stage] ?? []).map { "\($0.reads.layer) \($0.reads.rows.rawValue) \($0.reads.rowBytes) x \(Int($0.count))" }
  }

  private func products(_ work: EpochWork, _ stage: Stage) -> [String] {
    (work.products[stage] ?? []).map {
      "\($0.shape.form.rawValue) \($0.shape.rows)x\($0.shape.inner)x\($0.shape.columns) x \(Int($0.times))"
    }
  }

  @Test func sageAggregatesThenTransformsItsNarrowLayer() {
    let work = work(.sage)
    #expect(reads(work, .forward) == ["0 input rows by edge 400 x 440", "1 hidden rows by edge 188 x 32", "1 rows once 1024 x 40"])
    #expect(reads(work, .backward) == ["1 gradients by edge 188 x 32", "1 rows once 1024 x 40"])
    #expect(products(work, .forward) == ["forward 10x200x256 x 4", "forward 10x256x47 x 4", "forward 2x256x47 x 4"])
    #expect(
      products(work, .backward) == [
        "weightGradient 10x200x256 x 4", "weightGradient 10x256x47 x 4", "inputGradient 10x256x47 x 4", "weightGradient 2x256x47 x 4",
        "inputGradient 2x256x47 x 4",
      ])
  }

  @Test func gcnHasNoProductOfItsOwnRows() {
    let work = work(.gcn)
    #expect(products(work, .forward) == ["forward 10x100x256 x 4", "forward 10x256x47 x 4"])
    #expect(reads(work, .forward).first == "0 input rows by edge 400 x 440")
  }

  @Test func ginHasASecondProduct() {
    let work = work(.gin)
    #expect(
      products(work, .forward) == ["forward 10x100x256 x 4", "forward 10x256x256 x 4", "forward 2x256x256 x 4", "forward 2x256x47 x 4"])
    #expect(products(work, .backward).contains("inputGradient 10x256x256 x 4"))
    #expect(reads(work, .forward).contains("1 hidden rows by edge 1024 x 32"))
  }

  @Test func attentionTransformsAllSources() {
    let work = work(.gat) { ($0.heads, $0.outputHeads, $0.learnsInputs) = (4, 2, true) }
    #expect(products(work, .forward) == ["forward 50x100x256 x 4", "forward 10x256x94 x 4"])
    #expect(
      reads(work, .forward) == [
        "0 hidden rows by edge 1024 x 400", "0 rows once 400 x 200", "1 hidden rows by edge 376 x 32", "1 rows once 1024 x 40",
      ])
    #expect(reads(work, .backward).first == "0 gradients by edge 1024 x 400")
  }

  /// Four heads of 64 columns each sum 100 inputs: the product of 100 × 256 is left to 40 destinations.
  @Test func attentionReadsInputRowsWhereTheyLie() {
    let work = work(.gat) { ($0.heads, $0.outputHeads) = (4, 2) }
    #expect(products(work, .forward) == ["forward 10x100x256 x 4", "forward 10x256x94 x 4"])
    #expect(
      reads(work, .forward) == ["0 input rows by edge 400 x 440", "1 hidden rows by edge 376 x 32", "1 rows once 1024 x 40"])
    #expect(reads(work, .backward).first == "0 input rows by edge 400 x 440")
  }

  @Test func rowsMadeBeforehandAreReadOnceAndMultiplied() {
    let work = work(.sage, derivedColumns: 200)
    #expect(reads(work, .forward).first == "0 rows once 400 x 40")
    #expect(products(work, .forward).first == "forward 10x200x256 x 4")
    #expect(reads(work, .backward).first == "0 rows once 400 x 40")
    #expect(products(work, .backward).first == "weightGradient 10x200x256 x 4")
  }

  @Test func sparseRowsHaveNoDenseProducts() {
    let work = work(.sage) { $0.sparseInput = true }
    #expect(!products(work, .forward).contains { $0.contains("x100x") || $0.contains("x200x") })
    #expect(reads(work, .forward).first == "0 hidden rows by edge 1024 x 400")
  }
}
