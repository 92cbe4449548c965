import Tensors
import Testing

@Suite struct NPYConversionTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func array<T: BitwiseCopyable>(_ descr: String, _ elements: [T]) throws -> NPYArray {
    try NPYArray(mapping: try folder.file("x.npy", NPZFixtures.npy(descr, "(\(elements.count),)", elements)))
  }

  @Test func everyNumberTypeBecomesFloat32() throws {
    #expect(try Array(array("<f4", [1.5, -2] as [Float]).copyFloats().view) == [1.5, -2])
    #expect(try Array(array("<f8", [0.1, 1e300] as [Double]).copyFloats().view) == [0.1, .infinity])
    #expect(try Array(array("<f2", [0.5, -2] as [Float16]).copyFloats().view) == [0.5, -2])
    #expect(try Array(array("|i1", [-128, 127] as [Int8]).copyFloats().view) == [-128, 127])
    #expect(try Array(array("<i2", [-300, 7] as [Int16]).copyFloats().view) == [-300, 7])
    #expect(try Array(array("<i4", [-1, 16_777_217] as [Int32]).copyFloats().view) == [-1, 16_777_216])
    #expect(try Array(array("<i8", [-3, 4] as [Int64]).copyFloats().view) == [-3, 4])
    #expect(try Array(array("|b1", [true, false]).copyFloats().view) == [1, 0])
    #expect(try Array(array("<u8", [UInt64.max]).copyFloats().view) == [0x1p64])
  }

  @Test func everyIntegerTypeBecomesInt64() throws {
    #expect(try Array(array("|i1", [-128, 127] as [Int8]).copyIntegers().view) == [-128, 127])
    #expect(try Array(array("|u1", [255] as [UInt8]).copyIntegers().view) == [255])
    #expect(try Array(array("<i2", [-300] as [Int16]).copyIntegers().view) == [-300])
    #expect(try Array(array("<u2", [65_535] as [UInt16]).copyIntegers().view) == [65_535])
    #expect(try Array(array("<i4", [Int32.min]).copyIntegers().view) == [-2_147_483_648])
    #expect(try Array(array("<u4", [UInt32.max]).copyIntegers().view) == [4_294_967_295])
    #expect(try Array(array("<i8", [Int64.min]).copyIntegers().view) == [Int64.min])
    #expect(try Array(array("<u8", [7] as [UInt64]).copyIntegers().view) == [7])
  }

  @Test func numbersThatAreNoIntegersOrTooLargeAreErrors() throws {
    let float = #expect(throws: InputError.self) { try array("<f4", [1] as [Float]).copyIntegers() }
    #expect(float?.expected == "integers" && float?.found == "float32")
    let large = #expect(throws: InputError.self) { try array("<u8", [1, 1 << 63] as [UInt64]).copyIntegers() }
    #expect(large?.expected == "integers below 2^63" && large?.found == "9223372036854775808 at position 1")
  }
}
