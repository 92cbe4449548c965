import Foundation
import Tensors
import Testing

/// Models that halo trained, in PyTorch Geometric's layers: `tools/load_in_pyg.py` run as a user does.
@Suite(.enabled(if: PyTorchGeometric.python != nil, "needs PyTorch Geometric: bench/peers/setup makes an environment with it"))
struct LoadInPyGTests {
  private let folder: ScratchFolder
  private let dataset: String
  private let parts: String

  /// A directed graph with self loops, repeated edges and nodes without edges, in three parts.
  init() throws {
    folder = try ScratchFolder()
    dataset = folder.path("dataset")
    parts = folder.path("parts")
    let generate = ["dataset", "generate", "rmat", "--nodes", "256", "--edges", "1500", "--features", "12", "--classes", "4"]
    try #require(try HaloTool.run(generate + ["-o", dataset]).status == 0)
    try #require(try HaloTool.run(["partition", dataset, "-k", "3", "-o", parts]).status == 0)
  }

  private static let models = [
    "--model sage",
    "--model sage --hidden 12 --residual --norm layer --jump max",
    "--model sage-pool --l2-normalise --activation elu",
    "--model gcn --row-normalise",
    "--model gcn --no-self-loops --activation prelu --residual --jump last",
    "--model gin --learn-epsilon --norm layer",
    "--model gin --residual --jump concatenate",
    "--model gat --heads 4 --output-heads 3 --activation elu",
    "--model gat --heads 2 --no-self-loops --residual --jump concatenate",
    "--model gatv2 --heads 4 --output-heads 2 --l2-normalise --jump max",
    "--model gatv2 --heads 2 --output-heads 2 --no-self-loops --norm layer --activation prelu",
  ]

  @Test(arguments: models)
  func lossOfTheNextStepFollowsFromPyGsLogits(model: String) throws {
    let options = model.split(separator: " ").map(String.init)
    try train(options, steps: 3)
    let next = try train(options, steps: 4)
    let metrics = try folder.text("run-4/metrics.jsonl").split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let expected = try #require(metrics.last { $0["step"] != nil }?["loss"] as? Double, "\(next)")
    let loss = try trainingLoss(try pygLogits("run-3", graph: dataset))
    #expect(abs(loss - expected) <= 1e-5 * expected, "halo \(expected), PyTorch Geometric \(loss)")
  }

  @Test(arguments: models)
  func logitsAreThoseOfHaloInfer(model: String) throws {
    try train(model.split(separator: " ").map(String.init), steps: 3)
    try #require(try HaloTool.run(["infer", folder.path("run-3"), parts, "-o", folder.path("inferred")]).status == 0)
    let gather = ["gather", folder.path("inferred"), "--what", "logits", "-o", folder.path("halo.npy")]
    try #require(try HaloTool.run(gather).status == 0)
    let ours = try NPYArray(mapping: folder.path("halo.npy"))
    for graph in [dataset, parts] {
      let theirs = try pygLogits("run-3", graph: graph)
      #expect(ours.shape == theirs.shape)
      let (a, b) = (try ours.elements(as: Float.self), try theirs.elements(as: Float.self))
      let largest = (0..<b.count).map { abs(b[$0]) }.max() ?? 0
      let difference = (0..<b.count).map { abs(a[$0] - b[$0]) }.max() ?? 0
      #expect(difference <= 1e-4 * largest, "difference \(difference), largest logit \(largest), from \(graph)")
    }
  }

  /// Trains with whole neighbourhoods, all training nodes in each of `steps` steps.
  @discardableResult
  private func train(_ options: [String], steps: Int) throws -> HaloTool.Outcome {
    let standard = ["--fanout", "all,all,all", "--hidden", "16", "--dropout", "0", "--lr", "0.05", "--eval-every", "0", "--seed", "3"]
    let outcome = try HaloTool.run(
      ["train", parts, "-o", folder.path("run-\(steps)"), "--epochs", "\(steps)"] + standard + options)
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  /// The logits that `tools/load_in_pyg.py` computes, in the user's node order.
  private func pygLogits(_ run: String, graph: String) throws -> NPYArray {
    let python = try #require(PyTorchGeometric.python)
    let output = folder.path("logits-\(UUID().uuidString).npy")
    let outcome = try HaloTool.run(
      program: python, [PyTorchGeometric.script, folder.path("\(run)/model.safetensors"), "--graph", graph, "-o", output])
    try #require(outcome.status == 0, "\(outcome)")
    return try NPYArray(mapping: output)
  }

  /// Mean cross-entropy of the training nodes.
  private func trainingLoss(_ logits: NPYArray) throws -> Double {
    let classes = logits.shape[1]
    let labelFile = try NPYArray(mapping: "\(dataset)/nodes/node/labels.npy")
    let trainFile = try NPYArray(mapping: "\(dataset)/nodes/node/train.npy")
    let (values, labels) = (try logits.elements(as: Float.self), try labelFile.elements(as: Int32.self))
    let train = try trainFile.elements(as: UInt32.self)
    var sum = 0.0
    for index in 0..<train.count {
      let node = Int(train[index])
      let row = (0..<classes).map { Double(values[node * classes + $0]) }
      sum += log(row.map(exp).reduce(0, +)) - row[Int(labels[node])]
    }
    return sum / Double(train.count)
  }
}

/// The environment in which PyTorch Geometric is found.
enum PyTorchGeometric {
  private static let root = URL(fileURLWithPath: #filePath + "/../../..").standardizedFileURL.path
  static let script = "\(root)/tools/load_in_pyg.py"

  /// The Python of bench/peers/setup, else the one in the path; `nil` where neither has what the script needs.
  static let python: String? = ["\(root)/bench/peers/.venv/bin/python3", "python3"].first { python in
    (try? HaloTool.run(program: python, ["-c", "import safetensors, torch_geometric"]))?.status == 0
  }
}
