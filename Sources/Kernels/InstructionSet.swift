internal import CKernels

/// Instruction sets that the kernels are compiled for.
///
/// A kernel gives the same bits under each of them; the choice only decides how fast it is. (The BLAS library chooses for
/// itself, and its results do depend on its choice: see `BLAS.description`.)
public enum InstructionSet: UInt32, CaseIterable, Comparable, Sendable {
  case portable = 0
  case avx2 = 1
  case avx512 = 2

  /// The widest that this processor executes.
  public static let detected = InstructionSet(rawValue: halo_isa_detect().rawValue) ?? .portable

  /// Those that this processor executes.
  public static var available: [InstructionSet] { allCases.filter { $0 <= detected } }

  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.rawValue < b.rawValue }

  var native: halo_isa { halo_isa(rawValue: rawValue) }
}
