import Foundation
import KVStore
import Kernels
import Partitions
import Tensors

/// A feature table made for a measurement: one row for every node of a partition, stored as training would find it.
///
/// Element `c` of row `r` is a multiple of 1/64 between −1 and 1, exact in every storage type.
struct BenchTable {
  let rows: Int
  let columns: Int
  let elementType: ElementType
  /// Distance between rows, padded as the partition writer pads them.
  let strideBytes: Int
  let base: UnsafeMutableRawPointer
  private let owner: AnyObject

  /// - Parameter placement: Huge pages of this process, or the 4 KiB pages of a temporary file.
  /// - Throws: `InputError` for rows that no kernel reads, `SystemError` when the file cannot be made.
  init(rows: Int, columns: Int, elementType: ElementType, placement: FeaturePlacement, threads: Threads) throws {
    guard RowSource.supports(elementType), let encode = Self.encoder(elementType) else {
      throw InputError("--type", expected: "rows that kernels read", found: elementType.rawValue)
    }
    self.rows = rows
    self.columns = columns
    self.elementType = elementType
    let strideBytes = TableDescription(dense: "feat", nodeType: 0, columns: columns, elementType: elementType).strideBytes
    self.strideBytes = strideBytes
    switch placement {
    case .resident:
      let buffer = Buffer<UInt8>(count: rows * strideBytes)
      base = UnsafeMutableRawPointer(buffer.pointer)
      owner = buffer
    case .mapped:
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("halo-bench-\(UUID().uuidString).npy").path
      let file = try MappedMatrix(creating: path, rows: rows, columns: (strideBytes + 3) / 4, isTemporary: true)
      base = UnsafeMutableRawPointer(file.view.base)
      owner = file
    }
    nonisolated(unsafe) let base = base  // Safe: chunks write disjoint rows.
    threads.forEachChunk(of: rows, by: 4096) { range in
      for row in range {
        let bytes = base + row * strideBytes
        for column in 0..<columns { encode(Self.value(row, column), bytes + column * elementType.size) }
        if elementType == .int8 { bytes.storeBytes(of: 0x1p-6, toByteOffset: ElementType.scaleOffset(columns: columns), as: Float.self) }
      }
    }
  }

  /// Bytes of a row that count.
  var rowBytes: Int { elementType.rowBytes(columns: columns) }

  /// Element `column` of row `row`.
  static func value(_ row: Int, _ column: Int) -> Float { Float(Int((row &* 31 &+ column &* 7) & 127) - 64) * 0x1p-6 }

  /// The rows of a part, `range` of all, as a shard of a table.
  func shard(_ range: Range<Int>) -> FeatureTable {
    let bytes = (base + range.lowerBound * strideBytes).assumingMemoryBound(to: UInt8.self)
    return .dense(
      DenseRows(
        rows: range.count, columns: columns, strideBytes: strideBytes, elementType: elementType,
        bytes: ArrayView(pointer: bytes, count: range.count * strideBytes, owner: owner)))
  }

  /// Number in the table of every row that `references` name.
  func numbers(of input: InputRows) -> Buffer<UInt32> {
    guard case .dense(let segments) = input.segments else { preconditionFailure("a dense table") }
    let firsts = segments.map { ($0.base - UnsafeRawPointer(base)) / strideBytes }
    let numbers = Buffer<UInt32>(count: input.count)
    for (index, reference) in input.references.enumerated() {
      numbers.pointer[index] = UInt32(firsts[reference.segment] + reference.row)
    }
    return numbers
  }

  private static func encoder(_ type: ElementType) -> (@Sendable (Float, UnsafeMutableRawPointer) -> Void)? {
    switch type {
    case .float32: { $1.storeBytes(of: $0, as: Float.self) }
    case .float16: { $1.storeBytes(of: Float16($0), as: Float16.self) }
    case .bfloat16: { $1.storeBytes(of: UInt16($0.bitPattern >> 16), as: UInt16.self) }
    case .int8: { $1.storeBytes(of: Int8($0 * 64), as: Int8.self) }
    default: nil
    }
  }
}
