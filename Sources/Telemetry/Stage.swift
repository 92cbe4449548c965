/// The six stages of a training step, in their order; the names stand in traces, reports and documents.
public enum Stage: String, CaseIterable, Codable, Sendable {
  case sample, fetch, forward, backward, reduce, update
}
