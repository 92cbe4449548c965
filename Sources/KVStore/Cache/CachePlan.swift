package import Tensors

/// Which remote rows of one table a worker keeps past their step, and in which slots of its cache; moves no row itself.
///
/// Steps are announced as soon as they are sampled and decided one after the other, both in their order. What is kept follows from the
/// order of these calls and the rows alone, never from time: which slots are free may change who is pulled again, not what is kept. A
/// row that a step gives up is read by that step, or by earlier ones under way: its slot is filled again only when these are `finished`.
///
/// ```
/// announce(t+1) announce(t+2) … decide(t) ── pull, wait ── compute t ── finished(before: t + 1)
/// ```
/// A pipeline in which at most `d` steps are decided and not finished, the newest included, never lacks a slot when `spare` is at least
/// `d` · min(`capacity`, rows of a step); what they really give up (`givenUpRows`) is less. Spare slots take no memory of their own: each
/// holds a row that a step under way reads, so that these and the rows that pass are never more than the rows of the steps under way.
/// When there is none, a row passes and is pulled again where it is needed next. Policies that never change what they keep need none.
///
/// Confined to one thread.
package final class CachePlan {
  package let policy: CachePolicy
  /// Slots: rows that may be kept, and the spare ones.
  package let slots: Int
  private var window: WindowChoice?
  private var fixed: FixedChoice

  /// - Parameters:
  ///   - capacity: Rows that may be kept past their step.
  ///   - spare: Slots beyond these for rows given up while steps under way still read them.
  ///   - scores: What `halo`, `degree` and `vip` rank rows by; `window` takes probabilities or, where `nil`, counts the steps that need
  ///     a row. It remembers the counts of as many rows as it has room for: at most five in nine of its rows are neither
  ///     announced nor kept, and the rarest of these are forgotten first.
  package init(policy: CachePolicy, capacity: Int, spare: Int, scores: RowScores?) {
    precondition(capacity >= 0 && spare >= 0, "a cache of \(capacity) and \(spare) rows")
    precondition(capacity + spare < 1 << 30, "a cache of \(capacity) and \(spare) rows is too large")
    self.policy = policy
    slots = capacity + spare
    switch policy {
    case .none: fixed = FixedChoice(ArrayView())
    case .halo, .degree, .vip:
      guard let scores else { preconditionFailure("policy \(policy) without scores") }
      fixed = FixedChoice(scores.highest(capacity))
    case .window:
      fixed = FixedChoice(ArrayView())
      // Without room there is nothing to choose.
      if capacity > 0 { window = WindowChoice(capacity: capacity, spare: spare, scores: scores) }
    }
  }

  /// Bytes of all lists and tables; the rows themselves are the caller's.
  package var bookkeepingBytes: Int { window?.bytes ?? fixed.bytes }

  /// Rows that are kept past the step decided last; those of a fixed policy count when they were pulled.
  package var keptRows: Int { window?.keptRows ?? fixed.keptRows }

  /// Whether a row is kept past the step decided last.
  package func keeps(_ id: Int64) -> Bool { window?.keeps(id) ?? fixed.keeps(id) }

  /// Rows that lost their slot to others so far.
  package var givenUpRows: Int { window?.givenUpRows ?? 0 }

  /// Takes note of the rows of the next step.
  ///
  /// - Parameter ids: Global ids from 0 to 2³² − 1, each once.
  /// - Complexity: O(rows) expected, amortised; nothing is allocated once windows and kept rows no longer grow.
  package func announce(_ ids: UnsafeBufferPointer<Int64>) {
    if window != nil { window?.announce(ids) } else { fixed.announce(ids) }
  }

  /// Decides where each row of the oldest announced step is, in announced order.
  ///
  /// - Parameter places: Overwritten.
  /// - Precondition: A step is announced.
  /// - Complexity: O(rows + 32 · announced steps), amortised.
  package func decide(into places: GrowingBuffer<CachePlace>) {
    places.reset(to: window?.oldestCount ?? fixed.oldestCount)
    if window != nil { window?.decide(into: places.pointer) } else { fixed.decide(into: places.pointer) }
  }

  /// Frees the slots that no step from `step` on reads: all batches of the steps before are computed.
  ///
  /// - Parameter step: Counted from 0 in the order of announcing; never less than before.
  package func finished(before step: Int) { window?.finished(before: step) }
}
