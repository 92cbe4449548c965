import Kernels
import Testing

@Suite struct BLASTests {
  @Test func theDescriptionNamesLibraryAndCore() {
    let parts = BLAS.description.split(separator: " · ")
    #expect(parts.count == 2 && parts[0].hasPrefix("OpenBLAS "))
  }
}
