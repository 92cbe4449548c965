/// The stages of a training step, in their order; the names stand in traces, reports and documents.
///
/// Where batches are loaded ahead, `sample` and `fetch` happen beside the step on another thread, and the step has `wait` in their place.
public enum Stage: String, CaseIterable, Codable, Sendable {
  case sample, fetch, wait, forward, backward, reduce, update
}
