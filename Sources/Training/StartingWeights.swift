import Collectives
import Foundation
import Models
import Tensors

/// Weights taken over from another model's file, to be trained on.
enum StartingWeights {
  /// Writes the parameters of a model file, which worker 0 reads, over the initial ones of every worker; a collective call.
  ///
  /// - Parameter report: Gets a line on worker 0 when some parameters keep their initial values.
  static func share(
    from path: String, layout: ParameterLayout, into weights: Buffer<Float>, group: any ProcessGroup, report: (String) -> Void
  ) throws {
    let kept = try group.agree { group.rank == 0 ? try take(from: path, layout: layout, into: weights) : [] }
    if !kept.isEmpty { report("\(path) has other classes: \(kept.joined(separator: ", ")) begin with random values") }
    let shared = try Checkpoint.share(group.rank == 0 ? weights : nil, count: layout.count, group: group)
    withExtendedLifetime(shared) { weights.pointer.update(from: shared.pointer, count: layout.count) }
  }

  /// Writes the parameters of a model file over initial ones.
  ///
  /// The file must have the model's parameters, no more and no fewer, in the same shapes; only the last layer's may differ in their
  /// last dimension, as they do for another number of classes, and then keep their initial values.
  ///
  /// - Parameters:
  ///   - path: A `.safetensors` file, or a run directory with one.
  ///   - weights: Initial values, shape (`layout.count`).
  /// - Returns: Names of the parameters that keep their initial values.
  /// - Throws: `SystemError` when the file cannot be read, `InputError` when it is none or of another model.
  private static func take(from path: String, layout: ParameterLayout, into weights: Buffer<Float>) throws -> [String] {
    var isDirectory: ObjCBool = false
    let isRun = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    let file = try SafeTensorsFile(mapping: isRun ? "\(path)/\(ModelFile.name)" : path)
    let known = Set(layout.parameters.map(\.name))
    var wrong = file.names.filter { !known.contains($0) }.map { "\($0) (not in this model)" }
    var kept: [String] = []
    for parameter in layout.parameters {
      guard let tensor = file[parameter.name] else {
        wrong.append("\(parameter.name) (not in the file)")
        continue
      }
      if tensor.shape == parameter.shape && tensor.elementType == .float32 {
        let values = tensor.floats
        withExtendedLifetime(values) {
          (weights.pointer + parameter.range.lowerBound).update(from: values.pointer, count: parameter.range.count)
        }
      } else if tensor.elementType == .float32, tensor.shape.dropLast() == parameter.shape.dropLast(), isOutput(parameter, of: layout) {
        kept.append(parameter.name)
      } else {
        wrong.append("\(parameter.name) (\(tensor.elementType) \(tensor.shape), here \(parameter.shape))")
      }
    }
    guard wrong.isEmpty else {
      throw InputError(file.path, expected: "the parameters of this model", found: "others: \(wrong.joined(separator: ", "))")
    }
    return kept
  }

  /// Whether a parameter belongs to the last layer or comes after it, where the classes are told apart.
  private static func isOutput(_ parameter: Parameter, of layout: ParameterLayout) -> Bool {
    guard let last = layout.layers.last else { return false }
    return parameter.range.lowerBound >= last.lowerBound
  }
}
