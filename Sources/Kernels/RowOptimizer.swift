/// A rule that moves the rows of a table that a step has touched, and leaves all others and their state as they are.
///
/// With `g` the row's gradient times the step's scale, `lr` the rate and `t` the number of the step:
///
/// | | state of a row of `D` columns | |
/// |---|---|---|
/// | `descent` | none | `w −= lr·g` |
/// | `adagrad` | `s`, `D` numbers | `s += g²`, `w −= lr·g / (√s + ε)`; `torch.optim.Adagrad` |
/// | `rowAdagrad` | `s`, one number | `s += Σ_c g_c² / D`, then the same |
/// | `adam` | `m` and `v`, `2·D` numbers | those of `Adam`, `w −= lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)`; `torch.optim.SparseAdam` |
///
/// Duchi, Hazan, Singer, JMLR 2011 (Adagrad); Gupta et al., "Training Recommender Systems at Scale", KDD 2014, have one sum a row.
public enum RowOptimizer: Equatable, Sendable {
  case descent
  case adagrad(epsilon: Float = 1e-10)
  case rowAdagrad(epsilon: Float = 1e-10)
  case adam(Adam = Adam())

  /// Float32 arrays of state, each with a name for those who store it.
  public var stateNames: [String] {
    switch self {
    case .descent: []
    case .adagrad: ["squares"]
    case .rowAdagrad: ["row-squares"]
    case .adam: ["first-moment", "second-moment"]
    }
  }

  /// Numbers that each of the arrays holds for a row of `columns` elements; zeros before a row's first step.
  public func stateWidth(columns: Int) -> Int {
    if case .rowAdagrad = self { 1 } else { columns }
  }

  /// Bytes of state beside a row.
  public func stateBytes(columns: Int) -> Int { 4 * stateNames.count * stateWidth(columns: columns) }
}
