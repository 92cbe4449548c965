import Kernels
import Testing

@Suite struct GradientClippingTests {
  /// `torch.nn.utils.clip_grad_norm_` turns (3, −4 | 12) into (0.23077, −0.30769 | 0.92308) for a limit of 1.
  @Test func theFactorIsThatOfPyTorch() {
    for (limit, clipped) in [(1.0, [0.23076921301775288, -0.3076922840236705, 0.9230768520710115]), (20, [3, -4, 12])] {
      let factor = GradientClipping.factor(squaredNorm: 169, limit: limit)
      for (value, expected) in zip([3.0, -4, 12], clipped) { #expect(abs(value * factor - expected) < 1e-15, "limit \(limit)") }
    }
  }

  @Test func aShortGradientKeepsItsBits() {
    #expect(GradientClipping.factor(squaredNorm: 0, limit: 1) == 1)
    #expect(GradientClipping.factor(squaredNorm: 0.25, limit: 1) == 1)
  }
}
