import CKernels
package import Tensors

/// What a policy ranks remote rows by: a number from 0 up for some of them; others have none.
package struct RowScores: Sendable {
  /// Global ids, each once.
  package let ids: ArrayView<Int64>
  /// Shape (ids).
  package let values: ArrayView<Float>

  package init(ids: ArrayView<Int64>, values: ArrayView<Float>) {
    precondition(ids.count == values.count, "a score for each row")
    self.ids = ids
    self.values = values
  }

  /// The `count` rows of the highest scores above 0, equal ones by increasing id; fewer where there are not so many.
  ///
  /// - Complexity: O(rows · log rows).
  func highest(_ count: Int) -> ArrayView<Int64> {
    let order = ids.indices.filter { values[$0] > 0 }.sorted { (values[$1], ids[$0]) < (values[$0], ids[$1]) }
    return ArrayView(order.prefix(count).map { ids[$0] })
  }
}

/// Scores by id.
struct ScoreTable {
  private let scores: RowScores
  private let hash: RowHash

  init(_ scores: RowScores) {
    self.scores = scores
    hash = RowHash(capacity: scores.ids.count)
    for (number, id) in scores.ids.enumerated() { hash.insert(id, number: number) }
  }

  var bytes: Int { 12 * scores.ids.count + hash.bytes }

  /// Asks for the memory where the search for an id begins.
  func ask(for id: Int64) { hash.ask(for: id) }

  /// Asks for the memory of an id's score.
  func askForScore(of id: Int64) {
    let number = hash.likelyNumber(of: id)
    guard number >= 0 else { return }
    halo_ask_for_line(scores.ids.pointer + number)
    halo_ask_for_line(scores.values.pointer + number)
  }

  /// 0 for rows without one.
  func score(of id: Int64) -> Float {
    let ids = scores.ids.pointer
    let number = hash.find(id) { ids[$0] == id }
    return number < 0 ? 0 : scores.values.pointer[number]
  }
}
