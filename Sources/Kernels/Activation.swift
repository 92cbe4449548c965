internal import CKernels
public import Tensors

/// What follows the products of a hidden layer, in one pass while the tile is in cache: bias, ReLU and dropout.
public enum Activation {
  /// The definition for one element: the value, and whether a gradient passes.
  package static func reference(_ value: Double, bias: Double, kept: Bool, scale: Double) -> (Double, Bool) {
    let passes = kept && value + bias > 0
    return (passes ? (value + bias) * scale : 0, passes)
  }

  /// `z = max(z + bias, 0)`, times the dropout's scale where an element is kept and 0 where it is not.
  ///
  /// - Parameters:
  ///   - bias: Shape (columns of `z`).
  ///   - dropout: `nil`: everything is kept.
  ///   - ids: Global id of each row of `z`; read only with dropout.
  ///   - mask: Shape of `z`; receives the bits of the elements whose gradient passes.
  public static func biasReLU(
    _ z: MatrixView, bias: UnsafePointer<Float>, dropout: Dropout?, ids: UnsafePointer<Int64>?, mask: BitMask,
    instructions: InstructionSet = .detected
  ) {
    precondition(mask.rows == z.rows && mask.columns == z.columns, "a mask of another shape")
    if let dropout, let ids { dropout.fill(mask, ids: ids, instructions: instructions) }
    halo_bias_relu(
      instructions.native, z.base, z.rows, z.columns, z.stride, bias, dropout == nil ? nil : UnsafePointer(mask.base),
      dropout?.scale ?? 1, mask.base, mask.strideBytes)
  }

  /// `z = mask ? z · scale : 0`: the gradient before ReLU and dropout from the one after; also the dropout of an input.
  public static func apply(_ mask: BitMask, scale: Float, to z: MatrixView, instructions: InstructionSet = .detected) {
    precondition(mask.rows == z.rows && mask.columns == z.columns, "a mask of another shape")
    halo_mask(instructions.native, z.base, z.rows, z.columns, z.stride, mask.base, mask.strideBytes, scale)
  }

  /// `z += bias`, for the layer without an activation. Shape of `bias`: (columns of `z`).
  public static func bias(_ z: MatrixView, bias: UnsafePointer<Float>) {
    for row in 0..<z.rows { Elements.add(bias, to: z.row(row), count: z.columns) }
  }
}
