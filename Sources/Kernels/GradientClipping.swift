/// Limits the Euclidean norm of a whole gradient; formula of `torch.nn.utils.clip_grad_norm_`.
///
/// `g ← g · min(1, limit / (‖g‖₂ + 10⁻⁶))`. Pascanu, Mikolov, Bengio, ICML 2013, arXiv:1211.5063, Alg. 1.
public enum GradientClipping {
  /// What the gradient is multiplied by.
  ///
  /// - Parameters:
  ///   - squaredNorm: Of the normalised gradient.
  ///   - limit: Above 0.
  public static func factor(squaredNorm: Double, limit: Double) -> Double {
    min(1, limit / (squaredNorm.squareRoot() + 1e-6))
  }
}
