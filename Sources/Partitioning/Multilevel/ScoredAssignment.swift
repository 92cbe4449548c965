/// An assignment and how good it is.
struct ScoredAssignment {
  let assignment: Assignment
  let score: Score

  init(_ assignment: Assignment, cut: Int) {
    self.assignment = assignment
    score = Score(isFeasible: assignment.isFeasible, cut: cut)
  }
}

/// What makes one assignment better than another: keeping the limits first, then the cut.
struct Score: Comparable {
  let isFeasible: Bool
  let cut: Int

  static func < (a: Score, b: Score) -> Bool { a.isFeasible == b.isFeasible ? a.cut < b.cut : a.isFeasible }
}
