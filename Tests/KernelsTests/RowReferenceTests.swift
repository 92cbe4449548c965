import Kernels
import Testing

@Suite struct RowReferenceTests {
  @Test func segmentAndRowComeBackFromThePackedBits() {
    let pairs = [(0, 0), (1, 0), (0, 1), (65_535, (1 << 48) - 1), (3, 4_294_967_296), (32_768, 7)]
    for (segment, row) in pairs {
      let reference = RowReference(segment: segment, row: row)
      #expect(reference.segment == segment)
      #expect(reference.row == row)
    }
    #expect(RowReference(segment: 2, row: 5).packed == 0x0002_0000_0000_0005)
  }

  @Test func numbersThatDoNotFitTrap() async {
    await #expect(processExitsWith: .failure) { _ = RowReference(segment: 65_536, row: 0) }
    await #expect(processExitsWith: .failure) { _ = RowReference(segment: 0, row: 1 << 48) }
    await #expect(processExitsWith: .failure) { _ = RowReference(segment: 0, row: -1) }
  }
}
