/// The name that a mistyped one was probably meant to be.
enum NearestName {
  /// The first of `names` with the fewest edits from `text`; `names` is not empty.
  static func of(_ text: String, in names: [String]) -> String {
    let distances = names.map { distance(Array(text.lowercased()), Array($0)) }
    return names[distances.firstIndex(of: distances.min()!)!]
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
  ///
  /// - Complexity: O(|a| · |b|).
  ///
  /// Optimal string alignment: Boytsov, ACM JEA 16, 2011, section 2.
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
