import Configuration
import Foundation
import Models
import Tensors

/// A run's model: its shape, its weights, and what it was trained to give.
struct TrainedModel {
  let model: Model
  let weights: Buffer<Float>
  /// Fingerprint of the graph it was trained on.
  let fingerprint: String
  /// Checksum of the file.
  let checksum: String
  /// Steps that learned rows must be as of; `nil` where none are learned.
  let learnedSteps: String?
  /// Options of the run.
  let training: TrainingConfiguration

  /// - Parameter run: A run directory.
  /// - Throws: `SystemError` when a file cannot be read, `InputError` or `ConfigurationError` when it is not what a run stores.
  init(run: String) throws {
    let path = "\(run)/\(ModelFile.name)"
    let file = try SafeTensorsFile(mapping: path)
    guard let text = file.metadata["shape"], let fingerprint = file.metadata["fingerprint"],
      let shape = try? JSONDecoder().decode(ModelShape.self, from: Data(text.utf8))
    else { throw InputError(path, expected: "the shape of a model and a fingerprint in its metadata", found: "neither, or others") }
    let model: Model
    do { model = try Model(shape) } catch let error as InputError {
      throw InputError(path, expected: "\(error.place): \(error.expected)", found: error.found)
    }
    let known = Set(model.parameters.parameters.map(\.name))
    if let other = file.names.first(where: { !known.contains($0) }) {
      throw InputError(path, expected: "the parameters of its shape", found: "another one, '\(other)'")
    }
    let weights = Buffer<Float>(count: model.parameters.count)
    for parameter in model.parameters.parameters {
      let values = try file.floats(parameter.name, shape: parameter.shape)
      withExtendedLifetime(values) {
        (weights.pointer + parameter.range.lowerBound).update(from: values.pointer, count: parameter.range.count)
      }
    }
    self.model = model
    self.weights = weights
    self.fingerprint = fingerprint
    learnedSteps = file.metadata[LearnedFiles.stepsKey]
    checksum = try Checksum.of(file: path)
    training = try JobFile("\(run)/\(JobFile.name)").job.training
  }
}
