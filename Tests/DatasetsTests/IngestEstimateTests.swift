import Datasets
import Tensors
import Testing

@Suite struct IngestEstimateTests {
  private let context = IngestContext(threads: Threads(2))

  @Test func figuresOfPlainListsAreEightBytesAnEdge() {
    let text = IngestEstimate(.text, context: context)
    #expect(text.bytesPerEdge == 8 && text.bytesPerNode == 1 && text.keptBytesPerEdge == 8 && text.scratchBytesPerEdge == 0)
    #expect(text.fixedBytes < 32 << 20)
    #expect(IngestEstimate(.mappedArrays).bytesPerEdge == 0 && IngestEstimate(.copiedArrays).bytesPerEdge == 8)
    #expect(IngestEstimate(.text, format: EdgeListFormat(weight: "2")).bytesPerEdge == 12)
    #expect(text.memory(edges: 400_000_000, nodes: 16_000_000) == text.fixedBytes + 3_216_000_000)
  }

  @Test func transformsHoldTwoListsAtOnce() {
    let both = IngestEstimate(.text, transforms: EdgeTransforms(dedup: true, undirected: true), context: context)
    #expect(both.bytesPerEdge == 28 && both.bytesPerNode == 16 && both.keptBytesPerEdge == 16)
    let dropped = IngestEstimate(.dataset, transforms: EdgeTransforms(selfLoops: .drop))
    #expect(dropped.bytesPerEdge == 8 && dropped.keptBytesPerEdge == 8)
    #expect(IngestEstimate(.text, transforms: EdgeTransforms(selfLoops: .add)).bytesPerNode == 9)
  }

  @Test func namesTakeTheTableAndDisk() {
    let named = IngestEstimate(.text, format: EdgeListFormat(ids: .compact), context: context)
    #expect(named.fixedBytes >= context.idTableBytes && named.fixedBytes < context.idTableBytes + (96 << 20))
    #expect(named.scratchBytesPerEdge == 96 && named.scratchBytesPerNode == 8 && named.bytesPerNode == 4)
  }
}
