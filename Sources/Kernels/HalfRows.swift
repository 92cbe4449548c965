internal import CKernels

/// Rows of float16 for arithmetic in float32.
public enum HalfRows {
  /// `values[i] = halves[i]`, exactly.
  public static func widen(
    _ halves: UnsafePointer<UInt16>, into values: UnsafeMutablePointer<Float>, count: Int, instructions: InstructionSet = .detected
  ) {
    halo_widen_halves(instructions.native, halves, values, count)
  }

  /// `halves[i]` is the number nearest to `values[i]`, of two the even one: the bits of `Float16(values[i])`.
  public static func round(
    _ values: UnsafePointer<Float>, into halves: UnsafeMutablePointer<UInt16>, count: Int, instructions: InstructionSet = .detected
  ) {
    halo_round_to_halves(instructions.native, values, halves, count)
  }
}
