import Foundation
import Models
import Tensors

/// `model.safetensors`: the parameters by name, and the shape they belong to.
///
/// The metadata hold the model's shape as JSON (`shape`) and the partition's fingerprint (`fingerprint`), and, of a model with learned
/// input columns, the number of steps that their rows must be as of (`learned-steps`); the same weights give the same bytes.
enum ModelFile {
  static let name = "model.safetensors"

  static func write(_ model: Model, weights: Buffer<Float>, fingerprint: String, learnedSteps: Int? = nil, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let tensors = model.parameters.parameters.map { parameter in
      SafeTensor(name: parameter.name, shape: parameter.shape, floats: weights.view.slice(parameter.range))
    }
    let shape = String(decoding: try encoder.encode(model.shape), as: UTF8.self)
    var metadata = ["shape": shape, "fingerprint": fingerprint]
    if let learnedSteps { metadata[LearnedFiles.stepsKey] = String(learnedSteps) }
    try SafeTensorsWriter.write(tensors, metadata: metadata, to: path)
  }
}
