import Collectives
import Foundation
import Tensors

/// What a run is after an epoch: with the partition and the configuration, all that decides how it goes on.
struct Checkpoint {
  /// What does not grow with the model, `state.json`.
  struct State: Codable, Equatable {
    var progress: RunProgress
    /// Bytes of `metrics.jsonl` and `timings.jsonl` after the epoch; what follows belongs to epochs that were not finished.
    var metricsBytes: Int
    var timingsBytes: Int
  }

  /// The weights after the epoch.
  static let weights = "weights"
  /// Those of the best epoch; absent while no epoch could be compared.
  static let best = "best"

  var state: State
  /// Float32 vectors of the model's size: `weights`, `best`, and the optimiser's state by the names of its rule.
  var vectors: [String: Buffer<Float>]

  /// Epochs that are finished.
  var epoch: Int { state.progress.history.count }

  /// Gives every worker what worker 0 has read; a collective call.
  ///
  /// - Parameters:
  ///   - mine: Of worker 0; the others' is ignored.
  ///   - count: Elements of a vector.
  static func share(_ mine: Checkpoint?, count: Int, group: any ProcessGroup) throws -> Checkpoint {
    struct Header: Codable {
      var state: State
      var names: [String]
    }
    let header = mine.map { Header(state: $0.state, names: $0.vectors.keys.sorted()) }
    let bytes = try group.broadcast(try header.map { [UInt8](try JSONEncoder().encode($0)) } ?? [], from: 0)
    let common = try JSONDecoder().decode(Header.self, from: Data(bytes))
    var checkpoint = Checkpoint(state: common.state, vectors: [:])
    for name in common.names { checkpoint.vectors[name] = try share(mine?.vectors[name], count: count, group: group) }
    return checkpoint
  }

  /// Gives every worker the vector of worker 0; a collective call.
  static func share(_ mine: Buffer<Float>?, count: Int, group: any ProcessGroup) throws -> Buffer<Float> {
    let bytes = mine.map { vector in withExtendedLifetime(vector) { [UInt8](UnsafeRawBufferPointer(vector.elements)) } }
    let shared = try group.broadcast(bytes ?? [], from: 0)
    let vector = Buffer<Float>(count: count)
    withExtendedLifetime(vector) { UnsafeMutableRawBufferPointer(vector.elements).copyBytes(from: shared) }
    return vector
  }
}
