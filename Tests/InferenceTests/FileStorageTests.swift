import Collectives
import Foundation
import Inference
import Models
import Partitions
import Tensors
import Testing

/// Inference that keeps its rows in files: the same bits for any memory, and from wherever it goes on.
@Suite struct FileStorageTests {
  /// A part has several tiles of rows: chunks differ with the memory.
  private static let graph = RandomGraph(seed: 3, nodes: 2100, edges: 9000, columns: 6)
  private static let parts = 3

  private static func model(_ kind: ModelShape.Kind, jump: ModelShape.Jump) throws -> Model {
    var shape = ModelShape(kind: kind, inputColumns: 6, hidden: 8, layers: 3, classes: 3, relations: graph.relationNames)
    (shape.jump, shape.residual, shape.norm) = (jump, true, .layer)
    return try Model(shape)
  }

  /// Runs inference into `out` and returns the bytes of every part's logits and embeddings.
  private func run(
    _ run: InferenceRun, to out: String, budget: Int? = nil, stop: (@Sendable (_ step: Int, _ part: Int) -> Bool)? = nil
  ) throws -> [String: Data] {
    try FileManager.default.createDirectory(atPath: out + "/work", withIntermediateDirectories: true)
    _ = try run.forEachWorker(.tables) { inference, parts, group, weights in
      let steps = InferenceSteps(run.model, joins: run.model.joinsSeveralLayers)
      let kept = [steps.count - 1: "logits", steps.embeddingStep(of: run.model)!: "embeddings"]
      let memory = try inference.memory(budget: budget ?? inference.leastMemory(steps), steps: steps)
      let storage = try FileStorage(directory: out, parts: parts, steps: steps, kept: kept, memory: memory, group: group)
      if let stop {
        _ = try inference.run(weights: weights, storage: DyingStorage(storage, dies: { stop($0, parts[$1].part) }))
      } else {
        _ = try inference.run(weights: weights, storage: storage)
      }
      return 0
    }
    var files: [String: Data] = [:]
    for part in 0..<Self.parts {
      for name in ["logits", "embeddings"] {
        let file = "part-00\(part)/\(name).npy"
        files[file] = FileManager.default.contents(atPath: "\(out)/\(file)")
      }
    }
    return files
  }

  static let models: [(ModelShape.Kind, ModelShape.Jump)] = [
    (.sage, .none), (.gcn, .concatenate), (.gatv2, .last), (.sagePool, .max), (.gin, .none),
  ]
  static let interruptedModels: [(ModelShape.Kind, ModelShape.Jump)] = [(.sage, .none), (.gat, .max), (.gcn, .last)]

  @Test(arguments: models)
  func theMemoryChangesNoBit(kind: ModelShape.Kind, jump: ModelShape.Jump) throws {
    let scratch = try ScratchDirectory()
    try Self.graph.partition(into: Self.parts, at: scratch.path + "/parts", seed: 1)
    let model = try Self.model(kind, jump: jump)
    let weights = InferenceRun.weights(model, seed: 1)
    var whole = InferenceRun(directory: scratch.path + "/parts", model: model, weights: weights)
    let expected = try run(whole, to: scratch.path + "/whole", budget: 1 << 30)
    try check(expected, FullGraphReference(Self.graph, model, weights).outputs(), parts: scratch.path + "/parts")
    for workers in 1...3 {
      (whole.workers, whole.threads) = (workers, 1 + workers % 2)
      #expect(try run(whole, to: scratch.path + "/least-\(workers)") == expected, "\(workers) workers and the least memory")
      #expect(try run(whole, to: scratch.path + "/more-\(workers)", budget: 1_500_000) == expected, "\(workers) workers and more memory")
    }
  }

  /// Logits and embeddings by original node are those of the reference.
  private func check(_ files: [String: Data], _ reference: (logits: [[Double]], embeddings: [[Double]]?), parts: String) throws {
    let manifest = try Manifest.load(parts)
    for (name, expected) in [("logits", reference.logits), ("embeddings", try #require(reference.embeddings))] {
      let scale = expected.flatMap { $0 }.map(abs).max()!
      for number in 0..<Self.parts {
        let part = try LocalPartition(directory: parts, manifest: manifest, part: number)
        let bytes = try #require(files["part-00\(number)/\(name).npy"])
        let columns = expected[0].count
        #expect(bytes.count - 128 == part.innerCount * columns * 4, "\(name) of part \(number)")
        var error = 0.0
        for row in 0..<part.innerCount {
          for column in 0..<columns {
            let offset = 128 + 4 * (row * columns + column)
            let found = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Float.self) }
            error = max(error, abs(Double(found) - expected[Int(part.original[row])][column]))
          }
        }
        #expect(error <= 1e-5 * scale, "\(name) of part \(number)")
      }
    }
  }

  /// Inference dies at every place of every step and goes on with another number of workers.
  @Test(arguments: interruptedModels)
  func itGoesOnFromEveryStep(kind: ModelShape.Kind, jump: ModelShape.Jump) throws {
    let scratch = try ScratchDirectory()
    try Self.graph.partition(into: Self.parts, at: scratch.path + "/parts", seed: 2)
    let model = try Self.model(kind, jump: jump)
    var job = InferenceRun(directory: scratch.path + "/parts", model: model, weights: InferenceRun.weights(model, seed: 2))
    let expected = try run(job, to: scratch.path + "/whole")
    let steps = InferenceSteps(model, joins: model.joinsSeveralLayers).count
    for step in 0..<steps {
      for part in 0..<Self.parts {
        let out = "\(scratch.path)/out-\(step)-\(part)"
        job.workers = 1 + (step + part) % 3
        #expect(throws: (any Error).self) { try run(job, to: out) { $0 == step && $1 == part } }
        job.workers = 1 + (step + part + 1) % 3
        #expect(try run(job, to: out) == expected, "died in step \(step) at part \(part)")
        let left = try FileManager.default.subpathsOfDirectory(atPath: out + "/work").filter {
          $0.hasSuffix(".npy") || $0.contains("scratch")
        }
        #expect(left.isEmpty, "\(left)")
      }
    }
  }

  @Test func aDamagedStepIsRefused() throws {
    let scratch = try ScratchDirectory()
    try Self.graph.partition(into: Self.parts, at: scratch.path + "/parts", seed: 2)
    let model = try Self.model(.sage, jump: .none)
    let job = InferenceRun(directory: scratch.path + "/parts", model: model, weights: InferenceRun.weights(model, seed: 2))
    let out = scratch.path + "/out"
    #expect(throws: (any Error).self) { try run(job, to: out) { step, _ in step == 1 } }
    let file = URL(fileURLWithPath: out + "/work/part-001/step-0.npy")
    var bytes = try Data(contentsOf: file)
    bytes[200] ^= 1
    try bytes.write(to: file)
    let error = #expect(throws: InputError.self) { try run(job, to: out) }
    #expect(error?.place.hasSuffix("/work/part-001/step-0.npy") == true && error?.expected.hasPrefix("checksum ") == true)
  }

  @Test func tooLittleMemoryIsRefusedWithTheLeast() throws {
    let scratch = try ScratchDirectory()
    try Self.graph.partition(into: Self.parts, at: scratch.path + "/parts", seed: 2)
    let model = try Self.model(.sage, jump: .none)
    let job = InferenceRun(directory: scratch.path + "/parts", model: model, weights: InferenceRun.weights(model, seed: 2))
    let least = try job.forEachWorker(.tables) { inference, _, _, _ in inference.leastMemory(InferenceSteps(model)) }[0]
    let error = #expect(throws: InputError.self) { try run(job, to: scratch.path + "/out", budget: least - 1) }
    #expect(error == InputError("--memory", expected: "at least \(least) bytes for this model and these parts", found: "\(least - 1)"))
  }
}

/// A storage whose process dies before it records the rows of one step and part.
private final class DyingStorage: InferenceStorage {
  private struct Death: Error {}
  private let storage: FileStorage
  private let dies: (_ step: Int, _ part: Int) -> Bool

  init(_ storage: FileStorage, dies: @escaping (_ step: Int, _ part: Int) -> Bool) {
    self.storage = storage
    self.dies = dies
  }

  var joins: Bool { storage.joins }
  var finishedSteps: Int { storage.finishedSteps }
  var roundBytes: Int { storage.roundBytes }
  func chunkRows(of step: Int) -> Int { storage.chunkRows(of: step) }

  func rows(of step: Int, part: Int, columns: Int, fill: (MatrixView) throws -> Void) throws -> MappedMatrix {
    try storage.rows(of: step, part: part, columns: columns) { rows in
      try fill(rows)
      if dies(step, part) { throw Death() }
    }
  }

  func scratch(rows: Int, columns: Int) throws -> any RowOwner { try storage.scratch(rows: rows, columns: columns) }
  func finish(_ step: Int, of steps: InferenceSteps) throws { try storage.finish(step, of: steps) }
}
