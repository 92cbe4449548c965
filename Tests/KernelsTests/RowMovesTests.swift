import Kernels
import Tensors
import Testing

@Suite struct RowMovesTests {
  /// Rows of many widths go there and come back, whatever their number; nothing else is written.
  @Test func rowsThatWereGatheredAreScatteredBack() {
    let key = RandomKey(seed: 2, purpose: .generator)
    for (rowBytes, strideBytes) in [(1, 1), (3, 8), (12, 12), (64, 64), (100, 128), (400, 400), (400, 448)] {
      for count in [0, 1, 5, 12, 13, 100] {
        let table = Buffer<UInt8>(copying: (0..<150 * strideBytes).map { UInt8(truncatingIfNeeded: key.bits(id: UInt64($0), step: 1)[0]) })
        let rows = (0..<count).map { key.bits(id: UInt64($0), step: 2)[0] % 150 }
        let message = Buffer<UInt8>(count: count * rowBytes + 8)
        rows.withUnsafeBufferPointer {
          RowMoves.gather(from: table.pointer, strideBytes: strideBytes, rowBytes: rowBytes, rows: $0, to: message.pointer)
        }
        let expected = rows.flatMap { row in (0..<rowBytes).map { table[Int(row) * strideBytes + $0] } }
        #expect(message.elements.elementsEqual(expected + [UInt8](repeating: 0, count: 8)), "\(count) rows of \(rowBytes)")
        // Every other place of an arena, from behind.
        let arena = Buffer<UInt8>(copying: [UInt8](repeating: 7, count: 2 * count * strideBytes))
        let targets = (0..<count).map { UnsafeMutableRawPointer(arena.pointer) + 2 * (count - 1 - $0) * strideBytes }
        targets.withUnsafeBufferPointer {
          RowMoves.scatter(from: message.pointer, rowBytes: rowBytes, strideBytes: strideBytes, to: $0)
        }
        for place in 0..<2 * count {
          let found = Array(arena.elements[place * strideBytes..<(place + 1) * strideBytes])
          let row = count - 1 - place / 2
          let own = place % 2 == 0 ? Array(expected[row * rowBytes..<(row + 1) * rowBytes]) : []
          let rest = place % 2 == 0 ? [UInt8](repeating: 0, count: strideBytes - rowBytes) : [UInt8](repeating: 7, count: strideBytes)
          #expect(found == own + rest, "place \(place) of \(count), rows of \(rowBytes) \(strideBytes) apart")
        }
      }
    }
  }
}
