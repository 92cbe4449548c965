import Foundation
public import Training

extension InferenceSummary: CustomStringConvertible {
  /// What was computed, how fast, and where it lies.
  public var description: String {
    let names = outputs.map(\.rawValue).joined(separator: ", ")
    let team = workers == 1 ? "1 worker" : "\(workers) workers"
    return "\(nodes) nodes, \(edges) edges in \(parts) parts: \(String(format: "%.2f", seconds)) s on \(team)\n\(directory): \(names)"
  }
}
